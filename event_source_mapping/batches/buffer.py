"""Batching: when records that wait go out, and how many.

docs/event-source-mapping.md, "Batches".
"""

from __future__ import annotations

import math
from collections import deque
from typing import Generic, TypeVar

from event_source_mapping.model.records import Record

R = TypeVar("R", bound=Record)

PAYLOAD_LIMIT = 6 * 1024 * 1024  # bytes of the encoded event: the synchronous invoke quota
_ENVELOPE = len(b'{"Records":[]}')


class BatchBuffer(Generic[R]):
    """The open batch of one lane or queue, and what waits behind it."""

    def __init__(self, *, batch_size: int, window: float, opened: float, overhead: int = 0) -> None:
        """`overhead`: bytes that the event carries beside its records."""
        self._batch_size = batch_size
        self._window = window
        self._opened = opened
        self._room = PAYLOAD_LIMIT - _ENVELOPE - overhead
        self._records: deque[R] = deque()
        self._bytes = 0
        self._release_at: float | None = None

    def __len__(self) -> int:
        return len(self._records)

    @property
    def size(self) -> int:
        """Bytes of the waiting records, encoded."""
        return self._bytes

    @property
    def head(self) -> R | None:
        """The oldest waiting record."""
        return self._records[0] if self._records else None

    @property
    def tail(self) -> R | None:
        """The newest waiting record."""
        return self._records[-1] if self._records else None

    def append(self, record: R, now: float) -> None:
        """Add a record. Its window is the one open now; windows follow each other without gaps."""
        if not self._records:
            self._release_at = self._window_end(now)
        self._records.append(record)
        self._bytes += len(record.encoded) + 1

    @property
    def full(self) -> bool:
        """Whether a batch goes out without waiting for its window."""
        return len(self._records) >= self._batch_size or self._bytes >= self._room

    def release_at(self) -> float | None:
        """When the window of the oldest waiting record ends; None when nothing waits."""
        return self._release_at if self._records else None

    def take(self, *, before: float = math.inf) -> tuple[R, ...]:
        """Take the next batch: up to the batch size and 6 MB, and created before a time."""
        taken: list[R] = []
        size = 0
        while self._records and len(taken) < self._batch_size:
            record = self._records[0]
            size += len(record.encoded) + 1
            if taken and (size - 1 > self._room or record.created >= before):
                break
            taken.append(self._records.popleft())
        self._bytes -= sum(len(record.encoded) + 1 for record in taken)
        return tuple(taken)

    def take_all(self) -> tuple[R, ...]:
        """Take everything that waits, in as many batches as it may be."""
        taken = tuple(self._records)
        self._records.clear()
        self._bytes = 0
        return taken

    def reopen(self, now: float) -> None:
        """Start a new window: the previous invocation has ended."""
        self._opened = now
        if self._records:
            self._release_at = self._window_end(now)

    def _window_end(self, now: float) -> float:
        if not self._window:
            return now
        passed = math.floor((now - self._opened) / self._window)
        return self._opened + (passed + 1) * self._window
