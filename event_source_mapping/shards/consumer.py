"""Consuming one shard: a reader fills the lanes, each lane invokes one batch at a time.

docs/event-source-mapping.md, "Batches" and "Order and concurrency".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from event_source_mapping.batches.buffer import BatchBuffer
from event_source_mapping.filters.patterns import matches_any
from event_source_mapping.lanes.lane import Lane, lane_of
from event_source_mapping.lanes.processor import BatchProcessor
from event_source_mapping.lanes.windows import STATE_LIMIT, TumblingWindow
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.session import Session
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.model.streams import LATEST, RecordsPage
from event_source_mapping.running.tasks import Signal, Sleep, Task
from event_source_mapping.shards.reader import READ_LIMIT, ShardReader, resume_position
from event_source_mapping.shards.state import ShardState

_AHEAD_LIMIT = 200  # records
_AHEAD_PAUSE = 0.01  # seconds


class ShardConsumer:
    """The tasks that consume one shard in one session."""

    def __init__(
        self,
        session: Session[StreamSettings],
        shard: ShardState,
        *,
        checkpointed: Callable[[], None],
        finished: Callable[[], None],
    ) -> None:
        """Call `checkpointed` when the checkpoint moves, `finished` when nothing is left to do."""
        self._session = session
        self._shard = shard
        self._checkpointed = checkpointed
        self._finished = finished
        self._space = Signal()
        self._ended = False  # the shard is read to its end
        self._empty_at = 0.0  # when the last read came back empty
        self._last_read_found = False
        settings = session.settings
        self._window: TumblingWindow | None = None
        if settings.tumbling_window:
            self._window = TumblingWindow(
                seconds=settings.tumbling_window,
                shard_id=shard.shard_id,
                stream_arn=settings.source_arn,
            )
        self._lanes = [self._make_lane() for _ in range(settings.lanes)]
        self._open_lanes = len(self._lanes)
        self.position = resume_position(
            first_unfinished=shard.progress.first_unfinished,
            checkpoint=shard.progress.checkpoint,
            start=shard.start,
        )
        if self.position.kind != LATEST:
            shard.iterator = None
        shard.progress.rewind()
        self.caught_up = False  # the last read was empty, or the shard's end

    @property
    def pending(self) -> bool:
        """Whether records wait or are in flight, or a window is owed its final invocation."""
        return any(lane.pending for lane in self._lanes) or bool(self._window and self._window.is_open)

    def tasks(self) -> list[Task[None]]:
        """Give the tasks to spawn."""
        return [self._read(), *(self._run(lane) for lane in self._lanes)]

    def wake(self) -> None:
        """Let every task of the shard look at the session again."""
        self._space.fire()
        for lane in self._lanes:
            lane.wake.fire()

    def _make_lane(self) -> Lane:
        settings = self._session.settings
        buffer: BatchBuffer[StreamRecord] = BatchBuffer(
            batch_size=settings.batch_size,
            window=settings.batching_window,
            opened=self._session.clock.now(),
            overhead=STATE_LIMIT if self._window else 0,
        )
        processor = BatchProcessor(
            self._session,
            self._shard.shard_id,
            done=self._done,
            number=self._shard.progress.number,
            window=self._window,
        )
        return Lane(buffer, processor, self._window)

    def _read(self) -> Task[None]:
        shard = self._shard
        reader = ShardReader(self._session, shard.shard_id, self.position, shard.iterator)
        while not self._session.stopping and not self._ended:
            if not self._wants_records():
                yield Sleep(None, self._space)
                continue
            if self._all_busy:
                # Small pages, a moment after the invocation went out: reading ahead must not
                # delay what is in flight, on a laptop where both ends share the processors.
                yield Sleep(self._session.clock.now() + _AHEAD_PAUSE, self._session.stopped)
                page = yield from reader.read(_AHEAD_LIMIT)
            else:
                page = yield from reader.read()
            if page is None:
                self.caught_up = False
                continue
            self._take(page)
            shard.iterator = reader.iterator
            if not page.records and not self._ended:
                now = self._session.clock.now()
                yield Sleep(now + self._session.options.poll_interval, self._session.stopped)

    def _wants_records(self) -> bool:
        """Whether to poll: a lane is free, or the stream had records and little is read ahead."""
        waiting = sum(len(lane.buffer) for lane in self._lanes)
        if waiting >= max(self._session.options.records_ahead, 2 * self._session.settings.batch_size):
            return False
        if any(not lane.busy and not lane.buffer.full for lane in self._lanes):
            return True
        return self._all_busy and self._last_read_found and waiting < READ_LIMIT

    @property
    def _all_busy(self) -> bool:
        return all(lane.busy for lane in self._lanes)

    def _take(self, page: RecordsPage) -> None:
        session = self._session
        now = session.clock.now()
        session.metrics.PolledEventCount += len(page.records)
        self._last_read_found = bool(page.records)
        if page.records:
            session.last_active = now
            self._sort_into_lanes(page.records, now)
        else:
            self._empty_at = now
        self._ended = page.next_iterator is None
        self.caught_up = self._ended or not page.records
        if page.records or self._ended or self._window:
            for lane in self._lanes:
                lane.wake.fire()

    def _sort_into_lanes(self, records: Sequence[StreamRecord], now: float) -> None:
        progress, filters = self._shard.progress, self._session.settings.filters
        fresh = [record for record in records if progress.start(record.sequence_number)]
        passed = [record for record in fresh if matches_any(filters, record.event)]
        passing = {record.sequence_number for record in passed}
        filtered = [record for record in fresh if record.sequence_number not in passing]
        self._log_read(EventType.READ, "GetRecords returned them", records)
        if filtered:
            self._session.metrics.FilteredOutEventCount += len(filtered)
            self._log_read(EventType.FILTERED, "no filter pattern matches", filtered)
        for record in passed:
            self._lanes[lane_of(record, len(self._lanes))].buffer.append(record, now)
        self._finish([record.sequence_number for record in filtered])

    def _run(self, lane: Lane) -> Task[None]:
        while not self._session.stopping:
            now = self._session.clock.now()
            reason = lane.closing_reason(now, ended=self._ended, empty_at=self._empty_at)
            if reason:
                yield from self._close_window(lane, reason)
            elif lane.is_due(now, ended=self._ended):
                yield from self._invoke(lane)
            elif self._ended and not lane.buffer:
                break
            else:
                yield Sleep(lane.buffer.release_at(), lane.wake)
        self._open_lanes -= 1
        # A session that stops leaves records undone: the shard has ended but is not finished.
        if not self._open_lanes and self._ended and self._shard.progress.first_unfinished is None:
            self._finished()

    def _invoke(self, lane: Lane) -> Task[None]:
        lane.busy = True
        batch = lane.process()
        self._space.fire()
        yield from batch
        self._settle(lane)

    def _close_window(self, lane: Lane, reason: str) -> Task[None]:
        lane.busy = True
        closed = yield from lane.close_window(reason)
        if self._window and closed:
            self._finish(self._window.close())
        self._settle(lane)

    def _settle(self, lane: Lane) -> None:
        lane.busy = False
        now = self._session.last_active = self._session.clock.now()
        lane.buffer.reopen(now)
        self._space.fire()

    def _done(self, records: Sequence[StreamRecord]) -> None:
        numbers = [record.sequence_number for record in records]
        if self._window:
            self._window.pending += numbers
        else:
            self._finish(numbers)

    def _finish(self, sequence_numbers: Sequence[str]) -> None:
        if sequence_numbers and self._shard.progress.finish(sequence_numbers):
            self._session.log(
                EventType.CHECKPOINT,
                "every record up to here is done",
                shard=self._shard.shard_id,
                sequenceNumber=self._shard.progress.checkpoint,
            )
            self._checkpointed()

    def _log_read(self, event_type: EventType, reason: str, records: Sequence[StreamRecord]) -> None:
        number = self._shard.progress.number
        self._session.log(
            event_type,
            reason,
            shard=self._shard.shard_id,
            records=records,
            firstRecord=number(records[0].sequence_number),
            lastRecord=number(records[-1].sequence_number),
        )
