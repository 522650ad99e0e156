"""What people read: decimals, durations, times, attributes of an item, and the templates that they are filled into.

In a template, `{name}: {new.price}, was {old.price}`, a placeholder is looked up in a fixed list or read from the item
by its path. Nothing is evaluated, so no code can be reached from a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from string import Formatter
from typing import Any
from urllib.parse import quote

from notifications.stream.attributes import number, plain

MISSING = "n/a"
"""Stands where an item has no value."""
LONGEST_VALUE = 300
"""Characters of one value in a text. A title must never be what makes an alert too long for SNS."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # line breaks among them

Values = Callable[[str], str | None]
"""Gives the text of a placeholder by its name; None where this alert has no value for it."""


def shorten(text: str, limit: int) -> str:
    """Cut `text` to `limit` characters, the last of them an ellipsis if anything went."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def storable(text: str, limit: int = LONGEST_VALUE) -> str:
    """Cut `text` to `limit` characters, and replace what UTF-8 cannot hold: JSON can have half a character."""
    return shorten(text, limit).encode(errors="replace").decode()


def one_line(text: object, limit: int = LONGEST_VALUE) -> str:
    """Write anything for a log: one line without control characters, however long it is."""
    start = str(text)[: 2 * limit]
    return shorten(" ".join(printable(start).split()), limit)


def printable(text: str) -> str:
    """Put a blank in the place of each character that cannot be printed."""
    if text.isprintable():  # nearly every text is
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def decimal_text(value: Decimal) -> str:
    """Write a number in full, without an exponent and without trailing zeros: 1E+2 is 100, 5.50 is 5.5."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


_DIGITS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
         "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""Of the currencies that have not two. Source: ISO 4217, list one, "Minor unit"."""
USUAL_DIGITS = 2


@lru_cache(64)
def digits_of(currency: str | None) -> int:
    """Return the digits after the point that amounts in a currency have; 2 where the code is not known."""
    return _DIGITS.get((currency or "").strip().upper(), USUAL_DIGITS)


def money_text(amount: Decimal, digits: int) -> str:
    """Write an amount with at least so many digits after the point; further ones are never rounded away."""
    whole, _, fraction = format(amount or Decimal(0), "f").partition(".")  # never minus nothing
    fraction = fraction.rstrip("0").ljust(digits, "0")
    return f"{whole}.{fraction}" if fraction else whole


def duration_text(seconds: float) -> str:
    """Write a duration in its two largest units: 41 minutes, 1 hour 5 minutes."""
    left = max(int(seconds), 1)
    parts = []
    for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts[:2])


def rfc3339(seconds: float | None) -> str | None:
    """Write epoch seconds as 2026-11-21T09:30:00Z; None where there is no such time."""
    if seconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.isoformat(timespec="milliseconds" if seconds % 1 else "seconds").replace("+00:00", "Z")


def value_text(value: Any) -> str | None:
    """Write a typed value; None where it is absent or NULL.

    Raises MalformedRecordError where it is not an attribute value.
    """
    if value is None:
        return None
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("S"), str):  # what most values are
        return str(value["S"])
    parsed = number(value)
    return _plain_text(plain(value)) if parsed is None else format(parsed, "f")


def _plain_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain_text(inner) or MISSING for inner in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain_text(inner) or MISSING}" for name, inner in value.items())
    return str(value)


class Template:
    """A parsed template."""

    __slots__ = ("_parts", "names", "text")

    def __init__(self, text: str) -> None:
        """Parse `text`; ValueError says what is wrong, in words for the person who wrote it."""
        self.text = text
        self._parts: list[tuple[str, str | None]] = []
        try:
            parsed = list(Formatter().parse(text))
        except ValueError as error:
            raise ValueError(f"{error}; write {{{{ and }}}} for plain braces") from error
        for literal, name, format_spec, conversion in parsed:
            if format_spec or conversion or name == "":
                raise ValueError("expected a name alone between braces, such as {name}")
            self._parts.append((literal, name))
        self.names = tuple(name for _, name in self._parts if name is not None)

    def render(self, values: Values) -> str:
        """Fill in the values; a missing one reads "n/a". Runs of blanks become one, and go before an empty value.

        Line breaks of the template stay. A value begins no line of its own: its line breaks and control characters
        become blanks, as whoever writes to the table could otherwise add sentences of the service's own to a text.
        """
        out: list[str] = []
        for literal, name in self._parts:
            out.append(literal)
            if name is not None:
                value = values(name)
                if value == "":
                    out[-1] = literal.rstrip(" ")
                elif value and len(value) > LONGEST_VALUE:
                    value = shorten(value, LONGEST_VALUE)
                if value and not value.isprintable():
                    value = _CONTROLS.sub(" ", value)
                out.append(MISSING if value is None else value)
        filled = "".join(out)
        if "\n" not in filled:
            return " ".join(filled.split())
        return "\n".join([" ".join(line.split()) for line in filled.split("\n")]).strip()


def render_link(template: Template, values: Values) -> str | None:
    """Fill in a link, its values quoted for a URL; None where one is missing, as half a link leads nowhere."""
    found = {name: values(name) for name in template.names}
    if not all(found.values()):
        return None
    quoted = {name: quote(value or "", safe="", errors="replace") for name, value in found.items()}
    return template.render(quoted.get)
