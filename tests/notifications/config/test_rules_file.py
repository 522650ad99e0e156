"""alerts.toml: every mistake is reported, with line, rule, key and what was expected."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from notifications.bootstrap import RULES
from notifications.common.errors import Problem, RulesError
from notifications.config import rules_file
from notifications.config.rule_keys import KEYS_BY_WHEN
from notifications.stream.attributes import Path as AttributePath
from tests.builders import EVERY_KIND, one_rule, rules


def problems(text: str) -> tuple[Problem, ...]:
    """Give the mistakes in a file."""
    with pytest.raises(RulesError) as caught:
        rules(text)
    return caught.value.problems


def problem(text: str) -> Problem:
    """Give the only mistake in a file."""
    (found,) = problems(text)
    return found


def in_rule(line: str, when: str = "added", product: str = "") -> Problem:
    """Give the only mistake in a rule of which one line is given."""
    return problem(f'[product]\n{product}\n[[rules]]\nname = "my rule"\nwhen = "{when}"\n{line}\n')


# What is right


def test_the_projects_own_rules_are_right() -> None:
    """The file that is deployed is read without a mistake."""
    assert len(rules_file.load(RULES).rules) == 8


def test_a_rule_needs_a_name_and_a_kind_alone() -> None:
    """Everything else has a default."""
    (rule,) = rules('[[rules]]\nname = "r"\nwhen = "added"').rules
    assert (rule.name, rule.when, rule.severity, rule.where, rule.cooldown, rule.max_per_hour) == (
        "r", "added", "info", (), 0, None,
    )  # fmt: skip
    assert rule.title.text == "New product: {name}"


def test_the_product_table_says_where_things_are() -> None:
    """Each key ends up where alerts look for it."""
    product = one_rule(
        "added",
        product="""
id = "sku"
name = "title.en"
price = "offers[0].price"
stock = "left"
currency = "currency"
link = "https://shop.example/p/{sku}"
message_attributes = ["category", "brand.name"]
overrides = "exceptions"
""",
    ).product
    texts = [
        found.text for found in (product.id, product.name, product.price, product.stock, product.overrides) if found
    ]
    assert texts == ["sku", "title.en", "offers[0].price", "left", "exceptions"]
    assert product.currency == AttributePath.parse("currency")
    assert product.link
    assert product.link.text == "https://shop.example/p/{sku}"
    assert [path.text for path in product.message_attributes] == ["category", "brand.name"]


def test_numbers_keep_every_digit() -> None:
    """A number in the file is exact, written with or without quotes."""
    for written in ("0.1", '"0.1"', "0.10000000000000000000000000000000000001"):
        (rule,) = one_rule("price_drop", f"below = {written}").rules
        assert rule.condition.target == Decimal(written.strip('"'))  # type: ignore[attr-defined]


@pytest.mark.parametrize("when", KEYS_BY_WHEN)
def test_defaults_go_to_every_rule_that_has_a_use_for_them(when: str) -> None:
    """A default holds where the rule says nothing, and a rule may say otherwise."""
    more = "threshold = 5" if when == "low_stock" else ""
    text = f"""
[defaults]
severity = "warning"
cooldown = "1h"
at_least = "5%"

[[rules]]
name = "a"
when = "{when}"
{more}

[[rules]]
name = "b"
when = "{when}"
severity = "critical"
{more}
"""
    first, second = rules(text).rules
    assert (first.severity, first.cooldown) == ("warning", 3600)
    assert (second.severity, second.cooldown) == ("critical", 3600)


# What is wrong


def test_a_mistake_says_where_it_is_and_what_was_expected() -> None:
    """File, line, rule, key, value and expectation stand in the message."""
    text = '[[rules]]\nname = "price-drop"\nwhen = "price_drop"\nat_least = "ten"\n'
    with pytest.raises(RulesError) as caught:
        rules(text)
    assert str(caught.value) == (
        "alerts.toml: 1 mistake\n"
        '  line 4, rule "price-drop", at_least = "ten": '
        'expected a percentage such as "10%" or an amount such as "5.00", more than 0'
    )


def test_every_mistake_is_reported_at_once() -> None:
    """Nobody has to run the check ten times for ten mistakes."""
    text = """
colour = "red"
[product]
sku = "sku"
price = 5
[[rules]]
name = "a"
when = "added"
severity = "loud"
title = "{nmae}"
[[rules]]
name = "a"
when = "price_dropp"
text = ""
[[rules]]
when = "low_stock"
"""
    found = [(one.line, one.rule, one.key) for one in problems(text)]
    assert found == [
        (2, "", "colour"),
        (4, "", "sku"),
        (5, "", "price"),
        (9, "a", "severity"),
        (10, "a", "title"),
        (12, "a", "name"),
        (13, "a", "when"),
        (14, "a", "text"),
        (15, "number 3", "name"),
        (15, "number 3", "threshold"),
    ]


def test_two_mistakes_are_counted() -> None:
    """The headline tells how many there are."""
    with pytest.raises(RulesError, match=r"^alerts\.toml: 2 mistakes\n"):
        rules('[[rules]]\nname = ""\nwhen = ""')


@pytest.mark.parametrize(
    ("line", "when", "key", "message"),
    [
        ('severity = "loud"', "added", "severity", "expected one of info, warning, critical"),
        ('title = ""', "added", "title", "expected text"),
        ("title = 5", "added", "title", "expected text"),
        ('title = "{nmae}"', "added", "title", "unknown name {nmae}; did you mean {name}?"),
        ('title = "{flavour}"', "added", "title", "write {new.flavour} for an attribute of the item"),
        ('title = "{new.a..b}"', "added", "title", "{new.a..b}: 'a..b' is not the path of an attribute"),
        ('text = "{name"', "added", "text", "write {{ and }} for plain braces"),
        ('text = "{name!r}"', "added", "text", "expected a name alone between braces, such as {name}"),
        ('text = "{name:>9}"', "added", "text", "expected a name alone between braces, such as {name}"),
        ('text = "{}"', "added", "text", "expected a name alone between braces, such as {name}"),
        ("attributes = []", "changed", "attributes", "expected a list of attributes"),
        ('attributes = "a"', "changed", "attributes", "expected a list of attributes"),
        ('attributes = ["a..b"]', "changed", "attributes", 'expected an attribute such as "price"'),
        ('at_least = "0%"', "price_drop", "at_least", "more than 0"),
        ("at_least = -5", "price_drop", "at_least", "more than 0"),
        ("at_most = true", "price_drop", "at_most", "expected a percentage"),
        ("at_least = nan", "price_drop", "at_least", "expected a percentage"),
        ('below = "cheap"', "price_drop", "below", 'expected a number such as 5 or "4.99"'),
        ("above = inf", "price_rise", "above", 'expected a number such as 5 or "4.99"'),
        ("below = 2026-01-01", "price_drop", "below", "expected a number"),
        ('baseline = "lowest"', "price_drop", "baseline", 'expected "previous", "last_alert" or { attribute'),
        ("baseline = { attribute = 5 }", "price_drop", "baseline", "expected an attribute"),
        ("below = 20\nrearm = 19", "price_drop", "rearm", "expected at least the value of below"),
        ("above = 20\nrearm = 21", "price_rise", "rearm", "expected at most the value of above"),
        ("rearm = 21", "price_drop", "rearm", "needs below"),
        ("first_sight = true", "price_rise", "first_sight", "needs above"),
        ('all_time_low = "yes"', "price_drop", "all_time_low", "expected true or false"),
        ("expired = 0", "removed", "expired", "expected true or false"),
        ("threshold = 0", "low_stock", "threshold", "expected more than 0"),
        ('threshold = "5%"', "low_stock", "threshold", "expected a number"),
        ("threshold = 5\nrearm = 4", "low_stock", "rearm", "expected at least the threshold"),
        ("", "low_stock", "threshold", "is missing: expected the stock below which to alert"),
        ('cooldown = "1 hour"', "added", "cooldown", 'expected a duration such as "30m"'),
        ('cooldown = "0s"', "added", "cooldown", "expected a duration"),
        ("cooldown = 60", "added", "cooldown", "expected a duration"),
        ("max_per_hour = 0", "added", "max_per_hour", "expected a whole number from 1 to 1000"),
        ("max_per_hour = true", "added", "max_per_hour", "expected a whole number"),
        ("where = {}", "added", "where", "expected conditions on attributes"),
        ('where = "Home"', "added", "where", "expected conditions on attributes"),
        ("where = { a = [] }", "added", "where", "a: expected a value such as"),
        ("where = { a = nan }", "added", "where", "a: expected a value such as"),
        ("where = { a = 2026-01-01 }", "added", "where", "a: expected a value such as"),
        ("where = { a.b = 1 }", "added", "where", "a: unknown test 'b'"),
        ("where = { a = { les_than = 5 } }", "added", "where", "did you mean less_than?"),
        ("where = { a = {} }", "added", "where", "a: expected one of less_than"),
        ('where = { a = { less_than = "x" } }', "added", "where", "a: expected a number"),
        ("where = { a = { prefix = 5 } }", "added", "where", "a: expected text"),
        ("where = { a = { exists = 1 } }", "added", "where", "a: expected true or false"),
        ("where = { a = { not = { prefix = 'a', suffix = 'b' } } }", "added", "where", "a: not: expected"),
        ('where = { "a..b" = 1 }', "added", "where", "a..b: expected an attribute"),
        ("colour = 5", "added", "colour", "unknown key; expected one of name, when, enabled, where"),
        ('severty = "info"', "added", "severty", "unknown key; did you mean severity?"),
        ("threshold = 5", "added", "threshold", "unknown key; threshold belongs to low_stock, not to added"),
        ("at_least = 5", "removed", "at_least", "at_least belongs to price_drop and price_rise, not to removed"),
        ("above = 5", "price_drop", "above", "above belongs to price_rise, not to price_drop"),
    ],
)
def test_each_wrong_value_in_a_rule_gets_its_own_words(line: str, when: str, key: str, message: str) -> None:
    """The message names the rule, the key's line, and what was expected there."""
    found = in_rule(line, when)
    assert (found.rule, found.key) == ("my rule", key)
    assert message in found.message
    assert found.line == (5 + line.count("\n") + 1 if line else 3)


@pytest.mark.parametrize(
    ("line", "key", "message"),
    [
        ("price = 5", "price", 'expected an attribute such as "price"'),
        ('name = "a."', "name", "expected an attribute"),
        ('id = ""', "id", "expected an attribute"),
        ("currency = {}", "currency", 'expected { value = "USD" }, or the name of an attribute'),
        ("currency = { value = 5 }", "currency", "expected text"),
        ('link = "https://x/{sku}"', "link", "unknown name {sku}"),
        ('link = "https://x/{percent}"', "link", "unknown name {percent}"),
        ('message_attributes = "a"', "message_attributes", "expected a list"),
        ('message_attributes = ["a","b","c","d","e","f","g"]', "message_attributes", "expected at most 6"),
        ('message_attributes = ["rule"]', "message_attributes", "none of type, rule, severity, productId"),
        ('message_attributes = ["größe"]', "message_attributes", "only letters, digits, _ - and ."),
        ('message_attributes = ["AWS.x"]', "message_attributes", "cannot be the name of a message attribute"),
        ('overrides = "["', "overrides", "expected an attribute"),
        ('sku = "sku"', "sku", "unknown key; "),
        ('stok = "s"', "stok", "did you mean stock?"),
    ],
)
def test_each_wrong_value_in_the_product_table_gets_its_own_words(line: str, key: str, message: str) -> None:
    """No rule is named where none is at fault."""
    found = in_rule("", product=line)
    assert (found.rule, found.key, found.line) == ("", key, 2)
    assert message in found.message


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("", "rules", "expected at least one [[rules]] table"),
        ("rules = []", "rules", "expected at least one [[rules]] table"),
        ("rules = 5", "rules", "expected [[rules]] tables"),
        ("rules = [1]", "rules", "expected [[rules]] tables"),
        ("[rules]\nname = 'a'", "rules", "expected [[rules]] tables"),
        ("product = 5\n[[rules]]\nname = 'a'\nwhen = 'added'", "product", "expected a table: [product]"),
        ("defaults = 5\n[[rules]]\nname = 'a'\nwhen = 'added'", "defaults", "expected a table: [defaults]"),
        (EVERY_KIND + "[default]", "default", "did you mean defaults?"),
        (EVERY_KIND + "[defaults]\nname = 'a'", "name", "unknown key"),
        ("[[rules]]\nwhen = 'added'", "name", "is missing"),
        ("[[rules]]\nname = 'a'", "when", "is missing"),
        ("[[rules]]\nname = 'a'\nwhen = 'add'", "when", "expected one of added, removed"),
        ("[[rules]]\nname = 'a'\nwhen = ['added']", "when", "expected one of added, removed"),
        ("[[rules]]\nname = 5\nwhen = 'added'", "name", "expected text"),
        (f"[[rules]]\nname = '{'x' * 101}'\nwhen = 'added'", "name", "at most 100 printable characters"),
        ('[[rules]]\nname = "a\\nb"\nwhen = "added"', "name", "printable characters"),
        (EVERY_KIND + "[[rules]]\nname = 'low'\nwhen = 'added'", "name", "another rule has this name"),
    ],
)
def test_each_mistake_in_the_files_shape_gets_its_own_words(text: str, key: str, message: str) -> None:
    """Also where there is no rule to name."""
    found = problem(text)
    assert found.key == key
    assert message in found.message


def test_a_wrong_kind_does_not_hide_other_mistakes() -> None:
    """With an unknown `when` the rest of the rule is still checked."""
    found = problems('[[rules]]\nname = "a"\nwhen = "drop"\nseverity = "loud"\nat_least = "ten"\nfoo = 1')
    assert {one.key for one in found} == {"when", "severity", "at_least", "foo"}


def test_text_that_is_not_toml_is_reported_with_its_line() -> None:
    """The line stands first, as it does for other mistakes."""
    found = problem('[[rules]]\nname = "a\n')
    assert "is not valid TOML" in found.message
    assert found.line == 2


def test_a_missing_file_is_reported_with_its_path(tmp_path: Path) -> None:
    """What is not there is named, with where it was expected."""
    with pytest.raises(RulesError) as caught:
        rules_file.load(tmp_path / "alerts.toml")
    assert str(caught.value) == f"alerts.toml: 1 mistake\n  the file is missing; expected it in {tmp_path}"


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, content: bytes | None) -> None:
    """Another encoding, or a folder of that name."""
    path = tmp_path / "alerts.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(RulesError, match="cannot be read"):
        rules_file.load(path)


def test_a_long_value_is_cut_in_the_message() -> None:
    """A message stays readable whatever was pasted into the file."""
    found = in_rule(f'severity = "{"x" * 1000}"')
    assert len(str(found)) < 250
