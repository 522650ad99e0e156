"""Serving one mapping: sessions, discovery, changes of the mapping, checkpoints.

docs/event-source-mapping.md, "While it runs".
"""

from functools import partial

from .decisions import DecisionLog, Outcome
from .discovery import Discovery, shards_of
from .errors import CheckpointError, EventSourceMappingError, MappingNotFoundError
from .lineage import ShardDescription
from .metrics import Metrics
from .ports import ShardCheckpoint
from .session import Options, Ports, Session
from .settings import MappingSettings, MappingStatus
from .shard_consumer import ShardConsumer, ShardState
from .shard_registry import ShardRegistry
from .tasks import Perform, Scheduler, Signal, Sleep, Task


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
        log: DecisionLog,
    ) -> None:
        self.uuid = status.settings.uuid
        self.metrics = Metrics()
        self.done = False
        self._status = status
        self._paused = False
        self._stopping = False
        self._deleted = False
        self._end_reason = ""
        self._ports = ports
        self._options = options
        self._scheduler = scheduler
        self._log = log
        self._registry = ShardRegistry(status.settings.starting_position, checkpoints)
        self._session = self._new_session()
        self._consumers: dict[str, ShardConsumer] = {}
        self._tasks = 0
        self._changed = Signal()
        self._saving = Signal()
        self._unsaved = False
        self._closing = False
        self._over = Signal()
        self._discovery = Discovery()
        self._discovered = False

    def start(self) -> None:
        """Spawn the mapping's tasks."""
        self._session.decide(Outcome.SERVING, describe(self._session.settings))
        if self._status.enabled:
            self._warn_of_two_pollers()
        self._scheduler.spawn(self._serve())
        self._scheduler.spawn(self._watch())
        self._scheduler.spawn(self._save_when_needed())

    def stop(self, reason: str = "asked to stop") -> None:
        """Start no invocation from now on; end when those in flight have."""
        self._stopping = True
        self._end_reason = self._end_reason or reason
        self._over.fire()
        self._end_session()

    def idle_for(self, now: float) -> float:
        """Seconds since something was read, in flight or pending; 0 while anything is."""
        waiting = any(consumer.pending or not consumer.caught_up for consumer in self._consumers.values())
        if waiting or self._discovery.expecting_child or not self._discovered:
            return 0.0
        return max(0.0, now - self._session.last_active)

    def _new_session(self) -> Session:
        return Session(
            self._status.settings,
            ports=self._ports,
            options=self._options,
            clock=self._scheduler,
            log=self._log,
            metrics=self.metrics,
        )

    def _serve(self) -> Task[None]:
        while not self._finished():
            if self._paused:
                yield Sleep(None, self._changed)
                continue
            if self._session.stopping:
                self._session = self._new_session()
            yield from self._run_session(self._session)
        self._closing = True
        self._request_save()

    def _finished(self) -> bool:
        return self._stopping or self._deleted

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
            self._request_save()
        if session.stopping:
            return
        for shard in self._registry.startable():
            self._consume(session, shard)

    def _consume(self, session: Session, shard: ShardState) -> None:
        shard.consuming = True
        consumer = ShardConsumer(
            session,
            shard,
            checkpointed=self._request_save,
            finished=partial(self._finish_shard, session, shard),
        )
        self._consumers[shard.shard_id] = consumer
        session.decide(
            Outcome.SHARD_STARTED,
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
        session.decide(Outcome.SHARD_FINISHED, "read to its end, every record done", shard=shard.shard_id)
        self._request_save()
        for ready in self._registry.startable():
            self._consume(session, ready)
        self._discovery.expect_children()
        self._changed.fire()

    def _end_session(self) -> None:
        self._session.stop()
        for consumer in list(self._consumers.values()):
            consumer.wake()
        self._changed.fire()

    def _watch(self) -> Task[None]:
        """Read the mapping again and again, and act on what has changed."""
        trouble = ""
        while not self._finished():
            yield Sleep(self._scheduler.now() + self._options.settings_interval, self._over)
            if self._finished():
                return
            try:
                status = yield Perform(partial(self._ports.mappings.mapping, self.uuid))
                trouble = ""
            except MappingNotFoundError:
                self._delete()
                return
            except EventSourceMappingError as error:
                if str(error) != trouble:
                    trouble = str(error)
                    self._session.decide(Outcome.WARNING, f"{error}: serving as before")
                continue
            self._adopt(status)

    def _adopt(self, status: MappingStatus) -> None:
        before, self._status = self._status, status
        if status.deleting:
            self._delete()
        elif before.enabled and not status.enabled:
            self._paused = True
            self._session.decide(Outcome.PAUSED, "the mapping was disabled")
            self._end_session()
        elif status.enabled and not before.enabled:
            self._resume()
        elif status.settings != before.settings and not self._paused:
            self._session.decide(Outcome.UPDATED, describe(status.settings))
            self._end_session()

    def _resume(self) -> None:
        self._warn_of_two_pollers()
        if self._paused:
            self._paused = False
            self._session.decide(Outcome.RESUMED, "the mapping was enabled")
            self._changed.fire()

    def _delete(self) -> None:
        if not self._deleted:
            self._deleted = True
            self._end_reason = "the mapping was deleted"
            self._session.decide(Outcome.DELETED, "the mapping was deleted")
            self._end_session()

    def _warn_of_two_pollers(self) -> None:
        self._session.decide(
            Outcome.WARNING,
            "the mapping is enabled: the endpoint's own poller delivers its records as well; "
            "disable the mapping to have this command alone serve it",
        )

    def _request_save(self) -> None:
        self._unsaved = True
        self._saving.fire()

    def _save_when_needed(self) -> Task[None]:
        """Save one state at a time; the last one before the mapping is done."""
        while self._unsaved or not self._closing:
            if self._unsaved:
                yield from self._save()
            else:
                yield Sleep(None, self._saving)
        self.done = True
        self._session.decide(Outcome.STOPPED, self._end_reason)

    def _save(self) -> Task[None]:
        self._unsaved = False
        kept = {} if self._deleted else self._registry.checkpoints()
        try:
            yield Perform(partial(self._ports.checkpoints.save, self.uuid, kept))
        except CheckpointError as error:
            self._session.decide(Outcome.WARNING, f"{error}: a restart may repeat records")


def describe(settings: MappingSettings) -> str:
    """Say in one line what is served and with which settings."""
    parts = [
        f"batches of {settings.batch_size}",
        f"window {settings.batching_window} s",
        f"factor {settings.parallelization_factor}",
        f"retries {_limit(settings.maximum_retry_attempts)}",
        f"record age {_limit(settings.maximum_record_age, ' s')}",
        f"bisect {'on' if settings.bisect_on_error else 'off'}",
        f"partial responses {'on' if settings.report_batch_item_failures else 'off'}",
    ]
    if settings.tumbling_window:
        parts.append(f"tumbling window {settings.tumbling_window} s")
    if settings.filters:
        parts.append(f"{len(settings.filters)} filter patterns")
    parts.append(f"on failure to {settings.destination or 'nowhere'}")
    return f"{settings.stream_arn} to {settings.function_arn}: {', '.join(parts)}"


def _limit(value: int, unit: str = "") -> str:
    return "without limit" if value < 0 else f"{value}{unit}"
