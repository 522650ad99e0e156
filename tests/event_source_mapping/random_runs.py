"""Random runs of a mapping: shards, settings and function drawn at random, and their laws.

`check(draw)` makes one run and raises AssertionError when a law is broken. The laws are checked
from outside: by what the function received and answered and what the destination received, not by
what the mapping says about itself.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from event_source_mapping.filters.patterns import matches_any, parse_pattern
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.ports import FailureNotice
from event_source_mapping.model.errors import (
    ExpiredIteratorError,
    InvokeError,
    StreamThrottledError,
    StreamUnavailableError,
)
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.records import Record
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.shards.checkpoints import MemoryCheckpoints
from event_source_mapping.testing.builders import make_record, make_settings
from event_source_mapping.testing.fake_stream import FakeShard
from event_source_mapping.testing.fakes import FakeDestination
from event_source_mapping.testing.simulation import QUIET, Simulation
from tests.event_source_mapping.scenario import FAILURE, QUEUE_ARN, START, answering

_FILTER = parse_pattern('{"eventName": ["INSERT", "REMOVE"]}')
_OPTIONS = replace(QUIET, retry=RetrySchedule.fixed(1.0), poll_interval=1.0, discovery_interval=5.0)
_WATCHING = replace(_OPTIONS, settings_interval=0.5)
# Longer than the longest time in which nothing can happen: a child that waits to be discovered.
_IDLE = 15.0
_MALFORMED: tuple[Any, ...] = ({"itemIdentifier": ""}, {"itemIdentifier": None}, {"foo": 1}, 7)
# What a record makes the function do, each time until it has done it `times` times.
_BEHAVIOURS = ("raise", "name", "malformed", "throttle", "name_later")


@dataclass
class Draw:
    """One random run. Everything else follows from these."""

    seed: int
    records: int = 12
    items: int = 3
    shards: int = 1
    trouble: int = 3  # in ten records, how many make the function misbehave
    settings: dict[str, Any] = field(default_factory=dict)
    interruptions: int = 0  # how often the mapping is disabled, enabled or updated
    restarts: int = 0  # how often the command is stopped and started from its checkpoints


@dataclass
class _Misbehaviour:
    kind: str
    times: float  # how often; infinite for poison


class Function:
    """A function that misbehaves as its records say, and watches the laws as it is invoked."""

    def __init__(self, draw: Draw, shard_of: dict[str, str], parents: dict[str, str | None]) -> None:
        self.simulation: Simulation
        self.settings = make_settings(**draw.settings)
        self.sent: Counter[tuple[str, ...]] = Counter()
        self.done: dict[str, str] = {}  # sequence number: how
        self.log: list[Any] = []
        self._random = random.Random(draw.seed)  # noqa: S311 - a test's dice
        self._shard_of = shard_of
        self._parents = parents
        self._misbehaviours: dict[str, _Misbehaviour] = {}
        self._in_flight: defaultdict[str, list[float]] = defaultdict(list)
        self.unfinished: defaultdict[str, set[str]] = defaultdict(set)
        self.earlier: dict[str, list[str]] = {}  # sequence number: the item's records before it
        self._limited = self.settings.maximum_retry_attempts >= 0
        # An interruption gives a batch a fresh quota.
        self.counting = not draw.interruptions and not draw.restarts
        for number in shard_of:
            if self._random.randrange(10) < draw.trouble:
                self._misbehaviours[number] = self._misbehaviour()

    def _misbehaviour(self) -> _Misbehaviour:
        kind = self._random.choice(_BEHAVIOURS)
        ends = kind == "throttle" or not self._limited
        times = self._random.choice((1, 2, 4) if ends else (1, 2, float("inf")))
        return _Misbehaviour(kind, times)

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Watch, misbehave or succeed, and remember what that means for each record."""
        assert function_arn == self.settings.function_arn
        numbers = [record.identifier for record in invocation.records]
        now = self.simulation.scheduler.now()
        self._watch(invocation, numbers, now)
        took = self._random.choice((0.0, 0.0, 0.3, 2.0))
        for shard in {self._shard_of[number] for number in numbers}:
            self._in_flight[shard].append(now + took)
        self.simulation.scheduler.spend(took)
        result, acknowledged = self._answer(invocation.records)
        if self.settings.tumbling_window and result.function_error is None:
            result = self._with_state(result)
        self.sent[tuple(numbers)] += 1
        self.log.append((now, numbers, result.payload))
        for number in numbers[:acknowledged]:
            self.finish(number, "acknowledged")
        return result

    def finish(self, number: str, how: str) -> None:
        """Note that a record is done: once, and never again."""
        assert number not in self.done, f"{number}: {how} after {self.done[number]}"
        self.done[number] = how
        self.unfinished[self._shard_of[number]].discard(number)

    def _watch(self, invocation: Invocation, numbers: list[str], now: float) -> None:
        settings = self.settings
        assert len(numbers) <= settings.batch_size
        assert numbers or settings.tumbling_window, "an invocation without records"
        shards = {self._shard_of[number] for number in numbers}
        assert len(shards) <= 1, "a batch mixes shards"
        for shard in shards:
            self._in_flight[shard] = [end for end in self._in_flight[shard] if end > now]
            assert len(self._in_flight[shard]) < settings.lanes, "too many at once"
            parent = self._parents.get(shard)
            assert not (parent and self.unfinished[parent]), "a child before its parent's end"
        if numbers and settings.maximum_record_age > 0:
            age = now - invocation.records[0].created
            assert age < settings.maximum_record_age, "invoked with an expired record in front"
        if self._limited and self.counting:
            assert self.sent[tuple(numbers)] <= settings.maximum_retry_attempts or not numbers
        for position, number in enumerate(numbers):
            assert number not in self.done, f"{number} was {self.done.get(number)} already"
            for earlier in self.earlier[number]:
                assert earlier in self.done or earlier in numbers[:position], "out of order"

    def _answer(self, records: Sequence[Record]) -> tuple[InvokeResult, int]:
        """Give the answer, and how many records at the front it acknowledges."""
        for position, record in enumerate(records):
            trouble = self._misbehaviours.get(record.identifier)
            if trouble is None or trouble.times <= 0:
                continue
            trouble.times -= 1
            return self._misbehave(trouble.kind, records, position)
        return answering(self._random.choice((None, {}, {"batchItemFailures": []}))), len(records)

    def _misbehave(self, kind: str, records: Sequence[Record], position: int) -> tuple[InvokeResult, int]:
        if kind == "throttle":
            raise InvokeError("TooManyRequestsException: Rate Exceeded")
        if kind == "raise":
            return FAILURE, 0
        reporting = self.settings.report_batch_item_failures
        if kind == "malformed":
            entries: list[Any] = [self._random.choice(_MALFORMED)]
            entries.append({"itemIdentifier": records[position].identifier})
            return answering({"batchItemFailures": entries}), 0 if reporting else len(records)
        named = [record.identifier for record in records[position:]]
        if kind == "name_later":
            self._random.shuffle(named)
        else:
            named = named[:1]
        entries = [{"itemIdentifier": number} for number in named]
        return answering({"batchItemFailures": entries}), position if reporting else len(records)

    def _with_state(self, result: InvokeResult) -> InvokeResult:
        """Add the state that a tumbling window needs."""
        if result.payload in {b"null", b"{}"}:
            return answering({"state": {}})
        return replace(result, payload=result.payload[:-1] + b', "state": {"n": 1}}')


class Destination(FakeDestination):
    """A destination that notes its documents' records as done; some documents it refuses."""

    def __init__(self, function: Function, dice: random.Random) -> None:
        super().__init__()
        self._function = function
        self._dice = dice

    def send(self, destination_arn: str, notice: FailureNotice) -> None:
        """Check the document against the records it stands for."""
        records = notice.invocation.records
        batch = notice.document["DDBStreamBatchInfo"]
        assert batch["startSequenceNumber"] == records[0].identifier
        assert batch["endSequenceNumber"] == records[-1].identifier
        assert batch["batchSize"] == len(records)
        self._check_count(notice)
        for record in records:
            self._function.finish(record.identifier, "given up")
        self.refuses = self._dice.random() < 0.1
        super().send(destination_arn, notice)

    def _check_count(self, notice: FailureNotice) -> None:
        context, settings = notice.document["requestContext"], self._function.settings
        count = context["approximateInvokeCount"]
        if context["condition"] == "RecordAgeExceeded":
            assert "responseContext" not in notice.document
            assert count >= 1
            return
        numbers = tuple(record.identifier for record in notice.invocation.records)
        assert count == settings.maximum_retry_attempts + 1
        if self._function.counting:
            assert count == self._function.sent[numbers]
        bisected = settings.bisect_on_error and notice.document["responseContext"]["functionError"]
        assert not bisected or len(numbers) == 1, "given up before it was split"


def check(draw: Draw) -> list[Any]:
    """Make one run and check every law; return what happened, to compare runs."""
    dice = random.Random(draw.seed + 1)  # noqa: S311 - a test's dice
    shards = _make_shards(draw, dice)
    shard_of = {record.sequence_number: shard.shard_id for shard in shards for record in shard.records}
    function = Function(draw, shard_of, {shard.shard_id: shard.parent_id for shard in shards})
    filtered = _note_records(function, shards)
    destination = Destination(function, dice)
    checkpoints = MemoryCheckpoints()

    def begin(start: float) -> Simulation:
        function.simulation = Simulation(
            shards,
            function.settings,
            function=function,
            destination=destination,
            checkpoints=checkpoints,
            options=_WATCHING if draw.interruptions else _OPTIONS,
            enabled=True,
            start=start,
            before_call=_stream_trouble(dice) if draw.trouble else lambda _call, _shard: None,
            page_size=2,
        )
        return function.simulation

    simulation = begin(START)
    for _ in range(draw.restarts):
        simulation.run(seconds=dice.choice((0.2, 1.0, 3.0, 8.0)), idle=100.0).stop()
        simulation = begin(simulation.scheduler.now() + dice.choice((0.0, 5.0)))
    _interrupt(simulation, draw.interruptions, dice)
    simulation.run(seconds=86_000, idle=_IDLE)
    undone = set(shard_of) - filtered - set(function.done)
    assert not undone, f"neither acknowledged nor given up: {sorted(undone)}"
    assert not filtered & set(function.done), "a filtered record was delivered"
    assert not simulation.logged(EventType.LOST)
    simulation.stop()
    saved = simulation.checkpoints.load(function.settings.uuid)
    for shard in shards:
        last = shard.records[-1].sequence_number if shard.records else None
        assert saved[shard.shard_id].sequence_number == last
        assert (saved[shard.shard_id].finished_at is not None) == (shard.closes_at is not None)
    return [function.log, [dict(notice.document) for notice in destination.notices]]


def _interrupt(simulation: Simulation, times: int, dice: random.Random) -> None:
    """Change the mapping while it works; leave it enabled."""
    for _ in range(times):
        simulation.run(seconds=dice.choice((0.2, 1.0, 3.0, 8.0)), idle=100.0)
        change = dice.randrange(3)
        if change == 0:
            simulation.change(enabled=False)
            simulation.run(seconds=dice.choice((1.0, 20.0)), idle=100.0)
            simulation.change(enabled=True)
        else:
            # One batch size and one lane more or less do not show in the laws.
            simulation.change(batching_window=dice.randrange(4))
    simulation.run(seconds=1.0, idle=100.0)


def _make_shards(draw: Draw, dice: random.Random) -> list[FakeShard]:
    """Make a lineage: each shard after the first has an earlier, closed one as its parent."""
    shards: list[FakeShard] = []
    for index in range(draw.shards):
        parent = dice.randrange(index + 1) - 1  # -1: none, or one that was trimmed
        parent_id = f"shard-{parent}" if parent >= 0 else dice.choice((None, "trimmed"))
        listed_at = START + dice.choice((0, 9))
        if parent >= 0:
            shards[parent].closes_at = START + 5
            listed_at = max(listed_at, shards[parent].listed_at)
        shards.append(FakeShard(f"shard-{index}", parent_id, listed_at=listed_at))
    for number in range(1, draw.records + 1):
        item = dice.randrange(draw.items)
        # An item lives in one lineage: here, in the shard its number points to.
        shard = shards[item % len(shards)]
        created = START + dice.choice((-100, -55, 0, 0, 0, 3))
        created = max(created, shard.records[-1].created if shard.records else created)
        name = dice.choice(("INSERT", "MODIFY", "REMOVE"))
        shard.records.append(make_record(number, item=str(item), created=created, name=name))
    dice.shuffle(shards)
    return shards


def _note_records(function: Function, shards: Sequence[FakeShard]) -> set[str]:
    """Tell the function what there is; return the records that the filters take out."""
    filters = function.settings.filters
    filtered: set[str] = set()
    for shard in shards:
        by_item: defaultdict[str, list[str]] = defaultdict(list)
        for record in shard.records:
            if not matches_any(filters, record.event):
                filtered.add(record.sequence_number)
                continue
            function.unfinished[shard.shard_id].add(record.sequence_number)
            function.earlier[record.sequence_number] = list(by_item[record.item])
            by_item[record.item].append(record.sequence_number)
    return filtered


def _stream_trouble(dice: random.Random) -> Any:
    """Make a stream that throttles, expires iterators and is away now and then."""
    errors = (ExpiredIteratorError, StreamThrottledError, StreamUnavailableError)

    def before(call: str, _: str) -> None:
        if dice.random() < 0.05:
            kind = dice.choice(errors if call == "get_records" else errors[1:])
            raise kind("now and then")

    return before


def settings_of(dice: random.Random) -> dict[str, Any]:
    """Draw settings at random, for runs without Hypothesis."""
    return {
        "batch_size": dice.randrange(1, 8),
        "batching_window": dice.choice((0, 0, 2)),
        "parallelization_factor": dice.randrange(1, 5),
        "maximum_retry_attempts": dice.choice((-1, 0, 1, 3)),
        "maximum_record_age": dice.choice((-1, -1, 60)),
        "bisect_on_error": dice.choice((False, True)),
        "report_batch_item_failures": dice.choice((False, True)),
        "tumbling_window": dice.choice((0, 0, 0, 20)),
        "filters": dice.choice(((), (), (_FILTER,))),
        "destination": QUEUE_ARN,
    }


def draw_of(seed: int) -> Draw:
    """Draw a whole run from a seed."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    return Draw(
        seed=dice.randrange(2**32),
        records=dice.randrange(26),
        items=dice.randrange(1, 6),
        shards=dice.randrange(1, 5),
        trouble=dice.randrange(8),
        settings=settings_of(dice),
    )


FILTERS = ((), (_FILTER,))
