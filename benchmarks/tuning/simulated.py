"""A load played in virtual time: the real mapping, a stream that fills at random, and a function that takes its time.

One shard is played, as the others are the same. An invocation takes as long as `operations cost` computes for a batch
of its size; reading takes no time. Once more it is played with one invocation that crashes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import quantiles
from typing import Any, NamedTuple

from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.testing.builders import make_settings
from event_source_mapping.testing.fake_stream import FakeShard
from event_source_mapping.testing.fakes import FakeFunction
from event_source_mapping.testing.simulation import Simulation
from operations.evaluation.cost import Load, invocation_of, shards_of

_START = 1_700_000_000.0
_PRODUCTS = 500
_RECORD = b"." * 1000  # as long as one with both images of nine attributes
_QUIET = 30.0  # seconds without a change after which all is done
_LATER = 0.5  # seconds
_CRASH = InvokeResult(b'{"errorMessage":"out of memory","errorType":"Runtime.ExitError"}', "Unhandled")


class Simulated(NamedTuple):
    """What a load came to."""

    half: float
    """Seconds from a change to its alert, in half of the cases."""
    p99: float
    """In 99 of 100 cases."""
    records: float
    """In a batch, on average."""
    invocations: float
    """A second, over all shards."""
    concurrency: float
    """Invocations at the same time, on average, over all shards."""
    most: int
    """At most."""
    repeated: int
    """Records that came again after one invocation had crashed."""
    held_up: int
    """Records that were for that half a second or more later than 99 of 100 are without it."""


class _Played(NamedTuple):
    done: dict[str, float]
    """Sequence number to the time when its invocation had succeeded."""
    times: list[tuple[float, float]]
    """When invocations began and ended."""
    repeated: int


def simulate(load: Load, tables: dict[str, dict[str, Any]], seconds: float, seed: int = 1) -> Simulated:
    """Play so many seconds of a load, and a window more: when changes end, the last ones wait for no fuller batch."""
    shards = shards_of(load, tables["assumed"])
    played = seconds + load.batch_window + 1
    records = _changes(load.changes / shards, played, random.Random(seed))  # noqa: S311 - it keeps no secret
    counted = [each for each in records if each.created < _START + seconds]
    well = _play(records, load, tables)
    ill = _play(records, load, tables, crash_on=counted[len(counted) // 2].sequence_number)
    delays = [well.done[each.sequence_number] - each.created for each in counted]
    percentiles = quantiles(delays, n=100)
    late = percentiles[98] + _LATER
    held_up = [each for each in counted if ill.done[each.sequence_number] - each.created >= late]
    return Simulated(
        half=percentiles[49],
        p99=percentiles[98],
        records=len(records) / len(well.times),
        invocations=len(well.times) / played * shards,
        concurrency=sum(end - begin for begin, end in well.times) / played * shards,
        most=_most_at_once(well.times) * shards,
        repeated=ill.repeated,
        held_up=len(held_up),
    )


def _changes(rate: float, seconds: float, dice: random.Random) -> list[StreamRecord]:
    """Make changes at random times, so many a second on average, of products chosen at random."""
    records: list[StreamRecord] = []
    time = _START
    while (time := time + dice.expovariate(rate)) < _START + seconds:
        event = {"dynamodb": {"Keys": {"id": {"S": str(dice.randrange(_PRODUCTS))}}}}
        records.append(StreamRecord(str(10**20 + len(records)), time, event, _RECORD))
    return records


def _play(
    records: Sequence[StreamRecord], load: Load, tables: dict[str, dict[str, Any]], crash_on: str = ""
) -> _Played:
    done: dict[str, float] = {}
    times: list[tuple[float, float]] = []
    crashed: set[str] = set()

    def handle(invocation: Invocation) -> InvokeResult:
        begin = simulation.scheduler.now()
        simulation.scheduler.spend(invocation_of(load, len(invocation.records), tables).seconds)
        end = simulation.scheduler.now()
        times.append((begin, end))
        names = [record.identifier for record in invocation.records]
        if crash_on in names and not crashed:
            crashed.update(names)
            return _CRASH
        done.update(dict.fromkeys(names, end))
        return InvokeResult()

    settings = make_settings(
        batch_size=load.batch_size,
        batching_window=math.ceil(load.batch_window),
        parallelization_factor=load.parallelization_factor,
        bisect_on_error=True,
    )
    simulation = Simulation([FakeShard("shardId-1", records=list(records))], settings, function=FakeFunction(handle))
    simulation.run(idle=_QUIET + load.batch_window)
    return _Played(done, times, len(crashed))


def _most_at_once(times: Sequence[tuple[float, float]]) -> int:
    steps = sorted([(begin, 1) for begin, _ in times] + [(end, -1) for _, end in times])
    running = most = 0
    for _, step in steps:
        running += step
        most = max(most, running)
    return most
