"""How far a shard has come, whichever of its lanes was faster.

docs/event-source-mapping.md, "Order and concurrency".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class ShardProgress:
    """Which records of a shard are done: the checkpoint stands before the lowest unfinished one."""

    def __init__(self, checkpoint: str | None = None) -> None:
        self.checkpoint = checkpoint
        self._read: deque[str] = deque()  # after the checkpoint, in the order read
        self._finished: set[str] = set()  # after the checkpoint, while an earlier one is not
        self._numbers: dict[str, int] = {}
        self._count = 0

    @property
    def first_unfinished(self) -> str | None:
        """The sequence number to read from again, if a record is unfinished."""
        return self._read[0] if self._read else None

    def start(self, sequence_number: str) -> bool:
        """Note a record that was read; False if it was finished before a `rewind`."""
        self._read.append(sequence_number)
        if sequence_number not in self._numbers:
            self._count += 1
            self._numbers[sequence_number] = self._count
        return sequence_number not in self._finished

    def number(self, sequence_number: str) -> int | None:
        """Say which record of the shard this is, counted as read from 1; None once it is done."""
        return self._numbers.get(sequence_number)

    def finish(self, sequence_numbers: Iterable[str]) -> bool:
        """Note finished records; True when the checkpoint moved."""
        self._finished.update(sequence_numbers)
        before = self.checkpoint
        while self._read and self._read[0] in self._finished:
            self.checkpoint = self._read.popleft()
            self._finished.discard(self.checkpoint)
            self._numbers.pop(self.checkpoint, None)
        return self.checkpoint != before

    def rewind(self) -> None:
        """Forget what was read and not finished: it will be read again."""
        self._read.clear()
