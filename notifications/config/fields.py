"""The keys of a TOML table, and the kinds of value they take: each reader says what it expected if it gets another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from notifications.rules.prices import Margin
from notifications.stream.attributes import Path, parse_number
from notifications.text.formatting import Template
from notifications.text.nearest import nearest
from notifications.text.wording import unknown_name

T = TypeVar("T")
LONGEST_TEXT = 10_000  # characters of a title, a text or a link
_LONGEST_PATH = 1000
_LONGEST_DURATION = 60
_LARGEST_BITS = 420  # of a whole number: more than DynamoDB holds
# Blanks stand behind a digit or a unit alone: where two runs of them could meet, matching would try every split.
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,9}})\s*{unit}\s*)?" for unit in "dhms"))


class MistakeError(Exception):
    """A value is not what was expected; each message says what was expected of it, or of a part of it."""

    secret = False
    """Whether the value must not be repeated in the message."""

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        self.messages = messages

    def __str__(self) -> str:
        return "; ".join(self.messages)


class Key(NamedTuple):
    """A key of a table: all that its reader, its JSON Schema and its reference in the documents are made from."""

    name: str
    kind: Callable[..., Any]
    """Reads the value as TOML has it; raises MistakeError."""
    description: str
    """What the key gives, as a noun phrase without a full stop; also what the message about a missing key expects."""
    of: tuple[str, ...] = ()
    """The kinds of entry that have the key, such as price_drop; empty: all."""
    required: bool = False
    default: Any = None
    """The value that holds without the key, as TOML has it."""
    unset: str = ""
    """For a key that has no such value: what holds without the key."""

    @property
    def missing(self) -> str:
        """The message about a required key that is not there."""
        return f"is missing: expected {self.description}"


def read_all(parts: Iterable[tuple[str, Any]], kind: Callable[[str, Any], T]) -> list[T]:
    """Read each part of a value, by a label for its messages; one MistakeError has the mistakes of all of them."""
    found: list[T] = []
    messages: list[str] = []
    for label, value in parts:
        try:
            found.append(kind(label, value))
        except MistakeError as mistake:
            messages += (f"{label}: {message}" if label else message for message in mistake.messages)
    if messages:
        raise MistakeError(*messages)
    return found


def by_name(*keys: Key) -> Mapping[str, Key]:
    """Index the keys of a table."""
    return {key.name: key for key in keys}


class OneOf:
    """Reads one of a few words."""

    def __init__(self, words: Mapping[str, str]) -> None:
        """Take what each word stands for, by word; "" for a word that explains itself."""
        self.words = words

    def __call__(self, value: Any) -> str:
        """Read a word."""
        if not isinstance(value, str) or value not in self.words:
            close = nearest(value, self.words)
            hint = f"; did you mean {close}?" if close else ""
            raise MistakeError(f"expected one of {', '.join(self.words)}{hint}")
        return value


class WholeNumber:
    """Reads a whole number from `least` to `most`."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def __call__(self, value: Any) -> int:
        """Read a number."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise MistakeError(f"expected a whole number from {self.least} to {self.most}")
        return value


def text(value: Any) -> str:
    """Read text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise MistakeError("expected text that is not empty")
    return value


def _at_most(value: str, limit: int) -> str:
    if len(value) > limit:
        raise MistakeError(f"expected at most {limit} characters, got {len(value)}")
    return value


def amount(value: Any) -> Decimal:
    """Read a number, written as 5, 4.99 or "4.99"."""
    parsed = exact(value.strip() if isinstance(value, str) else value)
    if parsed is None:
        raise MistakeError('expected a number such as 5 or "4.99"')
    return parsed


def exact(value: Any) -> Decimal | None:
    """Return the number in a value of a TOML file; None where it holds no number that DynamoDB could hold."""
    if isinstance(value, bool) or (isinstance(value, int) and value.bit_length() > _LARGEST_BITS):
        return None
    return parse_number(str(value)) if isinstance(value, str | int | Decimal) else None


def margin(value: Any) -> Margin:
    """Read a percentage or an amount, more than 0."""
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
