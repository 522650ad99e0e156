"""The way of one matching record through the code: how many calls, functions and files a reader has to follow.

Before the code had rooms, events/price-drop.json took 383 calls of 135 functions in 21 files, the fakes
included, and each rule was judged twice.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from notifications.pipeline import Pipeline
from notifications.publishing import fakes
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from tests.builders import ROOT, rules, sample

CODE = str(ROOT / "notifications")
SIDE_BY_SIDE = {"publisher.py", "recorder.py", "side_by_side.py", "time_budget.py"}


def walk(event: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Count the calls of each function in `notifications`, by file and name, while one event is handled."""
    ruleset = rules((ROOT / "alerts.toml").read_text(encoding="utf-8"))
    topic = MemoryTopic()
    pipeline = Pipeline(ruleset, topic, MemoryLedger(), MemoryFailures())
    calls: Counter[tuple[str, str]] = Counter()

    def count(frame: FrameType, kind: str, _: object) -> None:
        code = frame.f_code
        if kind == "call" and code.co_filename.startswith(CODE):
            calls[code.co_filename, code.co_qualname] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        pipeline.handle(event)
    finally:
        sys.setprofile(before)
    assert len(topic.published) == 1
    return calls


def test_the_way_of_a_matching_record_is_half_as_long() -> None:
    """At most half the calls; and half the files, the fakes that stand in for AWS not counted on either side.

    What makes calls side by side and writes down what is out came later, and is counted by itself.
    """
    calls = walk(sample("price-drop.json"))
    later = {file for file, _ in calls if Path(file).name in SIDE_BY_SIDE}
    added = sum(count for (file, _), count in calls.items() if file in later)
    assert added <= 40
    assert calls.total() - added <= 383 // 2
    assert len({file for file, _ in calls} - {fakes.__file__} - later) <= (21 - 1) // 2


def test_each_rule_is_judged_once() -> None:
    """Two rules watch the price; the id of the product, and that of the alert, are made once."""
    calls = Counter[str]()
    for (_, name), count in walk(sample("price-drop.json")).items():
        calls[name] += count
    assert calls["Rule.judge"] == 2
    assert (calls["Ruleset.product_id"], calls["alert_id"]) == (1, 1)
