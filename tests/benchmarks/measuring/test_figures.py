"""Figures, their budgets, and the table that is made of them."""

from __future__ import annotations

import pytest

from benchmarks.measuring.figures import Budget, Figure, missed, number_text, table
from tests.benchmarks.examples import MET, MISSED


def test_a_budget_is_met_up_to_its_limit() -> None:
    """At most and at least, the limit included."""
    assert Budget(0.2).met(0.2)
    assert not Budget(0.2).met(0.201)
    assert Budget(8, at_most=False).met(8)
    assert not Budget(8, at_most=False).met(7.9)
    assert not Budget(8).met(float("nan"))


def test_what_misses_its_budget_is_found() -> None:
    """A figure without a budget misses none."""
    assert missed([MET, MISSED, Figure("Topic", "size", 3)]) == [MISSED]


def test_a_table_a_topic() -> None:
    """Median, quartiles, budget and verdict stand side by side."""
    text = table([MET, MISSED])
    assert text.count("### Topic") == 1
    assert "| speed | 1.6 times | 1.5 to 1.7 | ≥ 5 | **missed**; it rained |" in text


@pytest.mark.parametrize(("value", "text"), [(120, "120"), (1234.5, "1,234"), (0.04456, "0.0446"), (7.0, "7")])
def test_numbers_have_three_digits(value: float, text: str) -> None:
    """Enough to compare, and no more than was measured."""
    assert number_text(value) == text
