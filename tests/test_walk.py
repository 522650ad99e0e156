"""The way of one matching record through the code: how many calls, functions and files a reader has to follow.

Before the code had rooms, events/price-drop.json took 383 calls of 135 functions in 21 files, the fakes
included, and each rule was judged twice.
"""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType
from typing import Any

import pytest

from notifications.pipeline import Pipeline
from notifications.publishing import fakes
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from tests.builders import ROOT, rules, sample

CODE = str(ROOT / "notifications")


def walk(event: dict[str, Any], text: str = (ROOT / "alerts.toml").read_text("utf-8")) -> Counter[tuple[str, str]]:
    """Count the calls of each function in `notifications`, by file and name, while one event is handled."""
    ruleset = rules(text)
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


def test_the_way_of_a_matching_record_is_about_half_as_long() -> None:
    """At most half the calls of then, and eleven files for twenty, the fakes that stand in for AWS not among them.

    Half would be ten. The eleventh, `publisher.py`, publishes side by side and writes down what is out: nothing did
    so then.
    """
    calls = walk(sample("price-drop.json"))
    assert calls.total() <= 383 // 2
    assert len({file for file, _ in calls} - {fakes.__file__}) <= 11


def test_each_rule_is_judged_once() -> None:
    """Two rules watch the price; the id of the product, and that of the alert, are made once."""
    calls = Counter[str]()
    for (_, name), count in walk(sample("price-drop.json")).items():
        calls[name] += count
    assert calls["Rule.judge"] == 2
    assert (calls["Ruleset.product_id"], calls["alert_id"]) == (1, 1)


@pytest.mark.parametrize("more", ["first_sight = true", 'baseline = "last_alert"', 'rearm = "30"'])
def test_a_rule_with_a_memory_is_judged_once(more: str) -> None:
    """Whether the record itself says it all, or the ledger has to be asked what the rule remembers."""
    rule = f'name = "r"\nwhen = "price_drop"\nbelow = "25"\nmax_per_hour = 10\n{more}'
    text = f'[product]\nid = "productId"\n[[rules]]\n{rule}\n'
    calls = Counter[str]()
    for (_, name), count in walk(sample("price-drop.json"), text).items():
        calls[name] += count
    assert calls["Rule.judge"] == 1
    assert (calls["alert_id"], calls["summary_id"]) == (1, 1)
