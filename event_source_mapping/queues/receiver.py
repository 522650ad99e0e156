"""Receiving from one queue: how long for, how messages are hidden meanwhile, and what to do when it does not answer.

docs/event-source-mapping.md, "Receiving from a queue".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.session import Session
from event_source_mapping.model.errors import QueueError, QueueNotFoundError
from event_source_mapping.model.messages import QueueAttributes, ReceivedMessage
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.running.tasks import Perform, Sleep, Task

_BACKOFF = RetrySchedule(first=0.1, factor=2.0, longest=10.0)
_EXTENSION = 30  # seconds on top of window and timeout, where the queue hides messages for less than both


class QueueReceiver:
    """Receives, and knows what the queue said last about itself."""

    def __init__(self, session: Session[QueueSettings]) -> None:
        self._session = session
        self._own_visibility = 0  # seconds; 0: not asked for yet
        self._looked_at = 0.0
        self._troubles = 0
        self._empty = False  # when looked at last, and nothing was received since; or the queue is gone

    @property
    def done(self) -> bool:
        """Whether nothing is to be expected: the queue holds no message, visible or not, or is gone."""
        return self._empty

    @property
    def visibility(self) -> int:
        """Seconds for which the queue hides what is received now."""
        return self._extended or self._own_visibility

    def receive(self, limit: int) -> Task[Sequence[ReceivedMessage]]:
        """Receive at most `limit` messages; none when the queue is empty or did not answer."""
        session = self._session
        began = session.clock.now()
        try:
            if not self._own_visibility or began - self._looked_at >= session.options.settings_interval:
                yield from self._look()
            received = yield from self._ask(limit)
            if received:
                self._empty = False
            else:
                yield from self._look()
        except QueueError as error:
            yield from self._wait_out(error)
            return ()
        self._troubles = 0
        if not received and not session.stopping:
            yield Sleep(max(session.clock.now(), began + session.options.poll_interval), session.stopped)
        return received

    def _look(self) -> Task[None]:
        """Ask the queue for its visibility timeout, and whether it is empty."""
        client, arn = self._session.ports.queue, self._session.settings.source_arn
        attributes: QueueAttributes = yield Perform(partial(client.attributes, arn))
        self._own_visibility = max(1, attributes.visibility_timeout)
        self._empty = not attributes.messages
        self._looked_at = self._session.clock.now()

    def _ask(self, limit: int) -> Task[Sequence[ReceivedMessage]]:
        received: Sequence[ReceivedMessage] = yield Perform(
            partial(
                self._session.ports.queue.receive,
                self._session.settings.source_arn,
                limit=limit,
                wait=self._session.options.receive_wait,
                visibility_timeout=self._extended,
            )
        )
        return received

    @property
    def _extended(self) -> int | None:
        """The visibility timeout to ask for, where the queue's own is shorter than window and timeout."""
        settings = self._session.settings
        needed = settings.batching_window + settings.function_timeout
        return needed + _EXTENSION if settings.batching_window and needed > self._own_visibility else None

    def _wait_out(self, error: QueueError) -> Task[None]:
        """Say so when a trouble begins, not at every try; wait before the next one."""
        self._troubles += 1
        self._empty = isinstance(error, QueueNotFoundError)
        if not self._empty:
            self._session.last_active = self._session.clock.now()  # failing is not idle
        if self._troubles == 1:
            self._session.log(EventType.QUEUE_TROUBLE, f"{error}: asking again")
        if not self._session.stopping:
            yield Sleep(self._session.clock.now() + _BACKOFF.delay(self._troubles), self._session.stopped)
