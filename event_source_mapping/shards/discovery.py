"""Discovery: list the stream's shards, again and again, and at once when a child is due.

docs/event-source-mapping.md, "Shards".
"""

from __future__ import annotations

from functools import partial

from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.session import Session
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.errors import StreamError, StreamNotFoundError
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.model.streams import ShardDescription, StreamPage
from event_source_mapping.running.tasks import Perform, Task

# A child may be listed later than its parent's end: ask quickly a few times, then at the interval.
_CHILD_TRIES = 10
_CHILD_SCHEDULE = RetrySchedule(first=0.05, factor=2.0, longest=1.0)
_THROTTLE_SCHEDULE = RetrySchedule(first=0.5, factor=2.0, longest=10.0)


class Discovery:
    """Lists shards and says when to list them next."""

    def __init__(self) -> None:
        self._tries = 0
        self._troubles = 0
        self._trouble = ""
        self.failed = False  # the last listing got no answer; that the stream is gone is one
        self.expecting_child = False

    def list_shards(self, session: Session[StreamSettings]) -> Task[tuple[StreamPage, ...]]:
        """Give every page of DescribeStream; an empty tuple when the stream did not answer."""
        pages: list[StreamPage] = []
        after: str | None = None
        arn = session.settings.source_arn
        try:
            while not pages or after is not None:
                page: StreamPage = yield Perform(partial(session.ports.stream.describe, arn, after))
                pages.append(page)
                after = page.last_shard_id
        except StreamError as error:
            self.failed = not isinstance(error, StreamNotFoundError)
            if self.failed:
                session.last_active = session.clock.now()  # failing is not idle
            self._report(session, error)
            return ()
        self.failed = False
        self._troubles, self._trouble = 0, ""
        return tuple(pages)

    def expect_children(self) -> None:
        """Note that a shard has ended: its child is due."""
        self._tries = 0
        self.expecting_child = True

    def next_delay(self, session: Session[StreamSettings], *, childless: bool, disabled: bool) -> float:
        """Say in how many seconds to list again."""
        if self._troubles:
            self.expecting_child = False
            return min(_THROTTLE_SCHEDULE.delay(self._troubles), session.options.discovery_interval)
        self.expecting_child &= childless and not disabled and self._tries < _CHILD_TRIES
        if self.expecting_child:
            self._tries += 1
            return _CHILD_SCHEDULE.delay(self._tries)
        return session.options.discovery_interval

    def _report(self, session: Session[StreamSettings], error: StreamError) -> None:
        """Log the trouble when it begins, not at every try."""
        self._troubles += 1
        if str(error) != self._trouble:
            gone = isinstance(error, StreamNotFoundError)
            hint = "the stream is gone; the mapping waits for it" if gone else "asking again"
            session.log(EventType.STREAM_TROUBLE, f"{error}: {hint}")
            self._trouble = str(error)


def shards_of(pages: tuple[StreamPage, ...]) -> list[ShardDescription]:
    """Return the shards of all pages."""
    return [shard for page in pages for shard in page.shards]
