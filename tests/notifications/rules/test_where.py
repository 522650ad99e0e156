"""`where`: types, every digit and malformed values; tests/rules/ has what a user sees of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    added,
    change_of,
    fired,
    one_rule,
    raw,
    typed,
    values,
)

ABSENT = object()
NINES, ONE_LESS = Decimal("9" * 38), Decimal("9" * 37 + "8")


def met(predicate: str, value: Any = ABSENT) -> bool:
    """Tell whether a predicate on `a` lets a new item through."""
    attributes = {} if value is ABSENT else {"a": typed(value)}
    (rule,) = one_rule("added", f"where = {{ a = {predicate} }}").rules
    return rule.judge(change_of(raw("INSERT", new=attributes))).fired


@pytest.mark.parametrize(
    ("predicate", "value", "expected"),
    [
        ("{ less_than = 5 }", Decimal("4.99"), True),
        ("{ at_most = 5 }", Decimal("5.01"), False),
        ("{ more_than = 5 }", Decimal("5.01"), True),
        ("{ at_least = 5 }", Decimal("4.99"), False),
        ('{ less_than = "99999999999999999999999999999999999999" }', ONE_LESS, True),
        ('{ less_than = "99999999999999999999999999999999999999" }', NINES, False),
        ("{ more_than = 0, less_than = 10 }", 10, False),
        ('{ prefix = "Kitchen" }', "Kitchen/Pans", True),
        ('{ prefix = "Kitchen" }', "A Kitchen", False),
        ('{ suffix = "Pans" }', "Kitchen/Pans", True),
        ('{ suffix = "Pans" }', "Pans/Kitchen", False),
        ("{ exists = true }", None, True),
        ("{ exists = false }", "x", False),
        ('{ not = "x" }', "x", False),
        ('{ not = ["x", 5] }', 5, False),
        ('{ not = ["x", 5] }', "z", True),
        ('{ not = { prefix = "x" } }', "xy", False),
        ('{ not = { prefix = "x" } }', 5, True),
        ("{ not = { not = 5 } }", 5, True),
        ("{ not = { exists = true } }", ABSENT, True),
    ],
)
def test_each_predicate_holds_as_its_name_says(predicate: str, value: Any, expected: bool) -> None:
    """Numbers at their edges and in every digit, texts by their ends, presence, and the opposite of each."""
    assert met(predicate, value) is expected


@pytest.mark.parametrize(
    "predicate", ["{ less_than = 5 }", "{ at_least = -5 }", '{ prefix = "x" }', '{ suffix = "x" }']
)
@pytest.mark.parametrize("value", [ABSENT, None, True, ["x"], {"x": 1}])
def test_no_predicate_holds_for_a_value_of_another_type(predicate: str, value: Any) -> None:
    """A text is not below a number, and a number begins with no text."""
    assert not met(predicate, value)


def test_a_text_is_never_a_number_nor_a_number_a_text() -> None:
    """Types are never converted."""
    assert not met("{ less_than = 5 }", "4")
    assert not met('{ prefix = "4" }', 4)


@given(
    values(),
    st.sampled_from(['"a"', "5", '["a", 5, true]', "{ less_than = 5 }", '{ prefix = "a" }', "{ exists = true }"]),
)
def test_not_is_the_opposite_for_every_value(value: dict[str, Any], predicate: str) -> None:
    """Exactly one of a test and its opposite lets an item through."""
    change = change_of(raw("INSERT", new={"a": value}))
    verdicts = [
        one_rule("added", f"where = {{ a = {text} }}").rules[0].judge(change).fired
        for text in (predicate, f"{{ not = {predicate} }}")
    ]
    assert sorted(verdicts) == [False, True]


@pytest.mark.parametrize(
    ("predicate", "value", "reason"),
    [
        ("{ less_than = 5 }", 7, "a is 7, needs less than 5"),
        ('{ prefix = "x" }', "y", 'a is "y", needs prefix "x"'),
        ("{ exists = true }", ABSENT, "a is absent, needs it to be there"),
        ("{ exists = false }", "x", 'a is "x", needs it to be absent'),
        ('{ not = "x" }', "x", 'a is "x", needs not "x"'),
        ("[true, 5]", "x", 'a is the text "x", needs true or 5'),
        ('"7"', 7, 'a is the number 7, needs the text "7"'),
        ("7", "7", 'a is the text "7", needs the number 7'),
        ('"x"', {"x", "y"}, 'a is the set x, y, needs the text "x"; `where` does not look into it'),
        ("{ at_least = 5 }", "7", 'a is the text "7", needs a number, at least 5'),
        ('{ prefix = "x" }', 7, 'a is the number 7, needs a text, prefix "x"'),
        ("{ not = { exists = true } }", 7, "a is 7, needs not it to be there"),
    ],
)
def test_the_reason_names_the_value_and_the_predicate(predicate: str, value: Any, reason: str) -> None:
    """Why a rule did not fire, in words."""
    (rule,) = one_rule("added", f"where = {{ a = {predicate} }}").rules
    entry = added() if value is ABSENT else added(a=value)
    assert rule.judge(change_of(entry)).reason == reason


def test_a_malformed_value_has_a_reason_too() -> None:
    """Asking why never fails."""
    (rule,) = one_rule("added", 'where = { a = "x" }').rules
    assert rule.judge(change_of(raw("INSERT", new={"a": {"X": 1}}))).reason == 'a is not an attribute value, needs "x"'


@pytest.mark.parametrize(
    ("predicate", "value", "expected"),
    [
        ('"x"', None, False),
        ("5", "5", False),
        ("0", False, False),
        ("1", True, False),
        ("false", False, True),
        ('"true"', True, False),
        ('["x", 5, true]', 5, True),
        ('["x", 5, true]', True, True),
        ('""', "", True),
        ('"x"', {"x"}, False),
        ('"x"', ["x"], False),
        ('"x"', ABSENT, False),
        ("false", ABSENT, False),
    ],
)
def test_a_predicate_holds_for_an_equal_value_of_its_type(predicate: str, value: Any, expected: bool) -> None:
    """Text equals an S, a number an N, true or false a BOOL; any of a list will do."""
    assert met(predicate, value) is expected


def test_numbers_are_equal_however_they_are_written() -> None:
    """5, 5.0 and 5E+0 are one number; the 38th digit counts."""
    for text in ("5", "5.0", "0.5E+1"):
        assert fired(one_rule("added", "where = { a = 5 }"), raw("INSERT", new={"a": {"N": text}}))
    assert not met("9" * 38, ONE_LESS)


def test_no_predicate_holds_for_a_malformed_value() -> None:
    """It is not what was asked for, and not a reason to give up a record that concerns no rule."""
    for value in ({"X": 1}, "bare", {"S": ["x"]}, {"BOOL": "true"}, {}):
        entry = raw("INSERT", new={"a": value})
        assert fired(one_rule("added", 'where = { a = ["x", true, 5] }'), entry) == []
