"""Values as people read them: decimals, durations, times, and attributes of an item."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from notifications.stream.attributes import number, plain

MISSING = "n/a"
"""Stands where an item has no value."""


def shorten(text: str, limit: int) -> str:
    """Cut `text` to `limit` characters, the last of them an ellipsis if anything went."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def decimal_text(value: Decimal) -> str:
    """Write a number in full, without an exponent and without trailing zeros: 1E+2 is 100, 5.50 is 5.5."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


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
