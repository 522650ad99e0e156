"""Reading one shard: iterators, their expiry, trimmed data, throttling.

docs/event-source-mapping.md, "Reading a shard".
"""

from __future__ import annotations

from functools import partial

from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.session import Session
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.errors import (
    ExpiredIteratorError,
    StreamError,
    StreamNotFoundError,
    StreamThrottledError,
    TrimmedDataError,
)
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.model.streams import (
    AFTER_SEQUENCE_NUMBER,
    AT_SEQUENCE_NUMBER,
    LATEST,
    TRIM_HORIZON,
    Position,
    RecordsPage,
)
from event_source_mapping.running.tasks import Perform, Sleep, Task

READ_LIMIT = 1000  # records a GetRecords call may return
_LATEST_TRIES = 5
_BACKOFF = RetrySchedule(first=0.1, factor=2.0, longest=10.0)


class ShardReader:
    """Reads a shard page by page from a position on, through expiry, trimming and throttling."""

    def __init__(
        self, session: Session[StreamSettings], shard_id: str, position: Position, iterator: str | None = None
    ) -> None:
        """Take over an `iterator` kept from an earlier session, if there is one."""
        self._session = session
        self._shard_id = shard_id
        self._position = position
        self.iterator = iterator
        self._troubles = 0
        self._floor = 0  # after trimmed data: numbers up to this one were read before

    def read(self, limit: int = READ_LIMIT) -> Task[RecordsPage | None]:
        """Read the next page; None when the session stopped or this try gave no page."""
        stream = self._session.ports.stream
        arn = self._session.settings.source_arn
        try:
            if self.iterator is None:
                self.iterator = yield Perform(partial(stream.shard_iterator, arn, self._shard_id, self._position))
            page: RecordsPage = yield Perform(partial(stream.get_records, arn, self.iterator, limit))
        except StreamError as error:
            return (yield from self._recover(error))
        self._troubles = 0
        self.iterator = page.next_iterator
        records = page.records
        if self._floor:
            records = [record for record in records if int(record.sequence_number) > self._floor]
        if records:
            self._position = Position(AFTER_SEQUENCE_NUMBER, records[-1].sequence_number)
        return RecordsPage(records, page.next_iterator)

    def _recover(self, error: StreamError) -> Task[RecordsPage | None]:
        if not self._keeps_iterator(error):
            self.iterator = None
        if isinstance(error, ExpiredIteratorError) and not self._troubles:
            self._troubles += 1
            reason = "the iterator expired: reading on after the last record read"
            if self._position.kind == LATEST:
                reason = "the iterator expired before any record: reading on at LATEST"
            self._trouble(reason)
            return None
        if isinstance(error, TrimmedDataError) and self._position.kind != TRIM_HORIZON:
            self._floor = _last_before(self._position)
            self._position = Position(TRIM_HORIZON)
            self._session.log(
                EventType.LOST,
                "the stream no longer holds the position: reading on at its oldest record",
                shard=self._shard_id,
            )
            return None
        if isinstance(error, StreamNotFoundError):
            self._trouble(f"the shard is gone and counts as finished: {error}")
            return RecordsPage((), None)
        self._troubles += 1
        self._session.last_active = self._session.clock.now()  # failing is not idle
        delay = _BACKOFF.delay(self._troubles)
        if self._troubles == 1 or isinstance(error, StreamThrottledError):
            self._trouble(f"{error}: asking again in {delay:g} s")
        if not self._session.stopping:
            yield Sleep(self._session.clock.now() + delay, self._session.stopped)
        return None

    def _keeps_iterator(self, error: StreamError) -> bool:
        """Whether to ask with the same iterator again.

        At LATEST a new one would skip what was written meanwhile; but one that is refused again and
        again has to be replaced.
        """
        refused = isinstance(error, ExpiredIteratorError | TrimmedDataError)
        return self._position.kind == LATEST and not refused and self._troubles < _LATEST_TRIES

    def _trouble(self, reason: str) -> None:
        self._session.log(EventType.STREAM_TROUBLE, reason, shard=self._shard_id)


def _last_before(position: Position) -> int:
    """Give the number of the last record before a position; 0 where it names no record."""
    number = int(position.sequence_number or 0)
    return number - 1 if position.kind == AT_SEQUENCE_NUMBER else number


def resume_position(*, first_unfinished: str | None, checkpoint: str | None, start: str) -> Position:
    """Say where reading goes on: at the first record not done, or after the last one that is."""
    if first_unfinished is not None:
        return Position(AT_SEQUENCE_NUMBER, first_unfinished)
    if checkpoint is not None:
        return Position(AFTER_SEQUENCE_NUMBER, checkpoint)
    return Position(start)
