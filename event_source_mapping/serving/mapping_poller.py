"""Serving one mapping: sessions, one after the other, each over the same source.

docs/event-source-mapping.md, "While it runs".
"""

from __future__ import annotations

from event_source_mapping.log.events import EventLog, EventType
from event_source_mapping.log.metrics import Metrics
from event_source_mapping.mapping.session import Options, Ports, Session
from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.running.tasks import Scheduler, Signal, Sleep, Task
from event_source_mapping.serving.mapping_watch import MappingWatch
from event_source_mapping.serving.source import ServedSession, source_of


class MappingPoller:
    """Serves one mapping until it is deleted or `stop` is called."""

    def __init__(
        self, status: MappingStatus, *, ports: Ports, options: Options, scheduler: Scheduler, log: EventLog
    ) -> None:
        """Begin a stream where its checkpoints say; without any, at its starting position. Raises CheckpointError."""
        self.uuid = status.settings.uuid
        self.metrics = Metrics()
        self.done = False
        self._ports = ports
        self._options = options
        self._scheduler = scheduler
        self._event_log = log
        self._stop_reason = ""
        self._changed = Signal()
        self._source = source_of(status.settings, ports, scheduler)
        self._watch = MappingWatch(
            status,
            ports.mappings,
            clock=scheduler,
            interval=options.settings_interval,
            two_pollers=self._source.two_pollers,
            log=self._log_event,
            changed=self._end_session,
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
        return 0.0 if self._source.busy else max(0.0, now - self._session.last_active)

    def counters(self) -> dict[str, int]:
        """Give the counters that this kind of source has."""
        counters = self.metrics.as_dict()
        return {name: count for name, count in counters.items() if name not in self._source.foreign_counters}

    def _log_event(self, event_type: EventType, reason: str) -> None:
        self._session.log(event_type, reason)

    def _new_session(self) -> ServedSession:
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
            yield from self._source.run(self._session)
        self._source.close(deleted=self._watch.deleted)

    def _save(self) -> Task[None]:
        yield from self._source.save(self._session)
        self.done = True
        self._log_event(EventType.STOPPED, self._stop_reason or "the mapping was deleted")

    def _end_session(self) -> None:
        self._session.stop()
        self._source.wake()
        self._changed.fire()
