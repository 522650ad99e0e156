"""Shared words of the scenarios: one shard of records, handlers that fail on order."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.records import Record
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.testing.builders import make_record, make_settings
from event_source_mapping.testing.fake_stream import FakeShard
from event_source_mapping.testing.fakes import FakeDestination, FakeFunction
from event_source_mapping.testing.simulation import Simulation

START = 1_700_000_000.0
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:failures"
FAILURE = InvokeResult(b'{"errorMessage":"boom","errorType":"ValueError"}', "Unhandled")
SUCCESS = InvokeResult()

Handler = Callable[[Invocation], InvokeResult]


def numbers(records: Collection[Record]) -> list[int]:
    """Return the numbers the records were made with."""
    return [int(record.identifier) - 10**20 for record in records]


def sent(simulation: Simulation) -> list[list[int]]:
    """Return what each invocation carried, oldest first."""
    assert isinstance(simulation.function, FakeFunction)
    return [numbers(invocation.records) for invocation in simulation.function.invocations]


def documents(simulation: Simulation) -> list[Any]:
    """Return the documents the on-failure destination received."""
    assert isinstance(simulation.destination, FakeDestination)
    return list(simulation.destination.documents)


def covered(document: Any) -> tuple[int, int, int]:
    """Return a document's first and last record and its batch size."""
    batch = document["DDBStreamBatchInfo"]
    return (
        int(batch["startSequenceNumber"]) - 10**20,
        int(batch["endSequenceNumber"]) - 10**20,
        batch["batchSize"],
    )


def answering(value: Any) -> InvokeResult:
    """Return an invocation's answer with this JSON value."""
    return InvokeResult(json.dumps(value).encode())


def naming(*failed: int) -> InvokeResult:
    """Return a partial failure that names records by their numbers."""
    return answering({"batchItemFailures": [{"itemIdentifier": str(10**20 + number)} for number in failed]})


def fails_on(*poison: int) -> Handler:
    """Make a handler that raises when a poison record is in the batch."""
    return lambda invocation: FAILURE if set(poison) & set(numbers(invocation.records)) else SUCCESS


def names(*poison: int) -> Handler:
    """Make a handler that names the first poison record of the batch."""

    def handler(invocation: Invocation) -> InvokeResult:
        found = sorted(set(poison) & set(numbers(invocation.records)))
        return naming(found[0]) if found else SUCCESS

    return handler


def simulate(
    handler: Handler = lambda _: SUCCESS,
    *,
    records: Collection[StreamRecord] | int = 4,
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> Simulation:
    """Make a simulation of one open shard; the destination is a queue unless set otherwise."""
    if isinstance(records, int):
        records = [make_record(number) for number in range(1, records + 1)]
    return Simulation(
        options.pop("shards", None) or [FakeShard("shardId-1", records=list(records))],
        make_settings(**{"destination": QUEUE_ARN, **(settings or {})}),
        function=FakeFunction(handler),
        **options,
    )
