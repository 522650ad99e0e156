"""One session of a mapping: the settings until they change, and what all of its batches share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from event_source_mapping.log.events import EventLog, EventType, LogEvent
from event_source_mapping.log.metrics import Metrics
from event_source_mapping.mapping.ports import (
    CheckpointStore,
    FailureDestination,
    FunctionInvoker,
    MappingSource,
    QueueClient,
    StreamReader,
)
from event_source_mapping.mapping.settings import MappingSettings
from event_source_mapping.model.records import Record
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.running.tasks import Clock, Signal


@dataclass(frozen=True)
class Ports:
    """The outside world, passed in."""

    stream: StreamReader
    queue: QueueClient
    function: FunctionInvoker
    destination: FailureDestination
    mappings: MappingSource
    checkpoints: CheckpointStore
    new_id: Callable[[], str]  # a UUID's text


@dataclass(frozen=True)
class Options:
    """What AWS does not publish, or a laptop wants otherwise; in seconds unless said otherwise."""

    retry: RetrySchedule = field(default_factory=RetrySchedule)
    poll_interval: float = 0.25  # after an empty read
    discovery_interval: float = 10.0  # between two listings of the shards
    settings_interval: float = 1.0  # between two reads of the mapping
    retention: float = 86_400.0  # how long the stream keeps a record
    records_ahead: int = 10_000  # how many records of a shard may be read and not done
    throttled: RetrySchedule = field(default_factory=lambda: RetrySchedule(1.0, 2.0, 8.0))  # a queue's batch
    receive_wait: int = 1  # how long a receive waits for the first message; 0 to 20
    queue_concurrency: int = 5  # batches of a queue at once, without MaximumConcurrency


S_co = TypeVar("S_co", bound=MappingSettings, covariant=True)


class Session(Generic[S_co]):
    """Lasts until the settings change; its end waits for the invocations in flight."""

    def __init__(
        self,
        settings: S_co,
        *,
        ports: Ports,
        options: Options,
        clock: Clock,
        log: EventLog,
        metrics: Metrics,
    ) -> None:
        self.settings = settings
        self.ports = ports
        self.options = options
        self.clock = clock
        self.metrics = metrics
        self.stopping = False
        self.stopped = Signal()
        self.last_active = clock.now()  # when a record was last read, an invocation ended, or the source failed
        self._event_log = log

    def stop(self) -> None:
        """Start no invocation from now on."""
        self.stopping = True
        self.stopped.fire()

    def log(
        self,
        event_type: EventType,
        reason: str,
        *,
        shard: str | None = None,
        records: Sequence[Record] = (),
        attempt: int | None = None,
        **details: Any,
    ) -> None:
        """Log an event of this mapping; `details` are the fields of its own.

        Records of a shard are logged by their sequence numbers, messages of a queue by their IDs.
        """
        numbered = bool(records) and shard is not None
        if records and shard is None:
            details["messageIds"] = [record.identifier for record in records]
        self._event_log(
            LogEvent(
                time=self.clock.now(),
                mapping=self.settings.uuid,
                outcome=event_type,
                reason=reason,
                shard=shard,
                first=records[0].identifier if numbered else None,
                last=records[-1].identifier if numbered else None,
                records=len(records) if records else None,
                attempt=attempt,
                details=details,
            )
        )
