"""One table of a TOML file while it is read: values by key, and a list that mistakes are reported to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from notifications.common.errors import Problem
from notifications.config.fields import Key, MistakeError, nearest
from notifications.config.toml_lines import Place

T = TypeVar("T")
Lines = Mapping[tuple[Place, str], int]
DEFAULTS: Place = ("defaults", 1)


class TomlTable:
    """A table, and the list that its mistakes go to."""

    def __init__(
        self, content: Mapping[str, Any], place: Place, lines: Lines, problems: list[Problem], rule: str = ""
    ) -> None:
        """Read `content`, which stands at `place` or in [defaults]; mistakes go to `problems`, by the rule's name."""
        self.content, self._place, self._lines, self._problems, self._rule = content, place, lines, problems, rule

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def read(self, key: str, kind: Callable[[Any], T], default: T) -> T:
        """Read `key` as `kind`; report a mistake and go on with the default."""
        if key not in self.content:
            return default
        try:
            return kind(self.content[key])
        except MistakeError as mistake:
            self.problem(key, str(mistake), self.content[key])
            return default

    def get(self, key: Key) -> Any:
        """Read `key`, with its own kind and default; a key without a default gives None."""
        return self.read(key.name, key.kind, None if key.default is None else key.kind(key.default))

    def problem(self, key: str, message: str, value: Any = None) -> None:
        """Report a mistake at `key`."""
        places = ((self._place, key), (DEFAULTS, key), (self._place, ""), ((key, 1), ""))
        line = next((self._lines[place] for place in places if place in self._lines), None)
        self._problems.append(Problem(message, line, self._rule, key, value))

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
