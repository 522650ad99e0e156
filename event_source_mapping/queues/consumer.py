"""Consuming a queue in one session: one collector receives, and a task an invocation works.

docs/event-source-mapping.md, "Batches of messages" and "Message groups".
"""

from __future__ import annotations

from collections.abc import Sequence

from event_source_mapping.batches.buffer import BatchBuffer
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.queue_settings import RECEIVED_AT_ONCE, QueueSettings
from event_source_mapping.mapping.session import Session
from event_source_mapping.model.messages import Message, ReceivedMessage, to_message
from event_source_mapping.queues.deleting import MessageDeleter
from event_source_mapping.queues.message_filter import passes
from event_source_mapping.queues.message_log import MessageLog, MessageNumbers
from event_source_mapping.queues.processor import MessageProcessor
from event_source_mapping.queues.receiver import QueueReceiver
from event_source_mapping.running.task_group import TaskGroup
from event_source_mapping.running.tasks import Signal, Sleep, Task

_STOPPING = "no invocation starts any more: they come again after their visibility timeout"


class QueueConsumer:
    """The tasks that consume a queue until the session stops."""

    def __init__(self, session: Session[QueueSettings], numbers: MessageNumbers, tasks: TaskGroup) -> None:
        """Spawn invocations into `tasks`."""
        self._session = session
        self._tasks = tasks
        self._receiver = QueueReceiver(session)
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

    @property
    def busy(self) -> bool:
        """Whether messages are in flight, wait here, or are in the queue, visible or not."""
        return bool(self._in_flight or self._deleting or len(self._buffer) or not self._receiver.done)

    def tasks(self) -> list[Task[None]]:
        """Give the tasks to spawn."""
        return [self._receive(), self._release()]

    def wake(self) -> None:
        """Let every task look at the session again."""
        self._space.fire()
        self._due.fire()

    def _receive(self) -> Task[None]:
        while not self._session.stopping:
            if self._in_flight >= self._limit or self._buffer.full:
                yield Sleep(None, self._space)
                continue
            room = self._session.settings.batch_size - len(self._buffer)
            received = yield from self._receiver.receive(min(RECEIVED_AT_ONCE, room))
            if received:
                self._take(received)

    def _take(self, received: Sequence[ReceivedMessage]) -> None:
        session, settings = self._session, self._session.settings
        now = session.last_active = session.clock.now()
        session.metrics.PolledEventCount += len(received)
        messages = [
            to_message(
                message,
                settings.source_arn,
                fifo=settings.fifo,
                null_md5=settings.batching_window > 0,
                lease_end=now + self._receiver.visibility,
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
