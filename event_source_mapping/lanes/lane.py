"""One lane of a shard: its items, when its batch goes out, when its tumbling window closes.

docs/event-source-mapping.md, "Order and concurrency", "Batches" and "Tumbling windows".
"""

from __future__ import annotations

from zlib import crc32

from event_source_mapping.batches.buffer import BatchBuffer
from event_source_mapping.lanes.processor import BatchProcessor
from event_source_mapping.lanes.windows import TumblingWindow
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.running.tasks import Signal, Task


class Lane:
    """A lane invokes one batch at a time; `busy` while it does."""

    def __init__(
        self, buffer: BatchBuffer[StreamRecord], processor: BatchProcessor, window: TumblingWindow | None
    ) -> None:
        self.buffer = buffer
        self.wake = Signal()
        self.busy = False
        self._processor = processor
        self._window = window

    @property
    def pending(self) -> bool:
        """Whether records wait or are in flight."""
        return self.busy or len(self.buffer) > 0

    def is_due(self, now: float, *, ended: bool) -> bool:
        """Whether the waiting records go out now; those of an ended shard wait for nothing."""
        release_at = self.buffer.release_at()
        if release_at is None:
            return False
        return ended or self.buffer.full or now >= release_at or self._is_complete()

    def process(self) -> Task[None]:
        """Invoke the next batch until every record is done."""
        if self._window is None:
            return self._processor.process(self.buffer.take())
        if self.buffer.head:
            self._window.open_for(self.buffer.head.created)
        return self._processor.process(self.buffer.take(before=self._window.end))

    def close_window(self, reason: str) -> Task[bool]:
        """Make the tumbling window's final invocation; say whether it succeeded."""
        return self._processor.close_window(reason=reason)

    def closing_reason(self, now: float, *, ended: bool, empty_at: float) -> str:
        """Say why the tumbling window ends now; empty if it does not.

        `empty_at`: when the last read came back empty. Only an empty read after the window's end
        shows that no record of it is still to come.
        """
        window, head = self._window, self.buffer.head
        if window is None or not window.is_open:
            return ""
        if window.overflowing:
            return "its state is over 1 MB"
        if head is not None:
            return "" if window.takes(head.created) else "the next record is in a later window"
        if ended:
            return "the shard has ended"
        return "its time is over" if min(now, empty_at) >= window.end else ""

    def _is_complete(self) -> bool:
        """Whether a record waits that a later tumbling window takes."""
        newest = self.buffer.tail
        return bool(self._window and self._window.is_open and newest and not self._window.takes(newest.created))


def lane_of(record: StreamRecord, lanes: int) -> int:
    """Give the lane of a record's item: the same one in every run, so an item keeps its order."""
    return crc32(record.item.encode("utf-8", "surrogatepass")) % lanes if lanes > 1 else 0
