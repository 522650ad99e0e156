"""Consuming a queue in one session: one collector receives, and a task an invocation works.

docs/event-source-mapping.md, "Receiving from a queue" and "Batches of messages".
"""

from collections.abc import Sequence
from functools import partial

from event_source_mapping.batches.buffer import BatchBuffer
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.queue_settings import RECEIVED_AT_ONCE, QueueSettings
from event_source_mapping.mapping.session import Session
from event_source_mapping.model.errors import QueueError, QueueNotFoundError
from event_source_mapping.model.messages import Message, QueueAttributes, ReceivedMessage, to_message
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.queues.deleting import MessageDeleter
from event_source_mapping.queues.message_filter import passes
from event_source_mapping.queues.message_log import MessageLog, MessageNumbers
from event_source_mapping.queues.processor import MessageProcessor
from event_source_mapping.running.task_group import TaskGroup
from event_source_mapping.running.tasks import Perform, Signal, Sleep, Task

_BACKOFF = RetrySchedule(first=0.1, factor=2.0, longest=10.0)
_STOPPING = "no invocation starts any more: they come again after their visibility timeout"
_UNREACHABLE_AFTER = 6  # failures in a row: about six seconds
_EXTENSION = 30  # seconds on top of window and timeout, where the queue hides messages for less than both


class QueueConsumer:
    """The tasks that consume a queue until the session stops."""

    def __init__(self, session: Session[QueueSettings], numbers: MessageNumbers, tasks: TaskGroup) -> None:
        """Spawn invocations into `tasks`."""
        self._session = session
        self._tasks = tasks
        self._log = MessageLog(session, numbers)
        self._deleter = MessageDeleter(session, self._log)
        self._processor = MessageProcessor(session, self._log, self._deleter)
        settings = session.settings
        self._limit = settings.maximum_concurrency or session.options.queue_concurrency
        self._buffer: BatchBuffer[Message] = BatchBuffer(
            batch_size=settings.batch_size, window=settings.batching_window, opened=session.clock.now()
        )
        self._groups: set[str] = set()  # of a FIFO queue: in flight here
        self._in_flight = 0  # invocations
        self._deleting = 0  # of what was filtered out
        self._space = Signal()
        self._due = Signal()
        self._visibility = 0  # seconds; what the queue said last
        self._looked_at = float("-inf")
        self._troubles = 0
        self._empty = False  # when looked at last, and nothing was received since
        self._unreachable = False

    @property
    def busy(self) -> bool:
        """Whether messages are in flight, wait here, or are in the queue, visible or not."""
        return bool(self._in_flight or self._deleting or len(self._buffer) or not (self._empty or self._unreachable))

    def tasks(self) -> list[Task[None]]:
        """Give the tasks to spawn."""
        return [self._receive(), self._release()]

    def wake(self) -> None:
        """Let every task look at the session again."""
        self._space.fire()
        self._due.fire()

    def _receive(self) -> Task[None]:
        session = self._session
        while not session.stopping:
            if self._in_flight >= self._limit or self._buffer.full:
                yield Sleep(None, self._space)
                continue
            began = session.clock.now()
            try:
                if began - self._looked_at >= session.options.settings_interval or not self._visibility:
                    yield from self._look()
                received = yield from self._ask()
                self._take(received)
                if not received:
                    yield from self._look()
            except QueueError as error:
                yield from self._wait_out(error)
                continue
            self._recover()
            if not received and not session.stopping:
                yield Sleep(max(session.clock.now(), began + session.options.poll_interval), session.stopped)

    def _look(self) -> Task[None]:
        """Ask the queue for its visibility timeout, and whether it is empty."""
        client, arn = self._session.ports.queue, self._session.settings.source_arn
        attributes: QueueAttributes = yield Perform(partial(client.attributes, arn))
        self._visibility = max(1, attributes.visibility_timeout)
        self._empty = not attributes.messages
        self._looked_at = self._session.clock.now()

    def _ask(self) -> Task[Sequence[ReceivedMessage]]:
        settings, options = self._session.settings, self._session.options
        limit = min(RECEIVED_AT_ONCE, settings.batch_size - len(self._buffer))
        received: Sequence[ReceivedMessage] = yield Perform(
            partial(
                self._session.ports.queue.receive,
                settings.source_arn,
                limit=limit,
                wait=options.receive_wait,
                visibility_timeout=self._extended,
            )
        )
        return received

    @property
    def _extended(self) -> int | None:
        """The visibility timeout to ask for, where the queue's own is shorter than window and timeout."""
        settings = self._session.settings
        needed = settings.batching_window + settings.function_timeout
        return needed + _EXTENSION if settings.batching_window and needed > self._visibility else None

    def _take(self, received: Sequence[ReceivedMessage]) -> None:
        if not received:
            return
        session, settings = self._session, self._session.settings
        now = session.last_active = session.clock.now()
        self._empty = False
        session.metrics.PolledEventCount += len(received)
        messages = [
            to_message(
                message,
                settings.source_arn,
                fifo=settings.fifo,
                null_md5=settings.batching_window > 0,
                lease_end=now + (self._extended or self._visibility),
            )
            for message in received
        ]
        self._log.add(EventType.READ, "ReceiveMessage returned them", messages)
        if session.stopping:
            self._log.add(EventType.LET_GO, _STOPPING, messages)
            return
        passed = [message for message in messages if passes(settings.filters, message)]
        self._delete_filtered(messages, passed)
        self._batch(self._without_busy_groups(passed), now)
        self._due.fire()

    def _delete_filtered(self, messages: Sequence[Message], passed: Sequence[Message]) -> None:
        """Delete at once what no pattern matches, whatever becomes of the others."""
        passing = set(passed)
        filtered = [message for message in messages if message not in passing]
        if filtered:
            self._session.metrics.FilteredOutEventCount += len(filtered)
            self._log.add(EventType.FILTERED, "no filter pattern matches", filtered)
            self._deleting += 1
            self._tasks.spawn(self._delete(filtered))

    def _delete(self, filtered: Sequence[Message]) -> Task[None]:
        yield from self._deleter.delete(filtered, "filtered out")
        self._deleting -= 1

    def _without_busy_groups(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Let go what is of a group in flight here: its visibility timeout ended before its invocation did."""
        behind = [message for message in messages if message.group in self._groups]
        reason = "their group is still being processed here: they come again after their visibility timeout"
        self._log.add(EventType.LET_GO, reason, behind)
        return [message for message in messages if message.group not in self._groups]

    def _batch(self, messages: Sequence[Message], now: float) -> None:
        """Put messages into the open batch, whose window begins with its first message."""
        for message in messages:
            if not len(self._buffer):
                self._buffer.reopen(now)
            self._buffer.append(message, now)
        self._dispatch()

    def _release(self) -> Task[None]:
        """Let batches go out when their windows end."""
        while not self._session.stopping:
            self._dispatch()
            due, now = self._buffer.release_at(), self._session.clock.now()
            # What is due already waits for an invocation to end.
            yield Sleep(due if due is not None and due > now else None, self._due)
        self._log.add(EventType.LET_GO, _STOPPING, self._buffer.take_all())

    def _dispatch(self) -> None:
        """Start as many invocations as are due and allowed."""
        while not self._session.stopping and self._in_flight < self._limit and self._is_due():
            parts = [self._buffer.take()]
            while self._session.settings.fifo and len(self._buffer):
                parts.append(self._buffer.take())
            groups = {message.group for part in parts for message in part if message.group is not None}
            self._groups |= groups
            self._in_flight += 1
            self._tasks.spawn(self._process(parts, groups))
        self._space.fire()

    def _is_due(self) -> bool:
        release_at = self._buffer.release_at()
        return release_at is not None and (self._buffer.full or self._session.clock.now() >= release_at)

    def _process(self, parts: Sequence[Sequence[Message]], groups: set[str]) -> Task[None]:
        """Process one batch; of a FIFO queue, the parts of one that 6 MB did not hold, in their order."""
        stopped: set[str | None] = set()
        for part in parts:
            behind = [message for message in part if message.group is not None and message.group in stopped]
            self._log.add(EventType.LET_GO, "a message of their group before them failed", behind)
            kept = yield from self._processor.process([message for message in part if message not in behind])
            stopped |= {message.group for message in kept}
        self._in_flight -= 1
        self._groups -= groups
        self._session.last_active = self._session.clock.now()
        self.wake()

    def _wait_out(self, error: QueueError) -> Task[None]:
        """Say so when a trouble begins, not at every try; ask again later."""
        self._troubles += 1
        # A single outage is no reason to exit as idle while messages wait for their visibility timeouts.
        self._unreachable = isinstance(error, QueueNotFoundError) or self._troubles >= _UNREACHABLE_AFTER
        if self._troubles == 1:
            self._session.log(EventType.QUEUE_TROUBLE, f"{error}: asking again")
        if not self._session.stopping:
            yield Sleep(self._session.clock.now() + _BACKOFF.delay(self._troubles), self._session.stopped)

    def _recover(self) -> None:
        self._troubles = 0
        self._unreachable = False
