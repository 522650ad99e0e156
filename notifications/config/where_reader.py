"""`where` of alerts.toml: conditions on attributes, and the tests that they are made of."""

from __future__ import annotations

from typing import Any

from notifications.config.fields import (
    Key,
    MistakeError,
    amount,
    by_name,
    exact,
    path,
    read_all,
    text,
    yes_or_no,
)
from notifications.rules.where import AnyOf, Predicate, Scalar, Where, WhereClause
from notifications.text.nearest import nearest


def where(value: Any) -> tuple[WhereClause, ...]:
    """Read conditions on attributes, all of which have to hold, or a list of such tables, one of which has to."""
    if isinstance(value, list) and value:
        return (AnyOf(tuple(read_all((("", table) for table in value), lambda _, table: one_table(table)))),)
    return one_table(value)


def one_table(value: Any) -> tuple[Where, ...]:
    """Read conditions on attributes, all of which have to hold."""
    if not isinstance(value, dict) or not value:
        raise MistakeError('expected conditions on attributes, such as { category = ["Electronics", "Home"] }')
    return tuple(read_all(value.items(), lambda name, wanted: Where(path(name), _predicates(wanted, name))))


def negated(value: Any) -> Predicate:
    """Read what follows `not`: a value, a list of values, or one test."""
    predicates = _predicates(value)
    if len(predicates) != 1:
        raise MistakeError("not: expected a value, a list of values, or one test")
    return predicates[0]


TESTS = by_name(
    Key("less_than", amount, "a number below this one"),
    Key("at_most", amount, "this number or one below it"),
    Key("more_than", amount, "a number above this one"),
    Key("at_least", amount, "this number or one above it"),
    Key("prefix", text, "a text that begins with this one; upper and lower case differ"),
    Key("suffix", text, "a text that ends with this one; upper and lower case differ"),
    Key("exists", yes_or_no, "any value, NULL too (`true`), or no such attribute (`false`)"),
    Key("not", negated, "whatever does not pass this value, list of values or one test; an absent attribute passes"),
)
"""Each described by the attributes that pass."""


def _predicates(wanted: Any, name: str = "") -> tuple[Predicate, ...]:
    if not isinstance(wanted, dict):
        return (Predicate("any_of", _scalars(wanted)),)
    if not wanted:
        raise MistakeError(f"expected one of {', '.join(TESTS)}")
    return tuple(read_all((("", each) for each in wanted.items()), lambda _, each: _predicate(each[0], each[1], name)))


def _predicate(operator: str, argument: Any, name: str) -> Predicate:
    if operator in TESTS:
        return Predicate(operator, TESTS[operator].kind(argument))
    close = nearest(operator, TESTS)
    hint = f"did you mean {close}?" if close else f"expected one of {', '.join(TESTS)}"
    if not close and name:
        hint += f'; for an attribute inside of {name} write its path in quotes: "{name}.{operator}"'
    raise MistakeError(f"unknown test {operator!r}; {hint}")


def _scalars(value: Any) -> tuple[Scalar, ...]:
    entries = value if isinstance(value, list) else [value]
    found = tuple(entry if isinstance(entry, str | bool) else exact(entry) for entry in entries)
    if not found or None in found:
        raise MistakeError('expected a value such as "Home", 5 or true, or a list of them')
    return tuple(entry for entry in found if entry is not None)
