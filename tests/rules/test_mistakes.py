"""Mistakes that people make in the file: each is told with its line, and what to write."""

from __future__ import annotations

import pytest

from notifications.common.errors import ReceiversError, RulesError
from notifications.config import receivers_file
from tests.builders import rules
from tests.rules.scenario import rule


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[[rule]]\nname = "r"\nwhen = "added"\n', 1, "write [[rules]]"),
        ('# mine\n[rule]\nname = "r"\n', 2, "write [[rules]]"),
        (rule("price_drop", "at_least = 15%"), 4, 'write at_least = "15%"'),
        (rule("price_drop", "cooldown = 1h30m # a while"), 4, 'write cooldown = "1h30m"'),
        (rule("price_drop", "severity = warning"), 4, 'write severity = "warning"'),
        (rule("low_stock", "threshold = 4,5"), 4, "write threshold = 4.5"),
        (rule("out_of_stock", "first_sight = True"), 4, "write first_sight = true"),
        (rule("price_drop", "below = “20”"), 4, 'straight quotes; write below = "20"'),
        (rule("price_drop", "where = { category = Home, brand = 'Acme' }"), 4, 'write "Home"'),
        (rule("price_drop", "where = { rebate = { less_than = 15% } }"), 4, 'write "15%"'),
        (rule("price_drop", "baseline = { attribute = listPrice }"), 4, 'write "listPrice"'),
        (
            rule("price_drop", "where = { category = 'Home' brand = 'Acme' }"),
            None,
            "is not valid TOML: Unclosed inline",
        ),
        (rule("low_stock", "threshold 5"), None, "is not valid TOML: Expected '='"),
        (rule("price_drop", 'title = "{description_old}"'), 4, "write {old.description}"),
        (rule("price_drop", 'title = "{new_price}"'), 4, "write {new.price}"),
        (rule("price_drop", "rearm = 5"), 4, "write below = 20, say, or leave rearm out"),
        (rule("price_drop", "below = 20\nrearm = 5"), 5, "write rearm = 20 or more"),
        (rule("price_rise", "above = 20\nrearm = 25"), 5, "write rearm = 20 or less"),
        (rule("low_stock", "threshold = 10\nrearm = 5"), 5, "write rearm = 10 or more"),
        (rule("out_of_stock", "rearm = 5"), 4, "rearm belongs to price_drop and price_rise and low_stock"),
    ],
)
def test_10_15_a_mistake_is_told_with_its_line_and_what_to_write(text: str, line: int | None, said: str) -> None:
    """One problem for one mistake."""
    with pytest.raises(RulesError) as raised:
        rules(text)
    (problem,) = raised.value.problems
    assert problem.line == line
    assert said in problem.message


def test_10_15_a_byte_order_mark_is_no_mistake() -> None:
    """Some editors write one."""
    assert rules("\ufeff" + rule("added")).rules


@pytest.mark.parametrize("spoilt", ["line = " + "9" * 5000, "a = " + "[" * 5000, "secret = hunter2", "x = {" * 50])
def test_10_26_a_receivers_file_that_is_not_toml_is_a_mistake_without_its_values(spoilt: str) -> None:
    """As alerts.toml is, but that nothing is repeated: it may be a secret."""
    with pytest.raises(ReceiversError) as raised:
        receivers_file.parse(spoilt)
    assert "is not valid TOML" in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert len(str(raised.value)) < 300
