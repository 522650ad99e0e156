"""Serving mappings from a live endpoint: the composition root of this package."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from event_source_mapping.aws.clients import AwsClients
from event_source_mapping.aws.destinations import AwsDestinations
from event_source_mapping.aws.functions import AwsFunction
from event_source_mapping.aws.mappings import AwsMappings
from event_source_mapping.aws.queues import AwsQueues
from event_source_mapping.aws.streams import AwsStream
from event_source_mapping.log.events import EventLog, EventType, LogEvent
from event_source_mapping.log.metrics import Metrics
from event_source_mapping.mapping.ports import FunctionInvoker
from event_source_mapping.mapping.session import Options, Ports
from event_source_mapping.queues.checks import CheckedMappings
from event_source_mapping.running.live import LiveScheduler
from event_source_mapping.serving.mapping_poller import MappingPoller
from event_source_mapping.shards.checkpoints import FileCheckpoints, MemoryCheckpoints


def serve(
    mapping_ids: Sequence[str],
    *,
    endpoint_url: str,
    on_event: EventLog = lambda _: None,
    stop: threading.Event | None = None,
    exit_when_idle: float | None = None,
    checkpoint_file: Path | None = None,
    region: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    options: Options | None = None,
    around_function: Callable[[FunctionInvoker], FunctionInvoker] = lambda function: function,
) -> dict[str, Metrics]:
    """Serve mappings until `stop` is set, all are deleted, or nothing happened for long enough.

    `on_event` is called on the calling thread with every step. `exit_when_idle`: seconds.
    `overrides`: settings by API name that replace what GetEventSourceMapping answers.
    `around_function` may stand between the mapping and the function, to play faults. Returns
    each mapping's counters. Raises EventSourceMappingError before anything is read: an unknown
    UUID, settings that cannot be served, an endpoint that does not answer, an unusable file.
    """
    uuids = list(dict.fromkeys(mapping_ids))
    stop = stop or threading.Event()
    clients = AwsClients(endpoint_url, region)
    queue = AwsQueues(clients)
    mappings = CheckedMappings(AwsMappings(clients, overrides), queue)
    statuses = [mappings.mapping(uuid) for uuid in uuids]
    checkpoints = FileCheckpoints(checkpoint_file) if checkpoint_file else MemoryCheckpoints()
    ports = Ports(
        stream=AwsStream(clients),
        queue=queue,
        function=around_function(AwsFunction(clients)),
        destination=AwsDestinations(clients),
        mappings=mappings,
        checkpoints=checkpoints,
        new_id=lambda: str(uuid4()),
    )
    with LiveScheduler() as scheduler:
        pollers = [
            MappingPoller(
                status,
                ports=ports,
                options=options or Options(),
                scheduler=scheduler,
                log=on_event,
            )
            for status in statuses
        ]
        _run(scheduler, pollers, stop, exit_when_idle)
    for poller in pollers:
        on_event(_summary(poller, scheduler.now()))
    return {poller.uuid: poller.metrics for poller in pollers}


def _run(
    scheduler: LiveScheduler,
    pollers: Sequence[MappingPoller],
    stop: threading.Event,
    exit_when_idle: float | None,
) -> None:
    def idle() -> bool:
        now = scheduler.now()
        return exit_when_idle is not None and all(poller.idle_for(now) > exit_when_idle for poller in pollers)

    for poller in pollers:
        poller.start()
    scheduler.run(lambda: stop.is_set() or idle())
    for poller in pollers:
        if not poller.done:  # else its mapping was deleted
            poller.stop("asked to stop" if stop.is_set() else f"nothing to do for {exit_when_idle:g} s")
    scheduler.run(lambda: False)


def _summary(poller: MappingPoller, now: float) -> LogEvent:
    counters = poller.counters()
    text = ", ".join(f"{name} {count}" for name, count in counters.items())
    return LogEvent(now, poller.uuid, EventType.SUMMARY, text, details={"metrics": counters})
