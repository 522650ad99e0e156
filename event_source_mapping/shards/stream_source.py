"""A stream as a mapping's source: its shards found, consumed and checkpointed, session after session.

docs/event-source-mapping.md, "Shards" and "Checkpoints".
"""

from __future__ import annotations

from functools import partial

from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.session import Ports, Session
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.streams import ShardDescription
from event_source_mapping.running.task_group import TaskGroup
from event_source_mapping.running.tasks import Scheduler, Signal, Sleep, Task
from event_source_mapping.shards.checkpoint_saver import CheckpointSaver
from event_source_mapping.shards.consumer import ShardConsumer
from event_source_mapping.shards.discovery import Discovery, shards_of
from event_source_mapping.shards.registry import ShardRegistry
from event_source_mapping.shards.state import ShardState

StreamSession = Session[StreamSettings]


class StreamSource:
    """The shards of one stream, as one mapping knows them."""

    two_pollers = (
        "the mapping is enabled: the endpoint's own poller delivers its records as well; "
        "disable the mapping to have this command alone serve it"
    )
    foreign_counters: tuple[str, ...] = ("DeletedEventCount",)

    def __init__(self, settings: StreamSettings, ports: Ports, scheduler: Scheduler) -> None:
        """Take up the mapping's checkpoints. Raises CheckpointError."""
        self._scheduler = scheduler
        self._registry = ShardRegistry(settings.starting_position, ports.checkpoints.load(settings.uuid))
        self._consumers: dict[str, ShardConsumer] = {}
        self._tasks = TaskGroup(scheduler)
        self._changed = Signal()
        self._discovery = Discovery()
        self._discovered = False
        self._deleted = False
        self._saver = CheckpointSaver(
            ports.checkpoints,
            settings.uuid,
            state=lambda: {} if self._deleted else self._registry.checkpoints(),
        )

    @property
    def busy(self) -> bool:
        """Whether a record is unread, in flight or pending, or a shard is being looked for."""
        waiting = any(consumer.pending or not consumer.caught_up for consumer in self._consumers.values())
        return waiting or self._discovery.expecting_child or not self._discovered

    def run(self, session: StreamSession) -> Task[None]:
        """Find and consume shards until the session stops and what is in flight has ended."""
        while not session.stopping:
            pages = yield from self._discovery.list_shards(session)
            shards = shards_of(pages)
            self._take_in(session, shards)
            delay = self._discovery.next_delay(
                session,
                childless=bool(self._registry.childless(shards)),
                disabled=any(page.status.startswith("DISABL") for page in pages),
            )
            self._discovered = not self._discovery.failed
            if not session.stopping:
                yield Sleep(self._scheduler.now() + delay, self._changed)
        yield from self._tasks.wait()
        self._consumers.clear()
        self._registry.release()

    def wake(self) -> None:
        """Let every task look at the session again."""
        for consumer in list(self._consumers.values()):
            consumer.wake()
        self._changed.fire()

    def save(self, session: StreamSession) -> Task[None]:
        """Save checkpoints whenever one has moved, until closed."""
        yield from self._saver.run(partial(session.log, EventType.WARNING))

    def close(self, *, deleted: bool) -> None:
        """Save once more; the checkpoints of a deleted mapping are dropped."""
        self._deleted = deleted
        self._saver.close()

    def _take_in(self, session: StreamSession, shards: list[ShardDescription]) -> None:
        if self._registry.discover(shards, self._scheduler.now()):
            self._saver.request()
        self._start_shards(session)

    def _start_shards(self, session: StreamSession) -> None:
        if not session.stopping:
            for shard in self._registry.startable():
                self._consume(session, shard)

    def _consume(self, session: StreamSession, shard: ShardState) -> None:
        shard.consuming = True
        consumer = ShardConsumer(
            session,
            shard,
            checkpointed=self._saver.request,
            finished=partial(self._finish_shard, session, shard),
        )
        self._consumers[shard.shard_id] = consumer
        session.log(
            EventType.SHARD_STARTED,
            f"from {consumer.position.kind}",
            shard=shard.shard_id,
            sequenceNumber=consumer.position.sequence_number,
        )
        for task in consumer.tasks():
            self._tasks.spawn(task)

    def _finish_shard(self, session: StreamSession, shard: ShardState) -> None:
        shard.finished_at = self._scheduler.now()
        self._consumers.pop(shard.shard_id, None)
        session.log(EventType.SHARD_FINISHED, "read to its end, every record done", shard=shard.shard_id)
        self._saver.request()
        self._start_shards(session)
        self._discovery.expect_children()
        self._changed.fire()
