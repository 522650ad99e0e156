"""Times as people write them behind an option, and as AWS and the ledger do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from operations.terminal.arguments import UsageError

_SPAN = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def read_moment(option: str, text: str, now: datetime, *, forward: bool) -> datetime:
    """Read a time, such as 2026-11-21T09:00Z, or a span such as 2h: from `now` on if `forward`, else before it.

    A time without a zone is UTC. Raises UsageError, which names `option`.
    """
    try:
        span = _SPAN.fullmatch(text)
        if span:
            length = timedelta(**{_UNITS[span[2]]: int(span[1])})
            return now + length if forward else now - length
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text}: expected a span such as 30m, 2h or 3d, or a time such as 2026-11-21T09:00Z"
        ) from None


def as_datetime(value: float | str | None) -> datetime | None:
    """Read RFC 3339 or epoch seconds, as UTC; None if it is not a time."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).astimezone(UTC)
        return None if value is None else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
