"""Rules about stock: at their edges, where off by one hides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import modified, stocked
from tests.notifications.rules.examples import fires, judged


@pytest.mark.parametrize(
    ("old", "new", "out", "back"),
    [
        (1, 0, True, False),
        (1, -1, True, False),
        ("0.5", 0, True, False),
        (0, 0, False, False),
        (0, -1, False, False),
        (-1, 0, False, False),
        (0, 1, False, True),
        (-1, "0.5", False, True),
        (-2, 3, False, True),
        (2, 1, False, False),
        (1, 2, False, False),
    ],
)
def test_out_of_stock_and_back_in_stock_fire_when_the_stock_crosses_zero(
    old: Any, new: Any, out: bool, back: bool
) -> None:
    """Old > 0 ≥ new is out, old ≤ 0 < new is back; anything else is neither."""
    assert fires("out_of_stock", stocked(old, new)) is out
    assert fires("back_in_stock", stocked(old, new)) is back


@pytest.mark.parametrize(
    ("old", "new", "fired"),
    [(5, 4, True), (6, 5, False), (6, 4, True), (4, 3, False), (12, 0, True), (5, "4.99", True), (4, 6, False)],
)
def test_low_stock_fires_when_the_stock_falls_below_the_threshold(old: Any, new: Any, fired: bool) -> None:
    """Old ≥ threshold > new: at the threshold is not low yet, and below it is not news."""
    judgement = judged("low_stock", stocked(old, new), "threshold = 5")
    assert judgement.fired is fired
    assert judgement.threshold == "5"
    assert judgement.reason == f"stock went from {old} to {new}, the threshold is 5"


def test_a_stock_rule_is_not_fired_by_other_attributes() -> None:
    """A stock that stays low or empty says nothing again."""
    assert not fires("low_stock", modified({"stock": 3, "a": 1}, {"stock": 3, "a": 2}), "threshold = 5")
    assert not fires("out_of_stock", modified({"stock": 0, "a": 1}, {"stock": 0, "a": 2}))
