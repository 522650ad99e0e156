"""Reading a shard: expired iterators, trimmed data, throttling in both spellings."""

from __future__ import annotations

import pytest

from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.ports import ShardCheckpoint
from event_source_mapping.model.errors import (
    ExpiredIteratorError,
    StreamError,
    StreamNotFoundError,
    StreamThrottledError,
    StreamUnavailableError,
    TrimmedDataError,
)
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.shards.checkpoints import MemoryCheckpoints
from event_source_mapping.shards.reader import resume_position
from event_source_mapping.testing.builders import MAPPING_UUID, make_record
from event_source_mapping.testing.fake_stream import FakeShard
from tests.event_source_mapping.scenario import START, SUCCESS, sent, simulate


def raising(error: StreamError, *, call: str = "get_records", times: int = 1, after: int = 0) -> object:
    """Make a hook that raises in the calls after the first few."""
    seen = 0

    def before(name: str, _: str) -> None:
        nonlocal seen
        if name == call:
            seen += 1
            if after < seen <= after + times:
                raise error

    return before


def test_an_expired_iterator_is_replaced_after_the_last_record_read() -> None:
    """Batches of over 15 minutes lose no record and repeat none [Reading a shard]."""

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(1000.0)
        return SUCCESS

    records = [make_record(n, created=START + 700 * n) for n in range(5)]
    simulation = simulate(handler, records=records, settings={"batch_size": 1})
    simulation.run(idle=2000)
    assert sent(simulation) == [[0], [1], [2], [3], [4]]
    assert any("expired" in d.reason for d in simulation.logged(EventType.STREAM_TROUBLE))


@pytest.mark.parametrize(
    "error",
    [StreamThrottledError("LimitExceededException"), StreamThrottledError("ThrottlingException")],
)
@pytest.mark.parametrize("call", ["get_records", "shard_iterator"])
def test_throttling_is_waited_out(error: StreamError, call: str) -> None:
    """Reading goes on where it stood, later each time [Reading a shard]."""
    simulation = simulate(before_call=raising(error, call=call, times=4)).run()
    assert sent(simulation) == [[1, 2, 3, 4]]
    first = next(d.time for d in simulation.logged(EventType.READ))
    assert first == pytest.approx(START + 0.1 + 0.2 + 0.4 + 0.8)


def test_an_unreachable_stream_is_asked_again_and_reported_once() -> None:
    """Trouble is visible, not noisy [Reading a shard]."""
    error = StreamUnavailableError("cannot connect")
    simulation = simulate(before_call=raising(error, times=6)).run(idle=60)
    assert sent(simulation) == [[1, 2, 3, 4]]
    assert len(simulation.logged(EventType.STREAM_TROUBLE)) == 1


@pytest.mark.parametrize("call", ["get_records", "shard_iterator", "describe"])
def test_a_stream_that_fails_is_not_idle(call: str) -> None:
    """However long it fails: what does not answer may hold records [Use]."""
    error = StreamUnavailableError("500")
    simulation = simulate(before_call=raising(error, call=call, times=20)).run(idle=1)
    assert sent(simulation) == [[1, 2, 3, 4]]


def test_after_an_outage_idle_is_counted_anew() -> None:
    """A first empty read says little: it may come before the records that were written meanwhile [Use]."""
    records = [make_record(1), make_record(2, created=START + 150)]
    error = StreamUnavailableError("500")
    simulation = simulate(records=records, before_call=raising(error, times=20, after=1)).run(idle=20)
    assert sent(simulation) == [[1], [2]]


def test_a_trimmed_position_goes_on_at_the_oldest_record_visibly() -> None:
    """Data that the stream no longer holds is lost, and said to be [Reading a shard]."""
    error = TrimmedDataError("TrimmedDataAccessException")
    records = [make_record(n, created=START + n) for n in range(4)]
    simulation = simulate(records=records, before_call=raising(error, after=2)).run(idle=10)
    (lost,) = simulation.logged(EventType.LOST)
    assert "oldest record" in lost.reason
    assert [batch[0] for batch in sent(simulation)][-1] == 3


def test_a_stream_that_forgets_a_position_does_not_repeat_its_records() -> None:
    """After trimmed data, records that were read before are skipped [Reading a shard]."""
    error = TrimmedDataError("TrimmedDataAccessException")
    simulation = simulate(records=4, before_call=raising(error, after=1)).run(idle=10)
    assert sent(simulation) == [[1, 2, 3, 4]]


@pytest.mark.parametrize("error", [StreamThrottledError("ThrottlingException"), StreamUnavailableError("away")])
def test_trouble_at_latest_skips_nothing(error: StreamError) -> None:
    """The iterator is kept: a new one at LATEST would start later [Reading a shard]."""
    records = [make_record(1, created=START + 1), make_record(2, created=START + 5)]
    settings = {"starting_position": "LATEST"}
    simulation = simulate(records=records, settings=settings, before_call=raising(error, times=4, after=2)).run(idle=20)
    assert sent(simulation) == [[1], [2]]


def test_a_checkpoint_that_was_trimmed_starts_at_the_trim_horizon() -> None:
    """A restart after more than a day reads what is left [Checkpoints]."""
    checkpoints = MemoryCheckpoints()
    checkpoints.save(MAPPING_UUID, {"shardId-1": ShardCheckpoint(str(10**20 + 1))})
    records = [make_record(4), make_record(5)]
    simulation = simulate(records=records, checkpoints=checkpoints).run()
    assert sent(simulation) == [[4, 5]]
    assert len(simulation.logged(EventType.LOST)) == 1


def test_a_shard_that_is_gone_counts_as_finished() -> None:
    """Its children may start [Reading a shard]."""
    shards = [
        FakeShard("parent", None, [make_record(1)]),
        FakeShard("child", "parent", [make_record(2)]),
    ]

    def before(call: str, shard_id: str) -> None:
        if call == "get_records" and shard_id == "parent":
            raise StreamNotFoundError("ResourceNotFoundException")

    assert sent(simulate(shards=shards, before_call=before).run()) == [[2]]


def test_an_iterator_that_expires_again_and_again_is_not_asked_for_without_a_pause() -> None:
    """A stream that expires every iterator does not spin the poller [Reading a shard]."""
    calls: list[str] = []

    def before(call: str, _: str) -> None:
        calls.append(call)
        if call == "get_records":
            raise ExpiredIteratorError("ExpiredIteratorException")

    simulate(before_call=before).run(seconds=60, idle=100)
    assert len(calls) < 40


def test_an_idle_shard_is_polled_four_times_a_second() -> None:
    """The base rate, with nothing to read [Reading a shard]."""
    calls: list[str] = []
    simulate(records=0, before_call=lambda call, _: calls.append(call)).run(seconds=10, idle=60)
    assert calls.count("get_records") == pytest.approx(40, abs=1)


def test_a_shard_with_every_lane_busy_is_not_polled() -> None:
    """A day of retries is not a day of polling [Choices]."""
    calls: list[str] = []

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(100.0)
        return SUCCESS

    simulation = simulate(handler, records=1, before_call=lambda call, _: calls.append(call))
    simulation.run(seconds=90)
    assert calls.count("get_records") <= 2


@pytest.mark.parametrize(
    ("unfinished", "checkpoint", "kind", "number"),
    [
        ("5", "4", "AT_SEQUENCE_NUMBER", "5"),
        (None, "4", "AFTER_SEQUENCE_NUMBER", "4"),
        (None, None, "LATEST", None),
    ],
)
def test_where_reading_goes_on(unfinished: str | None, checkpoint: str | None, kind: str, number: str | None) -> None:
    """At the first record not done, after the last done, or at the start [Checkpoints]."""
    position = resume_position(first_unfinished=unfinished, checkpoint=checkpoint, start="LATEST")
    assert (position.kind, position.sequence_number) == (kind, number)
