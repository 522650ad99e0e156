"""What a line of a function's log says: a batch, an alert, a delivery, trouble, or an invocation that ended badly.

The lines are JSON, as Lambda's own log format writes them: the fields of `docs/monitoring.md`, and Lambda's reports.
Source: AWS Lambda Developer Guide, "Log formats"; Lambda Telemetry API event schema, `platform.report`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from notifications.delivery.rendering.safe_text import clean
from operations.logs.function_logs import LogLine

BATCH, ALERT, DELIVERY, TROUBLE, ENDED = "batch", "alert", "delivery", "trouble", "ended"
"""Kinds of entries. ENDED: an invocation that ended in an error or ran out of time."""
_COUNTS = ("records", "changes", "published", "repeated", "suppressed", "parked", "retried", "publishFailures")
_BAD = frozenset({"WARNING", "ERROR", "CRITICAL"})
_LONGEST_TEXT, _LONGEST_NAME, _LONGEST_NUMBER = 500, 200, 40
_MOST = 10**9  # of a count, or of milliseconds


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line that says something; what it does not name is empty."""

    id: str
    at: float
    """Epoch seconds."""
    kind: str
    text: str
    """One line, safe to show."""
    outcome: str = ""
    """Of a batch: done, handed back or parked; of a delivery: its status; of ENDED: how it did."""
    request_id: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    """Of a batch, as `docs/monitoring.md` names them."""
    milliseconds: float | None = None
    rule: str = ""
    alert_id: str = ""
    sequence_number: str = ""
    receiver: str = ""
    attempts: int = 0


def read_entry(line: LogLine) -> LogEntry | None:
    """Read a line; None for one that says nothing to look at, or is not of the format: nothing in it is trusted."""
    try:
        fields = json.loads(line.text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    if fields.get("type") == "platform.report":
        return _ended(line, fields.get("record"))
    text = _text(fields, "message", _LONGEST_TEXT)
    entry = LogEntry(
        line.id,
        line.at,
        TROUBLE,
        text,
        request_id=_text(fields, "requestId"),
        rule=_text(fields, "rule"),
        alert_id=_text(fields, "alertId"),
        sequence_number=_number_of(fields),
    )
    if isinstance(fields.get("records"), int) and isinstance(fields.get("durationMs"), int | float):
        return _batch(entry, fields)
    if entry.alert_id and not fields.get("receiver"):
        return replace(entry, kind=ALERT)
    outcome = _text(fields, "outcome", 20)
    if outcome and fields.get("receiver"):
        receiver, attempts = _text(fields, "receiver"), _count(fields, "attempts")
        said = text.removeprefix(f"{receiver}: ")
        return replace(entry, kind=DELIVERY, text=said, outcome=outcome, receiver=receiver, attempts=attempts)
    level = _text(fields, "level") or _text(fields, "log_level")
    if level not in _BAD:
        return None
    error = ": ".join(filter(None, (_text(fields, "errorType"), _text(fields, "errorMessage", _LONGEST_TEXT))))
    said = ": ".join(filter(None, (text, error)))
    return replace(entry, text=said or "an error without a message", outcome=level.lower())


def _ended(line: LogLine, record: Any) -> LogEntry | None:
    """Read Lambda's report of an invocation; one that went well says nothing more than the function's own lines."""
    fields = record if isinstance(record, dict) else {}
    status = _text(fields, "status", 20)
    if status in {"", "success"}:
        return None
    metrics = fields.get("metrics")
    milliseconds = _milliseconds(metrics if isinstance(metrics, dict) else {})
    took = f" after {milliseconds / 1000:,.1f} s" if milliseconds is not None else ""
    error = _text(fields, "errorType")
    named = {"timeout": "ran out of time", "error": "ended in an error", "failure": "failed"}.get(status, status)
    text = f"{named}{took}{f': {error}' if error else ''}"
    return LogEntry(
        line.id, line.at, ENDED, text, status, _text(fields, "requestId", _LONGEST_NAME), milliseconds=milliseconds
    )


def _batch(entry: LogEntry, fields: dict[str, Any]) -> LogEntry:
    counts = {name: _count(fields, name) for name in _COUNTS}
    outcome = "handed back" if counts["retried"] else "parked" if counts["parked"] else "done"
    return replace(
        entry, kind=BATCH, outcome=outcome, counts=counts, milliseconds=_milliseconds(fields), sequence_number=""
    )


def _text(fields: dict[str, Any], name: str, limit: int = _LONGEST_NAME) -> str:
    value = fields.get(name)
    return clean(value, limit) if isinstance(value, str) else ""


def _number_of(fields: dict[str, Any]) -> str:
    number = _text(fields, "sequenceNumber", _LONGEST_NUMBER)
    return number if number.isdecimal() and number.isascii() else ""


def _count(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST else 0


def _milliseconds(fields: dict[str, Any]) -> float | None:
    value = fields.get("durationMs")
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MOST
    return float(value) if fits else None  # type: ignore[arg-type]
