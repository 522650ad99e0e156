"""A TOML file while it is read: its text, then one table after the other, and a list that mistakes go to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from notifications.common.errors import Problem
from notifications.config.fields import Key, MistakeError
from notifications.stream.attributes import parse_number
from notifications.text.nearest import nearest

_HEADER = re.compile(r"\s*\[(\[?)([^\]]+)\]")
_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*[.=]""")
_COMMENT = re.compile(r"\s*#")
_LONG_QUOTE = re.compile(r'"""|' + "'''")

Place = tuple[str, int]
"""A table's name, and which of those of that name, counted from 1."""
T = TypeVar("T")
Lines = Mapping[tuple[Place, str], int]
DEFAULTS: Place = ("defaults", 1)


class TomlTable:
    """A table, and the list that its mistakes go to."""

    def __init__(
        self,
        content: Mapping[str, Any],
        place: Place,
        lines: Lines,
        problems: list[Problem],
        name: str = "",
        *,
        entry: str = "rule",
    ) -> None:
        """Read `content`, which stands at `place` or in [defaults]; mistakes go to `problems`, by `name`.

        `entry` says what that is the name of: a rule, or a receiver.
        """
        self.content, self._place, self._lines, self._problems = content, place, lines, problems
        self._name, self._entry = name, entry

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def read(self, key: str, kind: Callable[[Any], T], default: T) -> T:
        """Read `key` as `kind`; report its mistakes and go on with the default."""
        if key not in self.content:
            return default
        try:
            return kind(self.content[key])
        except MistakeError as mistake:
            for message in mistake.messages:
                self.problem(key, message, None if mistake.secret else self.content[key])
            return default

    def get(self, key: Key) -> Any:
        """Read `key`, with its own kind and default; a key without a default gives None."""
        return self.read(key.name, key.kind, None if key.default is None else key.kind(key.default))

    def problem(self, key: str, message: str, value: Any = None) -> None:
        """Report a mistake at `key`."""
        places = ((self._place, key), (DEFAULTS, key), (self._place, ""), ((key, 1), ""))
        line = next((self._lines[place] for place in places if place in self._lines), None)
        self._problems.append(Problem(message, line, self._name, key, value, self._entry))

    def check_keys(self, allowed: Iterable[str], elsewhere: Mapping[str, str] | None = None) -> None:
        """Report every key that is not allowed here: where it belongs, or the nearest one that is."""
        allowed = tuple(allowed)
        for key in self.content:
            if key in allowed:
                continue
            close = nearest(key, allowed)
            if elsewhere and key in elsewhere:
                hint = elsewhere[key]
            else:
                hint = f"did you mean {close}?" if close else f"expected one of {', '.join(allowed)}"
            self.problem(key, f"unknown key; {hint}")


def lines_of(text: str) -> dict[tuple[Place, str], int]:
    """Map (table, key) to its line, counted from 1; the key "" stands for the table's header.

    The standard library's reader does not say where a key stands.
    """
    found: dict[tuple[Place, str], int] = {}
    counts: dict[str, int] = {}
    place: Place = ("", 1)
    open_quote = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not open_quote:
            header = _HEADER.match(line)
            key = _KEY.match(line)
            if header:
                name = header[2].strip()
                counts[name] = counts.get(name, 0) + 1
                place = (name, counts[name])
                found.setdefault((place, ""), number)
            elif key:
                found.setdefault((place, next(part for part in key.groups() if part is not None)), number)
        for quote in _LONG_QUOTE.findall("" if _COMMENT.match(line) and not open_quote else line):
            open_quote = "" if quote == open_quote else open_quote or quote
    return found


LONGEST_FILE = 1_000_000
"""Characters."""
LONGEST_LINE = 12_000
"""Characters; reading a key of so many dots takes a moment, and the time grows with the square."""
MOST_LEVELS = 20


def parse_toml(content: str) -> dict[str, Any]:
    """Read TOML whose size, depth and numbers are bounded; ValueError or RecursionError where it is not."""
    if len(content) > LONGEST_FILE:
        raise ValueError(f"expected at most {LONGEST_FILE} characters, got {len(content)}")
    longest = max(map(len, content.split("\n")))
    if longest > LONGEST_LINE:
        raise ValueError(f"expected lines of at most {LONGEST_LINE} characters, got {longest}")
    document = tomllib.loads(content.removeprefix("\ufeff"), parse_float=_parse_float)
    level: list[Any] = [document]
    for _ in range(MOST_LEVELS):
        inner = [value.values() if isinstance(value, dict) else value for value in level]
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
    if level:
        raise RecursionError
    return document


def not_toml(error: Exception, content: str, *, values: bool = True) -> Problem:
    """Say what is wrong with the file's form; with `values`, none of which is secret, also how to quote one."""
    if isinstance(error, tomllib.TOMLDecodeError):
        from notifications.text.toml_mistakes import in_words  # noqa: PLC0415 - only a wrong file needs it

        return Problem(*in_words(str(error), content, values=values))
    said = "it has a number with thousands of digits" if "digits" in str(error) else str(error)
    if isinstance(error, RecursionError):
        said = f"it is nested more than {MOST_LEVELS} levels deep"
    return Problem(f"is not valid TOML: {said}")


def _parse_float(text: str) -> Decimal:
    number = parse_number(text)
    return Decimal("NaN") if number is None else number  # every field refuses it, and says where it stands
