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
            4,
            "is not valid TOML: expected a comma between two entries, and }",
        ),
        (rule("low_stock", "threshold 5"), 4, "is not valid TOML: expected NAME = VALUE"),
        ("[product]\nname = 'a'\n[product]\nstock = 'b'\n", 3, "[product] stands twice"),
        ('[[rules]]\nname = "r"\nname = "s"\n', 3, "name stands twice; keep one"),
        ('[[rules]]\nname = "r\nwhen = "added"\n', 2, "the text is not closed; put a quote at its end"),
        ("[[rules]]\nname = 'r\n", 2, "a text is not closed"),
        ('[[rules]]\ntitle = """r\nwhen = "added"\n', 2, "put as many quotes at its end as at its beginning"),
        ('[[rules]]\nattributes = ["a"\n', 2, "and ] at the end"),
        ("[[rules\nname = 'r'\n", 1, "expected ]] at the end of the header"),
        ('[[rules]]\ntitle = "a\\q"\n', 2, "for one backslash, or the text in single quotes"),
        ('[rules]\nname = "r"\n[[rules]]\nname = "s"\n', 3, "[[rules]] stands elsewhere as another kind of table"),
        ("[[rules]]\nname =\n", 2, 'expected a value behind the =, such as "text", 5 or true'),
        (rule("added", "enabled = False"), 4, "write enabled = false"),
        (rule("added", "where = { category = “Home” }"), 4, 'straight quotes; write "Home"'),
        (rule("added", 'where = { pricing.currency = "EUR" }'), 4, 'write its path in quotes: "pricing.currency"'),
        (rule("price_drop", 'title = "{description_old}"'), 4, "write {old.description}"),
        (rule("price_drop", 'title = "{new_price}"'), 4, "write {new.price}"),
        (rule("price_drop", "rearm = 5"), 4, "write below = 20, say, or leave rearm out"),
        (rule("price_drop", "below = 20\nrearm = 5"), 5, "write rearm = 20 or more"),
        (rule("price_rise", "above = 20\nrearm = 25"), 5, "write rearm = 20 or less"),
        (rule("low_stock", "threshold = 10\nrearm = 5"), 5, "write rearm = 10 or more"),
        (rule("out_of_stock", "rearm = 5"), 4, "rearm belongs to price_drop and price_rise and low_stock"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(text: str, line: int | None, said: str) -> None:
    """One problem for one mistake."""
    with pytest.raises(RulesError) as raised:
        rules(text)
    (problem,) = raised.value.problems
    assert problem.line == line
    assert said in problem.message


def test_a_byte_order_mark_is_no_mistake() -> None:
    """Some editors write one."""
    assert rules("\ufeff" + rule("added")).rules


@pytest.mark.parametrize("spoilt", ["line = " + "9" * 5000, "a = " + "[" * 5000, "secret = hunter2", "x = {" * 50])
def test_a_receivers_file_that_is_not_toml_is_a_mistake_without_its_values(spoilt: str) -> None:
    """As alerts.toml is, but that nothing is repeated: it may be a secret."""
    with pytest.raises(ReceiversError) as raised:
        receivers_file.parse(spoilt)
    assert "is not valid TOML" in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert len(str(raised.value)) < 300


def _messages(text: str) -> list[str]:
    with pytest.raises((RulesError, ReceiversError)) as raised:
        receivers_file.parse(text) if "[[receivers]]" in text else rules(text)
    return [problem.message for problem in raised.value.problems]


def test_each_mistake_of_one_where_is_told() -> None:
    """In all attributes, tests and alternatives at once."""
    one = "{ a = { lss_than = 5, at_lest = 3 }, b = [], c = 1 }"
    said = [
        "a: unknown test 'lss_than'; did you mean less_than?",
        "a: unknown test 'at_lest'; did you mean at_least?",
        'b: expected a value such as "Home", 5 or true, or a list of them',
    ]
    assert _messages(rule("added", f"where = {one}")) == said
    assert _messages(rule("added", f"where = [{one}, {{ d = {{}} }}]"))[:3] == said
    assert len(_messages(rule("added", f"where = [{one}, {{ d = {{}} }}]"))) == 4


def test_each_mistake_of_one_only_is_told() -> None:
    """Names, words and tests alike."""
    only = '{ type = "product.price_droped", "a b" = "x", severity = "loud", brand = { lss_than = 5 } }'
    told = _messages(f'[[receivers]]\nname = "r"\nkind = "text"\nonly = {only}\n')
    assert [each.partition(": ")[0] for each in told] == ["type", "a b", "severity", "brand"]


def test_mistakes_below_a_misspelt_header_are_told() -> None:
    """[[rule]] is one mistake; those of the rule itself are told with it, with their lines."""
    with pytest.raises(RulesError) as raised:
        rules('[[rule]]\nname = "r"\nwhen = "aded"\n\n[[rules]]\nname = "s"\nwhen = "removd"\n')
    assert [problem.line for problem in raised.value.problems] == [1, 3, 7]
