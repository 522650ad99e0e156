"""Mistakes that people make in the file: each is told with its line, and what to write."""

from __future__ import annotations

import pytest

from notifications.common.errors import RulesError
from tests.builders import rules
from tests.rules.scenario import rule


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[[rule]]\nname = "r"\nwhen = "added"\n', 1, "write [[rules]]"),
        ('# mine\n[rule]\nname = "r"\n', 2, "write [[rules]]"),
        (rule("price_drop", "at_least = 15%"), 4, 'write at_least = "15%"'),
        (rule("price_drop", 'title = "{description_old}"'), 4, "write {old.description}"),
        (rule("price_drop", 'title = "{new_price}"'), 4, "write {new.price}"),
        (rule("price_drop", "rearm = 5"), 4, "write below = 20, say, or leave rearm out"),
        (rule("price_drop", "below = 20\nrearm = 5"), 5, "write rearm = 20 or more"),
        (rule("price_rise", "above = 20\nrearm = 25"), 5, "write rearm = 20 or less"),
        (rule("low_stock", "threshold = 10\nrearm = 5"), 5, "write rearm = 10 or more"),
        (rule("out_of_stock", "rearm = 5"), 4, "rearm belongs to price_drop and price_rise and low_stock"),
    ],
)
def test_10_15_a_mistake_is_told_with_its_line_and_what_to_write(text: str, line: int, said: str) -> None:
    """One problem for one mistake."""
    with pytest.raises(RulesError) as raised:
        rules(text)
    (problem,) = raised.value.problems
    assert problem.line == line
    assert said in problem.message
