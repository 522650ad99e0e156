"""Shared words of the queue's scenarios: a queue of numbered messages, handlers that fail on order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.messages import Message
from event_source_mapping.running.virtual import VirtualScheduler
from event_source_mapping.testing.builders import QUEUE_ARN, make_queue_settings
from event_source_mapping.testing.fake_queue import FakeQueue
from event_source_mapping.testing.fakes import FakeFunction
from event_source_mapping.testing.simulation import QUIET, QueueSimulation
from tests.event_source_mapping.scenario import FAILURE, SUCCESS, answering

WATCHING = replace(QUIET, settings_interval=1.0)
FIFO_ARN = f"{QUEUE_ARN}.fifo"

Handler = Callable[[Invocation], InvokeResult]


def bodies(invocation: Invocation) -> list[str]:
    """Return the bodies of an invocation's messages."""
    return [record.event["body"] for record in invocation.records]


def sent(simulation: QueueSimulation) -> list[list[str]]:
    """Return what each invocation carried, oldest first."""
    assert isinstance(simulation.function, FakeFunction)
    return [bodies(invocation) for invocation in simulation.function.invocations]


def fails_on(*poison: str) -> Handler:
    """Make a handler that raises when a poison message is in the batch."""
    return lambda invocation: FAILURE if set(poison) & set(bodies(invocation)) else SUCCESS


def names(*poison: str) -> Handler:
    """Make a handler that names the poison messages of the batch."""

    def handler(invocation: Invocation) -> InvokeResult:
        failed = [record.identifier for record in invocation.records if record.event["body"] in poison]
        return answering({"batchItemFailures": [{"itemIdentifier": each} for each in failed]})

    return handler


def simulate(
    handler: Handler = lambda _: SUCCESS,
    *,
    messages: Sequence[str] = ("a", "b", "c"),
    group: Callable[[str], str] | None = None,
    visibility: int = 30,
    receives: int = 2,
    options: Any = QUIET,
    enabled: bool = False,
    **settings: Any,
) -> QueueSimulation:
    """Make a simulation of a queue with messages and a dead-letter queue; FIFO if there are groups."""
    scheduler = VirtualScheduler()
    arn = FIFO_ARN if group else QUEUE_ARN
    queue = FakeQueue(
        scheduler.now,
        arn=arn,
        visibility_timeout=visibility,
        dead_letters=FakeQueue(scheduler.now, arn=f"{arn}-dead"),
        maximum_receives=receives,
    )
    for body in messages:
        queue.send(body, group=group(body) if group else None)
    return QueueSimulation(
        make_queue_settings(source_arn=arn, **settings),
        function=FakeFunction(handler),
        scheduler=scheduler,
        queue=queue,
        options=options,
        enabled=enabled,
    )


def dead(simulation: QueueSimulation) -> list[str]:
    """Return the bodies in the dead-letter queue."""
    queue = simulation.queue._dead_letters
    assert queue is not None
    return [message.body for message in queue.messages]


def left(simulation: QueueSimulation) -> list[str]:
    """Return the bodies in the queue."""
    return [message.body for message in simulation.queue.messages]


def receive_counts(simulation: QueueSimulation) -> list[str]:
    """Return the receive count of each invocation's first message."""
    assert isinstance(simulation.function, FakeFunction)
    firsts = [invocation.records[0] for invocation in simulation.function.invocations]
    assert all(isinstance(first, Message) for first in firsts)
    return [first.event["attributes"]["ApproximateReceiveCount"] for first in firsts]


def passed(simulation: QueueSimulation) -> float:
    """Return the seconds since the start."""
    return simulation.scheduler.now() - 1_700_000_000.0 if not math.isinf(simulation.scheduler.now()) else math.inf
