"""Tumbling windows: state, bounds, the final invocation."""

from __future__ import annotations

from typing import Any

from event_source_mapping.log.events import EventType
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.testing.builders import make_record
from event_source_mapping.testing.fake_stream import FakeShard
from event_source_mapping.testing.fakes import FakeFunction
from event_source_mapping.testing.simulation import Simulation
from tests.event_source_mapping.scenario import FAILURE, START, answering, covered, documents, numbers, sent, simulate

# 1_700_000_000 is 20 s into a minute: a 60 s window began 20 s before.
WINDOW = {"tumbling_window": 60, "batch_size": 2}


def counting(invocation: Invocation) -> InvokeResult:
    """Count records in the window's state."""
    state = invocation.extra["state"]
    return answering({"state": {"count": state.get("count", 0) + len(invocation.records)}})


def extras(simulation: Simulation) -> list[Any]:
    """Return what each invocation carried beside its records."""
    assert isinstance(simulation.function, FakeFunction)
    return [dict(invocation.extra) for invocation in simulation.function.invocations]


def test_the_event_carries_window_state_and_flags() -> None:
    """The fields, their order and formats [Tumbling windows]."""
    simulation = simulate(counting, records=1, settings=WINDOW).run(seconds=1)
    assert isinstance(simulation.function, FakeFunction)
    event = simulation.function.invocations[0].event()
    assert list(event) == [
        "Records",
        "window",
        "state",
        "shardId",
        "eventSourceARN",
        "isFinalInvokeForWindow",
        "isWindowTerminatedEarly",
    ]
    assert event["window"] == {"start": "2023-11-14T22:13:00Z", "end": "2023-11-14T22:14:00Z"}
    assert event["state"] == {}
    assert event["shardId"] == "shardId-1"
    assert event["isFinalInvokeForWindow"] is False


def test_state_goes_from_invocation_to_invocation_and_ends_with_the_window() -> None:
    """The final invocation carries the state and no records [Tumbling windows]."""
    records = [make_record(n) for n in range(1, 6)] + [make_record(6, created=START + 50)]
    simulation = simulate(counting, records=records, settings=WINDOW).run(idle=100)
    assert [(e["state"].get("count", 0), e["isFinalInvokeForWindow"]) for e in extras(simulation)] == [
        (0, False),
        (2, False),
        (4, False),
        (5, True),
        (0, False),
        (1, True),
    ]
    assert sent(simulation) == [[1, 2], [3, 4], [5], [], [6], []]


def test_a_batch_never_spans_two_windows() -> None:
    """Records of a later window wait for the final invocation [Tumbling windows]."""
    records = [make_record(1, created=START - 100), make_record(2, created=START - 30)]
    simulation = simulate(counting, records=records, settings=WINDOW).run(idle=100)
    assert sent(simulation) == [[1], [], [2], []]


def test_a_quiet_window_closes_when_its_time_is_over() -> None:
    """No further record is needed to end a window [Tumbling windows]."""
    simulation = simulate(counting, records=1, settings=WINDOW).run(idle=5)
    finals = [d for d in simulation.events if d.reason.startswith("final")]
    assert START + 40 <= finals[0].time < START + 42


def test_the_end_of_the_shard_closes_the_window_and_the_child_starts_empty() -> None:
    """State does not pass to children [Tumbling windows]."""
    shards = [
        FakeShard("parent", None, [make_record(1)], closes_at=START),
        FakeShard("child", "parent", [make_record(2)]),
    ]
    simulation = simulate(counting, shards=shards, settings=WINDOW).run(idle=100)
    assert [e["state"] for e in extras(simulation)] == [{}, {"count": 1}, {}, {"count": 1}]
    assert [e["shardId"] for e in extras(simulation)] == ["parent"] * 2 + ["child"] * 2


def test_an_answer_without_state_is_a_failed_invocation() -> None:
    """It spends the quota like any failure [Tumbling windows]."""
    settings = {**WINDOW, "maximum_retry_attempts": 1}

    def handler(invocation: Invocation) -> InvokeResult:
        return counting(invocation) if not invocation.records else answering({})

    simulation = simulate(handler, records=2, settings=settings).run(idle=100)
    assert sent(simulation) == [[1, 2], [1, 2], []]
    assert covered(documents(simulation)[0]) == (1, 2, 2)


def test_a_final_invocation_that_fails_suspends_the_shard_until_it_succeeds() -> None:
    """No quota ends it; nothing later is processed meanwhile [Tumbling windows]."""
    finals = 0

    def handler(invocation: Invocation) -> InvokeResult:
        nonlocal finals
        if invocation.extra["isFinalInvokeForWindow"]:
            finals += 1
            if finals < 10:
                return FAILURE
        return counting(invocation)

    records = [make_record(1), make_record(2, created=START + 50)]
    settings = {**WINDOW, "maximum_retry_attempts": 0}
    simulation = simulate(handler, records=records, settings=settings).run(idle=100)
    assert sent(simulation)[:12] == [[1], *([[]] * 10), [2]]


def test_a_state_over_one_megabyte_ends_the_window_early() -> None:
    """The next invocation is final and says so [Tumbling windows]."""

    def handler(invocation: Invocation) -> InvokeResult:
        return answering({"state": {"big": "x" * 1024 * 1024} if invocation.records else {}})

    simulation = simulate(handler, records=2, settings={**WINDOW, "batch_size": 1}).run(idle=100)
    flags = [(e["isFinalInvokeForWindow"], e["isWindowTerminatedEarly"]) for e in extras(simulation)]
    assert flags == [(False, False), (True, True), (False, False), (True, True)]
    assert extras(simulation)[2]["state"] == {}


def test_a_failed_invocation_leaves_the_state_as_it_was() -> None:
    """Only an answer that counts changes the state; a partial one does [Tumbling windows]."""
    settings = {**WINDOW, "report_batch_item_failures": True, "batch_size": 3}
    answers = iter(
        [
            FAILURE,
            answering({"state": {"count": 1}, **_failures(2)}),
            answering({"state": {"count": 3}}),
        ]
    )

    simulation = simulate(lambda _: next(answers, answering({"state": {}})), records=3, settings=settings).run(idle=100)
    assert [e["state"] for e in extras(simulation)] == [{}, {}, {"count": 1}, {"count": 3}]
    assert sent(simulation) == [[1, 2, 3], [1, 2, 3], [2, 3], []]


def test_the_checkpoint_moves_when_the_window_closes() -> None:
    """A stop inside a window replays the window: its state is not kept [Tumbling windows]."""
    first = simulate(counting, records=2, settings=WINDOW).run(seconds=5).stop()
    assert first.checkpoints.load(first.poller.uuid)["shardId-1"].sequence_number is None
    closed = simulate(counting, records=2, settings=WINDOW).run(idle=100).stop()
    kept = closed.checkpoints.load(closed.poller.uuid)["shardId-1"]
    assert kept.sequence_number == str(10**20 + 2)


def test_a_final_invocation_that_a_stop_meets_in_flight_is_checkpointed() -> None:
    """It is finished, and what it closed is not replayed [Tumbling windows]."""

    def handler(invocation: Invocation) -> InvokeResult:
        if invocation.extra["isFinalInvokeForWindow"]:
            simulation.scheduler.spend(30.0)
        return counting(invocation)

    simulation = simulate(handler, records=2, settings=WINDOW)
    simulation.run(seconds=50, idle=100)
    simulation.stop()
    kept = simulation.checkpoints.load(simulation.poller.uuid)["shardId-1"]
    assert kept.sequence_number == str(10**20 + 2)


def test_a_window_has_one_lane_whatever_the_factor() -> None:
    """The state is the shard's, so its batches follow each other [Choices]."""
    settings = {**WINDOW, "parallelization_factor": 10, "batch_size": 1}
    records = [make_record(n, item=f"item-{n}") for n in range(1, 6)]
    simulation = simulate(counting, records=records, settings=settings).run(idle=100)
    assert [e["state"].get("count", 0) for e in extras(simulation)] == [0, 1, 2, 3, 4, 5]
    assert not simulation.logged(EventType.FAILED)


def _failures(number: int) -> dict[str, Any]:
    """Return the part of an answer that names a record."""
    return {"batchItemFailures": [{"itemIdentifier": str(10**20 + number)}]}


def test_late_records_join_the_open_window() -> None:
    """A record with an earlier time than the open window's does not reopen a past one [Choices]."""
    records = [make_record(1), make_record(2, created=START - 100)]
    simulation = simulate(counting, records=records, settings=WINDOW).run(seconds=1)
    assert sent(simulation) == [[1, 2]]
    assert numbers(simulation.function.invocations[0].records) == [1, 2]  # type: ignore[attr-defined]
