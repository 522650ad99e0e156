"""Batches by size, window and payload."""

from __future__ import annotations

from itertools import chain

import pytest

from event_source_mapping.batches.buffer import PAYLOAD_LIMIT, BatchBuffer
from event_source_mapping.filters.patterns import parse_pattern
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.records import encode
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.testing.builders import make_record
from event_source_mapping.testing.simulation import Simulation
from tests.event_source_mapping.scenario import START, SUCCESS, numbers, sent, simulate


def at(*seconds: float) -> list[StreamRecord]:
    """Make records that become readable at these times."""
    return [make_record(n, created=START + when) for n, when in enumerate(seconds, start=1)]


def times(simulation: Simulation) -> list[float]:
    """Return when each invocation was made, in seconds from the start."""
    return [round(d.time - START, 3) for d in simulation.events if d.outcome == "invoking"]


def test_batches_hold_at_most_the_batch_size() -> None:
    """Ten records in batches of four: 4, 4, 2 [Batches]."""
    simulation = simulate(records=10, settings={"batch_size": 4}).run()
    assert sent(simulation) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]


def test_without_a_window_one_record_is_one_invocation() -> None:
    """With window 0 nothing waits [Batches]."""
    simulation = simulate(records=at(0, 2, 4)).run(idle=5)
    assert sent(simulation) == [[1], [2], [3]]


def test_a_window_gathers_until_it_expires() -> None:
    """Records wait for the end of the window that was open when they came [Batches]."""
    simulation = simulate(records=at(1, 2, 3), settings={"batching_window": 5}).run(idle=10)
    assert sent(simulation) == [[1, 2, 3]]
    assert times(simulation) == [5.0]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    """Batch size reached: the batch goes out [Batches]."""
    settings = {"batching_window": 300, "batch_size": 3}
    simulation = simulate(records=3, settings=settings).run()
    assert times(simulation) == [0.0]


def test_the_window_starts_again_when_the_invocation_ends() -> None:
    """Records that come during an invocation wait a whole window from its end [Batches]."""

    def handler(_: Invocation) -> InvokeResult:
        simulation.scheduler.spend(4.0)
        return SUCCESS

    simulation = simulate(handler, records=at(0, 6), settings={"batching_window": 5})
    simulation.run(idle=20)
    assert sent(simulation) == [[1], [2]]
    assert times(simulation) == [5.0, 14.0]


def test_six_megabytes_of_encoded_event_end_a_batch() -> None:
    """The event as it travels never passes 6 MB, and uses the room it has [Batches]."""
    records = [large(number) for number in range(1, 21)]
    simulation = simulate(records=records).run()
    assert list(chain(*sent(simulation))) == list(range(1, 21))
    bodies = [len(i.body()) for i in simulation.function.invocations]  # type: ignore[attr-defined]
    one = len(records[0].encoded) + 1
    assert max(bodies) <= PAYLOAD_LIMIT
    assert all(body > PAYLOAD_LIMIT - one for body in bodies[:-1])


def test_a_payload_over_the_limit_releases_a_batch_before_its_window() -> None:
    """6 MB reached: the batch goes out [Batches]."""
    records = [large(number) for number in range(1, 11)]
    simulation = simulate(records=records, settings={"batching_window": 100}).run(seconds=50)
    assert times(simulation) == [0.0]


def test_filtered_records_do_not_count_towards_a_batch() -> None:
    """Only records that pass the filters fill a batch [Batches]."""
    records = [make_record(n, name="INSERT" if n % 2 else "MODIFY") for n in range(1, 9)]
    pattern = parse_pattern('{"eventName": ["INSERT"]}')
    settings = {"filters": (pattern,), "batch_size": 4}
    simulation = simulate(records=records, settings=settings).run()
    assert sent(simulation) == [[1, 3, 5, 7]]
    assert simulation.poller.metrics.FilteredOutEventCount == 4


def test_a_batch_with_every_record_filtered_is_no_invocation_but_moves_the_checkpoint() -> None:
    """Filtered records are passed: no call, no document [Batches]."""
    settings = {"filters": (parse_pattern('{"eventName": ["REMOVE"]}'),)}
    simulation = simulate(settings=settings).run()
    assert sent(simulation) == []
    kept = simulation.stop().checkpoints.load(simulation.poller.uuid)
    assert kept["shardId-1"].sequence_number == str(10**20 + 4)


def test_a_batch_size_above_a_read_is_reached_over_several_reads() -> None:
    """GetRecords gives at most 1000; a window gathers more [Batches]."""
    settings = {"batch_size": 10_000, "batching_window": 1}
    simulation = simulate(records=2500, settings=settings).run()
    assert [len(batch) for batch in sent(simulation)] == [2500]


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_the_buffer_gives_back_every_record_in_order(batch_size: int) -> None:
    """Taking batches neither loses nor reorders [Batches]."""
    buffer: BatchBuffer[StreamRecord] = BatchBuffer(batch_size=batch_size, window=0, opened=0.0)
    for number in range(1, 26):
        buffer.append(make_record(number), 0.0)
    taken: list[int] = []
    while buffer:
        taken += numbers(buffer.take())
    assert taken == list(range(1, 26))
    assert buffer.size == 0


def large(number: int) -> StreamRecord:
    """Make a record of about 700 KB."""
    small = make_record(number)
    event = {**small.event, "filler": "é" * 350_000}
    return StreamRecord(small.sequence_number, small.created, event, encode(event))
