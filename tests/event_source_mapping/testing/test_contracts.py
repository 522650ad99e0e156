"""One contract for each port: the fakes of virtual time and the real ones keep the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from event_source_mapping.aws.clients import AwsClients
from event_source_mapping.aws.destinations import AwsDestinations
from event_source_mapping.aws.functions import AwsFunction
from event_source_mapping.aws.mappings import AwsMappings
from event_source_mapping.aws.streams import AwsStream
from event_source_mapping.mapping.ports import (
    FailureDestination,
    FailureNotice,
    FunctionInvoker,
    MappingSource,
    StreamReader,
)
from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.errors import (
    DestinationError,
    InvokeError,
    MappingNotFoundError,
    StreamNotFoundError,
    TrimmedDataError,
)
from event_source_mapping.model.invocations import Invocation
from event_source_mapping.model.streams import Position
from event_source_mapping.testing.builders import MAPPING_UUID, STREAM_ARN, make_record, make_settings
from event_source_mapping.testing.fake_stream import FakeShard, FakeStream
from event_source_mapping.testing.fakes import FakeDestination, FakeFunction, FakeMappings
from tests.event_source_mapping.scenario import FAILURE, START, answering
from tests.event_source_mapping.stage import ACCOUNT, REGION, Stage

KINDS = ["fake", pytest.param("aws", marks=pytest.mark.end_to_end)]
UNKNOWN = "00000000-0000-4000-8000-00000000dead"


@dataclass
class Subject:
    """What a contract is tried on, and how to name things of its world."""

    stream: StreamReader
    function: FunctionInvoker
    destination: FailureDestination
    mappings: MappingSource
    stream_arn: str
    function_arn: str
    failing_arn: str
    destination_arn: str
    mapping: str
    received: Callable[[], list[Any]]


@pytest.fixture(params=KINDS)
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    """Give each world in turn, with five records in one shard."""
    if request.param == "fake":
        return _fakes()
    return _real(request.getfixturevalue("stage"), tmp_path)


def _fakes() -> Subject:
    class Functions:
        def invoke(self, function_arn: str, invocation: Invocation) -> Any:
            if function_arn == "none":
                raise InvokeError("ResourceNotFoundException")
            answer = FAILURE if function_arn == "fails" else answering(len(invocation.records))
            return FakeFunction(lambda _: answer).invoke(function_arn, invocation)

    class Destinations(FakeDestination):
        def send(self, destination_arn: str, notice: FailureNotice) -> None:
            self.refuses = destination_arn != "queue"
            super().send(destination_arn, notice)

    destination = Destinations()
    shard = FakeShard("shardId-1", None, [make_record(n) for n in range(1, 6)])
    return Subject(
        FakeStream([shard], lambda: START),
        Functions(),
        destination,
        FakeMappings(MappingStatus(make_settings(), enabled=False)),
        STREAM_ARN,
        "works",
        "fails",
        "queue",
        MAPPING_UUID,
        lambda: list(destination.documents),
    )


def _real(stage: Stage, tmp_path: Path) -> Subject:
    clients = AwsClients(stage.endpoint, REGION)
    table, stream_arn = stage.table()
    stage.put(table, *(f"item-{number}" for number in range(5)))
    works = stage.function("def handler(event, context): return len(event['Records'])", tmp_path)
    fails = stage.function("def handler(event, context): raise ValueError('boom')", tmp_path)
    url, queue = stage.queue()
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    return Subject(
        AwsStream(clients),
        AwsFunction(clients),
        AwsDestinations(clients),
        AwsMappings(clients),
        stream_arn,
        arn + works,
        arn + fails,
        queue,
        stage.mapping(stream_arn, works),
        lambda: stage.messages(url),
    )


def read(subject: Subject, position: Position, limit: int = 1000) -> list[str]:
    """Read one page; return its sequence numbers."""
    (shard,) = subject.stream.describe(subject.stream_arn, None).shards
    iterator = subject.stream.shard_iterator(subject.stream_arn, shard.shard_id, position)
    page = subject.stream.get_records(subject.stream_arn, iterator, limit)
    assert page.next_iterator is not None
    return [record.sequence_number for record in page.records]


def test_positions(subject: Subject) -> None:
    """Each iterator type starts where it says [Reading a shard]."""
    everything = read(subject, Position("TRIM_HORIZON"))
    assert len(everything) == 5
    assert sorted(everything, key=int) == everything
    assert read(subject, Position("LATEST")) == []
    assert read(subject, Position("AT_SEQUENCE_NUMBER", everything[2])) == everything[2:]
    assert read(subject, Position("AFTER_SEQUENCE_NUMBER", everything[2])) == everything[3:]
    assert read(subject, Position("TRIM_HORIZON"), limit=2) == everything[:2]


def test_pages_follow_each_other(subject: Subject) -> None:
    """The next iterator reads on, also at the end of an open shard [Reading a shard]."""
    (shard,) = subject.stream.describe(subject.stream_arn, None).shards
    assert not shard.closed
    iterator: str | None = subject.stream.shard_iterator(subject.stream_arn, shard.shard_id, Position("TRIM_HORIZON"))
    sizes = []
    for _ in range(4):
        assert iterator is not None
        page = subject.stream.get_records(subject.stream_arn, iterator, 2)
        iterator = page.next_iterator
        sizes.append(len(page.records))
    assert sizes == [2, 2, 1, 0]
    assert iterator is not None


def test_a_position_that_is_not_there_is_trimmed(subject: Subject) -> None:
    """A number the shard does not hold [Reading a shard]."""
    with pytest.raises(TrimmedDataError):
        read(subject, Position("AFTER_SEQUENCE_NUMBER", "7" * 21))


def test_an_unknown_stream_is_not_found(subject: Subject) -> None:
    """A stream that is gone [Shards]."""
    gone = subject.stream_arn.replace("/stream/", "-gone/stream/")
    with pytest.raises(StreamNotFoundError):
        subject.stream.describe(gone, None)


def test_a_function_answers_fails_or_is_not_reached(subject: Subject) -> None:
    """Three ways an invocation ends [Retries]."""
    invocation = Invocation((make_record(1), make_record(2)))
    answer = subject.function.invoke(subject.function_arn, invocation)
    assert (json.loads(answer.payload), answer.function_error) == (2, None)
    failure = subject.function.invoke(subject.failing_arn, invocation)
    assert (failure.function_error, failure.status_code) == ("Unhandled", 200)
    with pytest.raises(InvokeError):
        subject.function.invoke("none", invocation)


def test_a_destination_takes_the_document_or_refuses(subject: Subject) -> None:
    """Sent once, whole; or DestinationError [On-failure destinations]."""
    document = {"version": "1.0"}
    notice = FailureNotice("u", "s", time.time(), document, Invocation((make_record(1),)))
    subject.destination.send(subject.destination_arn, notice)
    assert subject.received() == [document]
    for arn in (subject.destination_arn + "-none", "arn:aws:sqs:x:1:q.fifo", "kafka://x", ""):
        with pytest.raises(DestinationError):
            subject.destination.send(arn, notice)
    assert subject.received() in ([], [document])


def test_a_mapping_is_known_or_not(subject: Subject) -> None:
    """GetEventSourceMapping [Settings]."""
    assert subject.mappings.mapping(subject.mapping).settings.uuid == subject.mapping
    with pytest.raises(MappingNotFoundError):
        subject.mappings.mapping(UNKNOWN)
