"""The fields of alerts.toml: one reader a kind of value, each saying what it expected where it got something else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from notifications.rules.conditions import Margin
from notifications.rules.where import NUMBER_OPERATORS, TEXT_OPERATORS, Predicate, Scalar, Where
from notifications.stream.attributes import Path
from notifications.text.templates import Template, unknown_name

LONGEST_NAME = 100
OPERATORS = (*NUMBER_OPERATORS, *TEXT_OPERATORS, "exists", "not")
_DURATION = re.compile(r"(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m)?\s*(?:(\d+)\s*s)?")


class MistakeError(Exception):
    """A value is not what was expected; the message says what was."""


def text(value: Any) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise MistakeError("expected a text")
    return value


def rule_name(value: Any) -> str:
    """Read a rule's name: short enough for a message attribute that people filter by."""
    name = text(value)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise MistakeError(f"expected at most {LONGEST_NAME} printable characters")
    return name


def one_of(value: Any, allowed: Iterable[str]) -> str:
    """Read one of a few words."""
    allowed = tuple(allowed)
    if not isinstance(value, str) or value not in allowed:
        close = difflib.get_close_matches(str(value), allowed, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise MistakeError(f"expected one of {', '.join(allowed)}{hint}")
    return value


def amount(value: Any) -> Decimal:
    """Read a number, written as 5, 4.99 or "4.99"."""
    parsed: Decimal | None = None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        parsed = Decimal(value)
    elif isinstance(value, str):
        try:
            parsed = Decimal(value.strip())
        except InvalidOperation:
            parsed = None
    if parsed is None or not parsed.is_finite():
        raise MistakeError('expected a number such as 5 or "4.99"')
    return parsed


def margin(value: Any) -> Margin:
    """Read a percentage or an amount, more than nothing."""
    percent = isinstance(value, str) and value.strip().endswith("%")
    try:
        size = amount(value.strip()[:-1] if percent else value)
    except MistakeError:
        size = Decimal(0)
    if size <= 0:
        raise MistakeError('expected a percentage such as "10%" or an amount such as "5.00", more than 0')
    return Margin(size, percent)


def path(value: Any) -> Path:
    """Read the path of an attribute."""
    try:
        return Path.parse(text(value))
    except (MistakeError, ValueError):
        raise MistakeError('expected an attribute such as "price", "specs.color" or "offers[0].price"') from None


def paths(value: Any) -> tuple[Path, ...]:
    """Read a list of paths."""
    if not isinstance(value, list) or not value:
        raise MistakeError('expected a list of attributes such as ["price", "specs.color"]')
    return tuple(path(entry) for entry in value)


def template(value: Any, known: Iterable[str]) -> Template:
    """Read a title, text or link; every name in it must be one of `known` or a path after `old.` or `new.`."""
    try:
        parsed = Template(text(value))
    except ValueError as error:
        raise MistakeError(str(error)) from None
    problems = [problem for problem in (unknown_name(name, known) for name in parsed.names) if problem]
    if problems:
        raise MistakeError("; ".join(problems))
    return parsed


def yes_or_no(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise MistakeError("expected true or false")
    return value


def duration(value: Any) -> float:
    """Read a duration such as "90s", "30m", "1h", "1h30m" or "2d"; seconds."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = 0
    if match:
        days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    if not seconds:
        raise MistakeError('expected a duration such as "30m", "1h", "1h30m" or "2d"')
    return seconds


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


def _predicates(wanted: Any) -> tuple[Predicate, ...]:
    if not isinstance(wanted, dict):
        return (Predicate("any_of", _scalars(wanted)),)
    if not wanted:
        raise MistakeError(f"expected one of {', '.join(OPERATORS)}")
    return tuple(_predicate(operator, argument) for operator, argument in wanted.items())


def _predicate(operator: str, argument: Any) -> Predicate:
    if operator in NUMBER_OPERATORS:
        return Predicate(operator, amount(argument))
    if operator in TEXT_OPERATORS:
        return Predicate(operator, text(argument))
    if operator == "exists":
        return Predicate(operator, yes_or_no(argument))
    if operator == "not":
        predicates = _predicates(argument)
        if len(predicates) != 1:
            raise MistakeError("not: expected a value, a list of values, or one test")
        return Predicate("not", predicates[0])
    close = difflib.get_close_matches(operator, OPERATORS, 1)
    hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(OPERATORS)}"
    raise MistakeError(f"unknown test {operator!r}; {hint}")


def _scalars(value: Any) -> tuple[Scalar, ...]:
    entries = value if isinstance(value, list) else [value]
    known = all(isinstance(entry, str | bool | int | Decimal) for entry in entries)
    if not entries or not known or any(isinstance(entry, Decimal) and not entry.is_finite() for entry in entries):
        raise MistakeError('expected a value such as "Home", 5 or true, or a list of them')
    return tuple(Decimal(entry) if type(entry) is int else entry for entry in entries)
