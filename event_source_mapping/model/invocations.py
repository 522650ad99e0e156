"""What the function is invoked with, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from event_source_mapping.model.records import Record, encode


@dataclass(frozen=True, slots=True)
class Invocation:
    """One synchronous invocation: the records and, with a tumbling window, what goes with them."""

    records: tuple[Record, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> bytes:
        """Give the event as it travels: compact JSON, UTF-8."""
        records = b",".join(record.encoded for record in self.records)
        rest = b"," + encode(self.extra)[1:-1] if self.extra else b""
        return b'{"Records":[' + records + b"]" + rest + b"}"

    def event(self) -> dict[str, Any]:
        """Give the event as an object, for a handler that is called in process."""
        return {"Records": [dict(record.event) for record in self.records], **self.extra}


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """The answer of an invocation that reached the function."""

    payload: bytes = b"null"  # the function's answer, JSON unless it misbehaves
    function_error: str | None = None  # Handled or Unhandled; None when the function returned
    status_code: int = 200
    executed_version: str = "$LATEST"
    request_id: str = ""
