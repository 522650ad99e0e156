"""`where` of alerts.toml: conditions on attributes, and the tests that they are made of."""

from __future__ import annotations

import difflib
from decimal import Decimal
from typing import Any

from notifications.config.fields import Key, MistakeError, amount, by_name, path, text, yes_or_no
from notifications.rules.where import Predicate, Scalar, Where


def where(value: Any) -> tuple[Where, ...]:
    """Read conditions on attributes."""
    if not isinstance(value, dict) or not value:
        raise MistakeError('expected conditions on attributes, such as { category = ["Electronics", "Home"] }')
    conditions = []
    for name, wanted in value.items():
        try:
            conditions.append(Where(path(name), _predicates(wanted)))
        except MistakeError as mistake:
            raise MistakeError(f"{name}: {mistake}") from None
    return tuple(conditions)


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


def _predicates(wanted: Any) -> tuple[Predicate, ...]:
    if not isinstance(wanted, dict):
        return (Predicate("any_of", _scalars(wanted)),)
    if not wanted:
        raise MistakeError(f"expected one of {', '.join(TESTS)}")
    return tuple(_predicate(operator, argument) for operator, argument in wanted.items())


def _predicate(operator: str, argument: Any) -> Predicate:
    if operator in TESTS:
        return Predicate(operator, TESTS[operator].kind(argument))
    close = difflib.get_close_matches(operator, TESTS, 1)
    hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(TESTS)}"
    raise MistakeError(f"unknown test {operator!r}; {hint}")


def _scalars(value: Any) -> tuple[Scalar, ...]:
    entries = value if isinstance(value, list) else [value]
    known = all(isinstance(entry, str | bool | int | Decimal) for entry in entries)
    if not entries or not known or any(isinstance(entry, Decimal) and not entry.is_finite() for entry in entries):
        raise MistakeError('expected a value such as "Home", 5 or true, or a list of them')
    return tuple(Decimal(entry) if type(entry) is int else entry for entry in entries)
