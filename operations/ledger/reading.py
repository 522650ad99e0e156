"""Reads items of the ledger: one that is not as the service writes it is left out, and counted.

Whoever may write the table may have written an item, so a field counts only after a look at its presence and type.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from notifications.common.sns_limits import MOST_BYTES
from notifications.text.formatting import rfc3339
from operations.terminal.terminal import Terminal
from operations.terminal.words import how_many

T = TypeVar("T")

Item = Mapping[str, Any]
"""DynamoDB's typed JSON."""
_GZIP = 16 + zlib.MAX_WBITS


class UnreadableItemError(ValueError):
    """A field of an item is missing, or is not of its type."""


class LeftOut:
    """How many items could not be read."""

    def __init__(self) -> None:
        """Begin with no item."""
        self.count = 0

    def read(self, items: Iterable[Item], reader: Callable[[Item], T]) -> Iterator[T]:
        """Yield what `reader` makes of each item, but for those that it cannot read."""
        for item in items:
            try:
                found = reader(item)
            except UnreadableItemError:
                self.count += 1
            else:
                yield found

    @property
    def sentence(self) -> str:
        """Say it to people; "" where every item was read."""
        if not self.count:
            return ""
        verb = "is" if self.count == 1 else "are"
        return f"{how_many(self.count, 'item')} of the ledger cannot be read and {verb} left out"

    def say_to(self, terminal: Terminal) -> None:
        """Write a line if an item could not be read."""
        if self.count:
            terminal.line(terminal.style("warning", "warning: ") + self.sentence)


def text(item: Item, name: str, default: str | None = None) -> str:
    """Return a text; `default` where it is missing, if there is one. Raises UnreadableItemError."""
    if default is not None and name not in item:
        return default
    return str(_plain(item, name, "S"))


def time(item: Item, name: str) -> str:
    """Return epoch seconds as RFC 3339. Raises UnreadableItemError where there is no such time."""
    when = rfc3339(number(item, name))
    if when is None:
        raise UnreadableItemError(f"{name} is not a time")
    return when


def number(item: Item, name: str, default: float | None = None) -> float:
    """Return a number; `default` where it is missing, if there is one. Raises UnreadableItemError."""
    if default is not None and name not in item:
        return default
    try:
        return float(_plain(item, name, "N"))
    except ValueError as error:
        raise UnreadableItemError(str(error)) from None


def published(item: Item) -> str:
    """Return the alert as it was published, from `event`.

    Raises UnreadableItemError, also for one that is longer than SNS takes.
    """
    unzip = zlib.decompressobj(_GZIP)
    try:
        body = unzip.decompress(bytes(_plain(item, "event", "B")), MOST_BYTES)
        if not unzip.eof:
            raise UnreadableItemError("event is cut short, or too long")
        return body.decode()
    except (zlib.error, TypeError, UnicodeDecodeError) as error:
        raise UnreadableItemError(str(error)) from None


def _plain(item: Item, name: str, kind: str) -> Any:
    typed = item.get(name)
    if not isinstance(typed, dict) or kind not in typed:
        raise UnreadableItemError(f"{name} is missing, or is not of type {kind}")
    return typed[kind]


def as_object(text: str) -> dict[str, Any]:
    """Read a JSON object, such as an alert as it was published; {} for a text that holds no object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
