"""One session of a mapping: settings that hold until they change, and what its shards share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .decisions import Decision, DecisionLog, Outcome
from .metrics import Metrics
from .ports import CheckpointStore, FailureDestination, FunctionInvoker, MappingSource, StreamReader
from .records import StreamRecord
from .retries import RetrySchedule
from .settings import MappingSettings
from .tasks import Clock, Signal


@dataclass(frozen=True)
class Ports:
    """The outside world, passed in."""

    stream: StreamReader
    function: FunctionInvoker
    destination: FailureDestination
    mappings: MappingSource
    checkpoints: CheckpointStore
    new_id: Callable[[], str]  # a UUID's text


@dataclass(frozen=True)
class Options:
    """What AWS does not publish or a laptop wants otherwise; all in seconds but the last."""

    retry: RetrySchedule = field(default_factory=RetrySchedule)
    poll_interval: float = 0.25
    discovery_interval: float = 10.0
    settings_interval: float = 1.0
    retention: float = 86_400.0
    records_ahead: int = 10_000  # records a shard may hold that are read and not done


class Session:
    """Holds from one set of settings to the next; its end waits for invocations in flight."""

    def __init__(
        self,
        settings: MappingSettings,
        *,
        ports: Ports,
        options: Options,
        clock: Clock,
        log: DecisionLog,
        metrics: Metrics,
    ) -> None:
        self.settings = settings
        self.ports = ports
        self.options = options
        self.clock = clock
        self.metrics = metrics
        self.stopping = False
        self.stopped = Signal()
        self.last_active = clock.now()  # when a record was last read or an invocation ended
        self._log = log

    def stop(self) -> None:
        """Start no invocation from now on."""
        self.stopping = True
        self.stopped.fire()

    def decide(
        self,
        outcome: Outcome,
        reason: str,
        *,
        shard: str | None = None,
        records: Sequence[StreamRecord] = (),
        attempt: int | None = None,
        **details: Any,
    ) -> None:
        """Log a decision of this mapping."""
        self._log(
            Decision(
                time=self.clock.now(),
                mapping=self.settings.uuid,
                outcome=outcome,
                reason=reason,
                shard=shard,
                first=records[0].sequence_number if records else None,
                last=records[-1].sequence_number if records else None,
                records=len(records) if records else None,
                attempt=attempt,
                details=details,
            )
        )
