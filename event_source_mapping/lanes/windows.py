"""Tumbling windows: one state a shard, carried from invocation to invocation.

docs/event-source-mapping.md, "Tumbling windows".
"""

from __future__ import annotations

import math
from typing import Any

from event_source_mapping.lanes.failure_documents import iso_seconds
from event_source_mapping.model.records import encode

STATE_LIMIT = 1024 * 1024  # bytes of the encoded state


class TumblingWindow:
    """The open window of one shard: its bounds, its state, the records not checkpointed yet."""

    def __init__(self, *, seconds: int, shard_id: str, stream_arn: str) -> None:
        self._seconds = seconds
        self._shard_id = shard_id
        self._stream_arn = stream_arn
        self._start: float | None = None
        self._state: dict[str, Any] = {}
        self._state_size = 2
        self.pending: list[str] = []  # sequence numbers done, kept back until the window closes

    @property
    def is_open(self) -> bool:
        """Whether a final invocation is still owed."""
        return self._start is not None

    @property
    def end(self) -> float:
        """When the open window ends, epoch seconds."""
        return math.inf if self._start is None else self._start + self._seconds

    @property
    def overflowing(self) -> bool:
        """Whether the state is over 1 MB, which ends the window early."""
        return self._state_size > STATE_LIMIT

    def open_for(self, created: float) -> None:
        """Open the window that a record falls in, unless one is open."""
        if self._start is None:
            self._start = math.floor(created / self._seconds) * self._seconds

    def takes(self, created: float) -> bool:
        """Whether a record belongs to the open window (a late one does)."""
        return created < self.end

    def keep(self, state: dict[str, Any]) -> None:
        """Carry the state that the function returned."""
        self._state = state
        self._state_size = len(encode(state))

    def close(self) -> list[str]:
        """Drop the state; return the sequence numbers that may be checkpointed now."""
        self._start = None
        self._state = {}
        self._state_size = 2
        pending, self.pending = self.pending, []
        return pending

    def event_fields(self, *, final: bool) -> dict[str, Any]:
        """Give what the event carries beside its records."""
        start = self._start or 0.0
        return {
            "window": {"start": iso_seconds(start), "end": iso_seconds(start + self._seconds)},
            "state": self._state,
            "shardId": self._shard_id,
            "eventSourceARN": self._stream_arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": final and self.overflowing,
        }
