"""A queue as a mapping's source: it keeps no position, so little of it outlives a session.

docs/event-source-mapping.md, "Receiving from a queue".
"""

from __future__ import annotations

from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.session import Session
from event_source_mapping.queues.consumer import QueueConsumer
from event_source_mapping.queues.message_log import MessageNumbers
from event_source_mapping.running.task_group import TaskGroup
from event_source_mapping.running.tasks import Scheduler, Signal, Sleep, Task


class QueueSource:
    """One queue, as one mapping receives from it."""

    two_pollers = (
        "the mapping is enabled: the endpoint's own poller receives from its queue as well, and each message goes to "
        "one of the two; disable the mapping to have this command alone serve it"
    )
    foreign_counters: tuple[str, ...] = (
        "DestinationDeliveryFailures",
        "DroppedEventCount",
        "OnFailureDestinationDeliveredEventCount",
    )

    def __init__(self, scheduler: Scheduler) -> None:
        self._tasks = TaskGroup(scheduler)
        self._numbers = MessageNumbers()
        self._consumer: QueueConsumer | None = None
        self._started = False
        self._closed = False
        self._closing = Signal()

    @property
    def busy(self) -> bool:
        """Whether messages are in flight or in the queue, visible or not; a paused mapping is not busy."""
        return self._consumer.busy if self._consumer else not self._started

    def run(self, session: Session[QueueSettings]) -> Task[None]:
        """Consume until the session stops and what is in flight has ended."""
        self._started = True
        self._consumer = QueueConsumer(session, self._numbers, self._tasks)
        for task in self._consumer.tasks():
            self._tasks.spawn(task)
        yield from self._tasks.wait()
        self._consumer = None

    def wake(self) -> None:
        """Let every task look at the session again."""
        if self._consumer:
            self._consumer.wake()

    def save(self, _session: Session[QueueSettings]) -> Task[None]:
        """Keep nothing: the queue knows what was received and how often."""
        while not self._closed:
            yield Sleep(None, self._closing)

    def close(self, *, deleted: bool) -> None:  # noqa: ARG002 - nothing was kept
        """End `save`."""
        self._closed = True
        self._closing.fire()
