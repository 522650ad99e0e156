"""A mapping under virtual time: the real core between fakes, deterministic and fast.

    stream shards + a handler  ──▶  Simulation(...).run()  ──▶  events, invocations, documents

A handler that takes time says so with `simulation.scheduler.spend(seconds)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Self

from event_source_mapping.log.events import EventType, LogEvent
from event_source_mapping.mapping.ports import (
    CheckpointStore,
    FailureDestination,
    FunctionInvoker,
    QueueClient,
    StreamReader,
)
from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.session import Options, Ports
from event_source_mapping.mapping.settings import MappingSettings, MappingStatus
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.running.virtual import VirtualScheduler
from event_source_mapping.serving.mapping_poller import MappingPoller
from event_source_mapping.shards.checkpoints import MemoryCheckpoints
from event_source_mapping.testing.fake_queue import FakeQueue
from event_source_mapping.testing.fake_stream import FakeShard, FakeStream
from event_source_mapping.testing.fakes import FakeDestination, FakeFunction, FakeMappings

# The mapping is not read again unless a test asks for it: a day would hold 86,400 such reads.
QUIET = Options(settings_interval=math.inf)


class MappingSimulation:
    """One mapping between fakes, and a clock of their own; `Simulation` and `QueueSimulation` say of which source."""

    def __init__(
        self,
        scheduler: VirtualScheduler,
        settings: MappingSettings,
        *,
        stream: StreamReader,
        queue: QueueClient,
        function: FunctionInvoker | None,
        destination: FailureDestination | None = None,
        checkpoints: CheckpointStore | None = None,
        options: Options,
        enabled: bool,
    ) -> None:
        self.scheduler = scheduler
        self.function = function or FakeFunction()
        self.destination = destination or FakeDestination()
        self.checkpoints = checkpoints or MemoryCheckpoints()
        status = MappingStatus(settings, enabled)
        self.mappings = FakeMappings(status)
        self.events: list[LogEvent] = []
        numbers = count(1)
        self.poller = MappingPoller(
            status,
            ports=Ports(
                stream=stream,
                queue=queue,
                function=self.function,
                destination=self.destination,
                mappings=self.mappings,
                checkpoints=self.checkpoints,
                new_id=lambda: f"00000000-0000-4000-9000-{next(numbers):012d}",
            ),
            options=options,
            scheduler=self.scheduler,
            log=self.events.append,
        )
        self._started = False

    def run(self, *, seconds: float = math.inf, idle: float = 1.0) -> Self:
        """Serve until nothing has happened for `idle` seconds, at most for `seconds`; goes on."""
        if not self._started:
            self._started = True
            self.poller.start()
        now = self.scheduler.now
        end = now() + seconds
        self.scheduler.run(lambda: self.poller.done or now() >= end or self.poller.idle_for(now()) >= idle)
        return self

    def stop(self) -> Self:
        """Stop as Ctrl-C does, and wait for what is in flight."""
        self.poller.stop()
        self.scheduler.run(lambda: self.poller.done)
        self.scheduler.step_ready()
        return self

    def change(self, *, enabled: bool | None = None, **changes: object) -> None:
        """Change the mapping as UpdateEventSourceMapping does."""
        status = self.mappings.statuses[self.poller.uuid]
        settings = replace(status.settings, **changes)  # type: ignore[arg-type] # names are the caller's
        self.mappings.statuses[self.poller.uuid] = MappingStatus(
            settings, status.enabled if enabled is None else enabled
        )

    def logged(self, *wanted: EventType) -> list[LogEvent]:
        """Return the events of these types."""
        return [event for event in self.events if event.outcome in wanted]


class Simulation(MappingSimulation):
    """A mapping of a stream."""

    def __init__(
        self,
        shards: Sequence[FakeShard],
        settings: StreamSettings,
        *,
        function: FunctionInvoker | None = None,
        destination: FailureDestination | None = None,
        checkpoints: CheckpointStore | None = None,
        options: Options = QUIET,
        enabled: bool = False,
        start: float = 1_700_000_000.0,
        before_call: Callable[[str, str], None] = lambda _call, _shard_id: None,
        page_size: int = 100,
    ) -> None:
        scheduler = VirtualScheduler(start)
        self.stream = FakeStream(shards, scheduler.now, before=before_call, page_size=page_size)
        super().__init__(
            scheduler,
            settings,
            stream=self.stream,
            queue=FakeQueue(scheduler.now),
            function=function,
            destination=destination,
            checkpoints=checkpoints,
            options=options,
            enabled=enabled,
        )


class QueueSimulation(MappingSimulation):
    """A mapping of a queue, whose messages a test sends to `queue`."""

    def __init__(
        self,
        settings: QueueSettings,
        *,
        function: FunctionInvoker | None = None,
        options: Options = QUIET,
        enabled: bool = False,
        scheduler: VirtualScheduler | None = None,
        queue: FakeQueue | None = None,
    ) -> None:
        """Give a `scheduler` together with a `queue` that keeps its time."""
        scheduler = scheduler or VirtualScheduler()
        self.queue = queue or FakeQueue(scheduler.now, arn=settings.source_arn)
        super().__init__(
            scheduler,
            settings,
            stream=FakeStream((), scheduler.now),
            queue=self.queue,
            function=function,
            options=options,
            enabled=enabled,
        )
