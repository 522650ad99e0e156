"""Serving one mapping: sessions, one after the other, and the shards each of them consumes.

docs/event-source-mapping.md, "While it runs".
"""

from functools import partial

from event_source_mapping.log.events import EventLog, EventType
from event_source_mapping.log.metrics import Metrics
from event_source_mapping.mapping.ports import ShardCheckpoint
from event_source_mapping.mapping.session import Options, Ports, Session
from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.streams import ShardDescription
from event_source_mapping.running.tasks import Scheduler, Signal, Sleep, Task
from event_source_mapping.serving.mapping_watch import MappingWatch
from event_source_mapping.shards.checkpoint_saver import CheckpointSaver
from event_source_mapping.shards.consumer import ShardConsumer
from event_source_mapping.shards.discovery import Discovery, shards_of
from event_source_mapping.shards.registry import ShardRegistry
from event_source_mapping.shards.state import ShardState


class MappingPoller:
    """Serves one mapping until it is deleted or `stop` is called."""

    def __init__(
        self,
        status: MappingStatus,
        checkpoints: dict[str, ShardCheckpoint],
        *,
        ports: Ports,
        options: Options,
        scheduler: Scheduler,
        log: EventLog,
    ) -> None:
        """Begin where the checkpoints say; without any, at the mapping's starting position."""
        self.uuid = status.settings.uuid
        self.metrics = Metrics()
        self.done = False
        self._ports = ports
        self._options = options
        self._scheduler = scheduler
        self._event_log = log
        self._stop_reason = ""
        self._registry = ShardRegistry(status.settings.starting_position, checkpoints)
        self._consumers: dict[str, ShardConsumer] = {}
        self._tasks = 0
        self._changed = Signal()
        self._discovery = Discovery()
        self._discovered = False
        self._watch = MappingWatch(
            status,
            ports.mappings,
            clock=scheduler,
            interval=options.settings_interval,
            log=self._log_event,
            changed=self._end_session,
        )
        self._saver = CheckpointSaver(
            ports.checkpoints,
            self.uuid,
            state=lambda: {} if self._watch.deleted else self._registry.checkpoints(),
            trouble=partial(self._log_event, EventType.WARNING),
        )
        self._session = self._new_session()

    def start(self) -> None:
        """Spawn the mapping's tasks."""
        self._log_event(EventType.SERVING, self._session.settings.describe())
        self._scheduler.spawn(self._watch.run())
        self._scheduler.spawn(self._serve())
        self._scheduler.spawn(self._save())

    def stop(self, reason: str = "asked to stop") -> None:
        """Start no invocation from now on; end when those in flight have."""
        self._stop_reason = self._stop_reason or reason
        self._watch.close()
        self._end_session()

    def idle_for(self, now: float) -> float:
        """Seconds since something was read, in flight or pending; 0 while anything is."""
        waiting = any(consumer.pending or not consumer.caught_up for consumer in self._consumers.values())
        if waiting or self._discovery.expecting_child or not self._discovered:
            return 0.0
        return max(0.0, now - self._session.last_active)

    def _log_event(self, event_type: EventType, reason: str) -> None:
        self._session.log(event_type, reason)

    def _new_session(self) -> Session:
        return Session(
            self._watch.status.settings,
            ports=self._ports,
            options=self._options,
            clock=self._scheduler,
            log=self._event_log,
            metrics=self.metrics,
        )

    def _serve(self) -> Task[None]:
        while not self._stop_reason and not self._watch.deleted:
            if self._watch.paused:
                yield Sleep(None, self._changed)
                continue
            if self._session.stopping:
                self._session = self._new_session()
            yield from self._run_session(self._session)
        self._saver.close()

    def _save(self) -> Task[None]:
        yield from self._saver.run()
        self.done = True
        self._log_event(EventType.STOPPED, self._stop_reason or "the mapping was deleted")

    def _run_session(self, session: Session) -> Task[None]:
        while not session.stopping:
            pages = yield from self._discovery.list_shards(session)
            shards = shards_of(pages)
            self._take_in(session, shards)
            delay = self._discovery.next_delay(
                session,
                childless=bool(self._registry.childless(shards)),
                disabled=any(page.status.startswith("DISABL") for page in pages),
            )
            self._discovered = not self._discovery.throttled
            if not session.stopping:
                yield Sleep(self._scheduler.now() + delay, self._changed)
        while self._tasks:
            yield Sleep(None, self._changed)
        self._consumers.clear()
        self._registry.release()

    def _take_in(self, session: Session, shards: list[ShardDescription]) -> None:
        if self._registry.discover(shards, self._scheduler.now()):
            self._saver.request()
        self._start_shards(session)

    def _start_shards(self, session: Session) -> None:
        if not session.stopping:
            for shard in self._registry.startable():
                self._consume(session, shard)

    def _consume(self, session: Session, shard: ShardState) -> None:
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
            self._tasks += 1
            self._scheduler.spawn(self._counted(task))

    def _counted(self, task: Task[None]) -> Task[None]:
        yield from task
        self._tasks -= 1
        if not self._tasks:
            self._changed.fire()

    def _finish_shard(self, session: Session, shard: ShardState) -> None:
        shard.finished_at = self._scheduler.now()
        self._consumers.pop(shard.shard_id, None)
        session.log(EventType.SHARD_FINISHED, "read to its end, every record done", shard=shard.shard_id)
        self._saver.request()
        self._start_shards(session)
        self._discovery.expect_children()
        self._changed.fire()

    def _end_session(self) -> None:
        self._session.stop()
        for consumer in list(self._consumers.values()):
            consumer.wake()
        self._changed.fire()
