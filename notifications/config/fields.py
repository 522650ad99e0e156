"""The fields of alerts.toml: one reader a kind of value, each saying what it expected where it got something else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from notifications.rules.prices import Margin
from notifications.rules.where import NUMBER_OPERATORS, TEXT_OPERATORS, Predicate, Scalar, Where
from notifications.stream.attributes import Path, parse_number
from notifications.text.formatting import Template
from notifications.text.wording import unknown_name

LONGEST_NAME = 100
OPERATORS = (*NUMBER_OPERATORS, *TEXT_OPERATORS, "exists", "not")
LONGEST_TEXT = 10_000  # characters of a title, a text or a link
_LONGEST_PATH = 1000
_LONGEST_DURATION = 60
_LONGEST_WORD = 100  # of which a near miss is worth a hint
_LARGEST_BITS = 420  # of a whole number: more than DynamoDB holds
# Blanks stand behind a digit or a unit alone: where two runs of them could meet, matching would try every split.
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,9}})\s*{unit}\s*)?" for unit in "dhms"))


class MistakeError(Exception):
    """A value is not what was expected; the message says what was."""


def text(value: Any) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise MistakeError("expected a text")
    return value


def _at_most(value: str, limit: int) -> str:
    if len(value) > limit:
        raise MistakeError(f"expected at most {limit} characters, got {len(value)}")
    return value


def rule_name(value: Any) -> str:
    """Read a rule's name: short enough for a message attribute that people filter by."""
    name = text(value)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise MistakeError(f"expected at most {LONGEST_NAME} printable characters")
    return name


def nearest(word: Any, allowed: Iterable[str]) -> str | None:
    """Return the one of `allowed` that was probably meant, if any."""
    if not isinstance(word, str) or len(word) > _LONGEST_WORD:
        return None
    return next(iter(difflib.get_close_matches(word, tuple(allowed), 1)), None)


def one_of(value: Any, allowed: Iterable[str]) -> str:
    """Read one of a few words."""
    allowed = tuple(allowed)
    if not isinstance(value, str) or value not in allowed:
        close = nearest(value, allowed)
        hint = f"; did you mean {close}?" if close else ""
        raise MistakeError(f"expected one of {', '.join(allowed)}{hint}")
    return value


def amount(value: Any) -> Decimal:
    """Read a number, written as 5, 4.99 or "4.99"."""
    parsed = _exact(value.strip() if isinstance(value, str) else value)
    if parsed is None:
        raise MistakeError('expected a number such as 5 or "4.99"')
    return parsed


def _exact(value: Any) -> Decimal | None:
    """Return the number in a value of a TOML file; None where it holds none that DynamoDB could hold."""
    if isinstance(value, bool) or (isinstance(value, int) and value.bit_length() > _LARGEST_BITS):
        return None
    return parse_number(str(value)) if isinstance(value, str | int | Decimal) else None


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
        return Path.parse(_at_most(text(value), _LONGEST_PATH))
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
        parsed = Template(_at_most(text(value), LONGEST_TEXT))
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
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= _LONGEST_DURATION else None
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
    close = nearest(operator, OPERATORS)
    hint = f"did you mean {close}?" if close else f"expected one of {', '.join(OPERATORS)}"
    raise MistakeError(f"unknown test {operator!r}; {hint}")


def _scalars(value: Any) -> tuple[Scalar, ...]:
    entries = value if isinstance(value, list) else [value]
    found = tuple(entry if isinstance(entry, str | bool) else _exact(entry) for entry in entries)
    if not found or None in found:
        raise MistakeError('expected a value such as "Home", 5 or true, or a list of them')
    return tuple(entry for entry in found if entry is not None)
