"""Lanes: order per item, and the checkpoint of several batches in flight."""

from __future__ import annotations

from collections import defaultdict

import pytest

from event_source_mapping.lanes.lane import lane_of
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.testing.builders import make_record
from event_source_mapping.testing.fakes import FakeFunction
from tests.event_source_mapping.scenario import SUCCESS, fails_on, numbers, sent, simulate


def items(count: int, of: int) -> list[StreamRecord]:
    """Make records that go round a number of items."""
    return [make_record(n, item=f"item-{n % of}") for n in range(1, count + 1)]


def test_an_item_always_has_the_same_lane() -> None:
    """The lane follows from the primary key alone, in every process [Order and concurrency]."""
    assert [lane_of(make_record(1, item=f"item-{n}"), 4) for n in range(8)] == [
        2,
        3,
        1,
        0,
        1,
        0,
        2,
        3,
    ]
    assert lane_of(make_record(1), 4) == lane_of(make_record(99), 4)


@pytest.mark.parametrize("factor", [1, 2, 4, 10])
def test_one_shard_feeds_as_many_batches_as_the_factor(factor: int) -> None:
    """With factor n, n invocations run at once, never more [Order and concurrency]."""
    running = most = 0
    timeline: list[tuple[float, int]] = []

    def handler(_: Invocation) -> InvokeResult:
        timeline.append((simulation.scheduler.now(), 1))
        simulation.scheduler.spend(1.0)
        timeline.append((simulation.scheduler.now(), -1))
        return SUCCESS

    settings = {"parallelization_factor": factor, "batch_size": 1}
    simulation = simulate(handler, records=items(200, of=100), settings=settings)
    simulation.run()
    for _, change in sorted(timeline, key=lambda entry: (entry[0], entry[1])):
        running += change
        most = max(most, running)
    assert most == factor


def test_order_per_item_survives_concurrency_and_failures() -> None:
    """Each item's records are first delivered in their order [Order and concurrency]."""
    failed: set[int] = set()

    def handler(invocation: Invocation) -> InvokeResult:
        first = numbers(invocation.records)[0]
        simulation.scheduler.spend(first % 7 * 0.3)
        if first % 3 == 0 and first not in failed:
            failed.add(first)
            return fails_on(first)(invocation)
        return SUCCESS

    settings = {"parallelization_factor": 4, "batch_size": 3}
    simulation = simulate(handler, records=items(60, of=10), settings=settings)
    simulation.run()
    assert isinstance(simulation.function, FakeFunction)
    seen: dict[str, list[int]] = defaultdict(list)
    for invocation in simulation.function.invocations:
        for record in invocation.records:
            assert isinstance(record, StreamRecord)
            number = numbers([record])[0]
            if number not in seen[record.item]:
                seen[record.item].append(number)
    assert sum(len(order) for order in seen.values()) == 60
    assert all(order == sorted(order) for order in seen.values())


def test_a_blocked_item_does_not_stop_the_other_lanes() -> None:
    """Lanes are independent of each other [Order and concurrency]."""
    records = [make_record(1, item="item-0"), *(make_record(n, item="item-1") for n in range(2, 8))]
    settings = {"parallelization_factor": 4, "batch_size": 1}
    simulation = simulate(fails_on(1), records=records, settings=settings).run(seconds=600)
    assert sorted(n for batch in sent(simulation) for n in batch if n != 1) == [2, 3, 4, 5, 6, 7]
