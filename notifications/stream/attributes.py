"""DynamoDB's typed JSON: comparing it, reading single values out of it, and paths into it.

Images stay in the form in which they come, `{"price": {"N": "25.99"}}`; only what a rule names is ever converted.
Types and their JSON: Amazon DynamoDB Developer Guide, "Supported data types and naming rules".
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from notifications.common.errors import MalformedRecordError

SETS = frozenset({"SS", "NS", "BS"})
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_SMALLEST, _LARGEST = -130, 125  # powers of ten that DynamoDB's numbers reach
_LAST_PLACE = -170  # of the smallest of them, with all its 38 digits
_LONGEST_NUMBER = 300  # characters; the smallest number with all its digits has fewer than 200
_LONGEST_EXCERPT = 80

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _LONGEST_EXCERPT

Image = Mapping[str, Any]
"""Attribute name to typed value, as in a record's OldImage, NewImage or Keys."""

EXACT = Context(prec=420)
"""Arithmetic that rounds nothing: DynamoDB's numbers have 38 digits between 1E-130 and 1E+126."""

_PART = re.compile(r"((?:[^.\[\]\\]|\\.)+)|\[([0-9]{1,9})\]")


class Path(NamedTuple):
    """Where a value stands in an item: `price`, `specs.color`, `offers[0].price`.

    A dot, bracket or backslash that is part of a name is written with a backslash before it.
    """

    text: str
    top: str
    rest: tuple[str | int, ...]

    @classmethod
    @lru_cache(1024)  # the names in a link or a title are the same for every alert
    def parse(cls, text: str) -> Path:
        """Read `text`; ValueError if it is not a path."""
        parts: list[str | int] = []
        position = 0
        while position < len(text):
            match = _PART.match(text, position)
            if match is None:
                break
            name, index = match.groups()
            parts.append(int(index) if name is None else re.sub(r"\\(.)", r"\1", name))
            position = match.end()
            if text.startswith(".", position) and position + 1 < len(text) and text[position + 1] != "[":
                position += 1
            elif not text.startswith("[", position):
                break
        if position != len(text) or not parts or not isinstance(parts[0], str):
            raise ValueError(text)
        return cls(text, parts[0], tuple(parts[1:]))

    def find(self, image: Image | None) -> Any:
        """Return the typed value at this path, or None where the image has no such value."""
        if image is None:
            return None
        value = image.get(self.top)
        for part in self.rest:
            if not isinstance(value, dict):
                return None
            inner = value.get("L" if isinstance(part, int) else "M")
            if isinstance(part, int):
                value = inner[part] if isinstance(inner, list) and part < len(inner) else None
            else:
                value = inner.get(part) if isinstance(inner, dict) else None
        return value


def same(old: Any, new: Any) -> bool:
    """Tell whether two typed values are equal; sets have no order, at any depth. None is an absent value."""
    if old == new:
        return True
    if not (isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys() and len(old) == 1):
        return False
    (kind,) = old
    left, right = old[kind], new[kind]
    if kind in SETS:
        return isinstance(left, list) and isinstance(right, list) and sorted(map(str, left)) == sorted(map(str, right))
    if kind == "L" and isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if kind == "M" and isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    return False


def number(value: Any) -> Decimal | None:
    """Return the number in `value`, or None where it is absent, NULL, of another type, or more than DynamoDB can hold.

    Length and exponent are looked at before anything is computed: 1e1000000000 would take gigabytes.
    """
    text = value.get("N") if isinstance(value, dict) else None
    if not isinstance(text, str) or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    parsed = Decimal(text)
    if not parsed:
        return Decimal(0) if "e" in text.lower() else parsed
    exponent = parsed.as_tuple().exponent
    exact = isinstance(exponent, int) and exponent >= _LAST_PLACE
    return parsed if exact and _SMALLEST <= parsed.adjusted() <= _LARGEST else None


def parse_number(text: str) -> Decimal | None:
    """Read a number that stands in a text: with the limits of those in an item."""
    return number({"N": text})


def plain(value: Any) -> Any:
    """Convert a typed value to plain JSON: numbers become decimal strings, sets sorted lists, binary base64 text.

    Raises MalformedRecordError where the value has no type, two types, or a type that does not exist.
    """
    if not isinstance(value, dict) or len(value) != 1:
        raise MalformedRecordError(f"expected an attribute value with one type, got {excerpt(value)}")
    ((kind, content),) = value.items()
    if kind == "M" and isinstance(content, dict):
        return {name: plain(inner) for name, inner in content.items()}
    if kind == "L" and isinstance(content, list):
        return [plain(inner) for inner in content]
    if kind in SETS and isinstance(content, list):
        return sorted(content, key=str)
    if kind in {"S", "N", "B"} and isinstance(content, str):
        return content
    if kind == "BOOL" and isinstance(content, bool):
        return content
    if kind == "NULL":
        return None
    raise MalformedRecordError(f"expected an attribute value of a known type, got {excerpt(value)}")


def plain_image(image: Image) -> dict[str, Any]:
    """Convert a whole image; MalformedRecordError names the attribute."""
    converted: dict[str, Any] = {}
    name = ""
    try:
        for name, value in image.items():
            text = value.get("S", value.get("N")) if isinstance(value, dict) and len(value) == 1 else None
            converted[name] = text if isinstance(text, str) else plain(value)  # nearly all are texts and numbers
    except MalformedRecordError as error:
        raise MalformedRecordError(f"attribute {excerpt(name)}: {error}") from error
    return converted


def excerpt(value: Any) -> str:
    """Write the beginning of any value for a message: one short line, however long or deep the value is."""
    try:
        text = _SHORT.repr(value)
    except (RecursionError, ValueError):  # such as a number of thousands of digits
        text = type(value).__name__
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[: _LONGEST_EXCERPT - 1]}…"
