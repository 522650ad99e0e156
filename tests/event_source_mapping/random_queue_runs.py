"""Random runs of a queue's mapping: messages, settings, function and faults drawn at random, and their laws.

`check(draw)` makes one run and raises AssertionError when a law is broken. The laws are checked from outside: by what
the function received and answered, and by what the queue was asked to delete.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from event_source_mapping.filters.patterns import parse_pattern
from event_source_mapping.model.errors import InvokeError, QueueUnavailableError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.messages import Message
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.running.virtual import VirtualScheduler
from event_source_mapping.testing.builders import QUEUE_ARN, make_queue_settings
from event_source_mapping.testing.fake_queue import FakeQueue
from event_source_mapping.testing.simulation import QUIET, QueueSimulation
from tests.event_source_mapping.scenario import FAILURE, answering

_OPTIONS = replace(QUIET, throttled=RetrySchedule(1.0, 2.0, 8.0), poll_interval=0.5)
_WATCHING = replace(_OPTIONS, settings_interval=0.5)
_MALFORMED: tuple[Any, ...] = ({"itemIdentifier": ""}, {"itemIdentifier": None}, {"foo": 1}, {}, 7)
_BEHAVIOURS = ("raise", "name", "malformed", "throttle", "name_more")
_FILTER = parse_pattern('{"body": {"kind": ["keep"]}}')
QUEUE_FILTERS = ((), (), (_FILTER,))
_BODIES = ('{{"kind": "keep", "n": {}}}', '{{"kind": "drop", "n": {}}}', "no JSON, number {}")


@dataclass
class QueueDraw:
    """One random run. Everything else follows from these."""

    seed: int
    messages: int = 12
    groups: int = 0  # of a FIFO queue; 0: a standard queue
    trouble: int = 3  # in ten messages, how many make the function misbehave
    faults: int = 0  # in a hundred calls of the queue, how many fail
    visibility: int = 30
    settings: dict[str, Any] = field(default_factory=dict)
    interruptions: int = 0  # how often the mapping is disabled, enabled or updated
    restarts: int = 0  # how often the command is stopped and started again


class QueueFunction:
    """A function that misbehaves as its messages say, and watches the laws as it is invoked."""

    def __init__(self, draw: QueueDraw, scheduler: VirtualScheduler) -> None:
        self.settings = make_queue_settings(**_settings(draw))
        self.log: list[Any] = []
        self.done: set[str] = set()  # what the queue may delete: processed, or filtered out
        self.order: dict[str, list[str]] = {}  # ID: those of its group before it
        self.gone: set[str] = set()  # deleted
        self.dead: FakeQueue
        self._scheduler = scheduler
        self._visibility = draw.visibility
        self._random = random.Random(draw.seed)  # noqa: S311 - a test's dice
        self._trouble = draw.trouble
        self._behaviours: dict[str, tuple[str, float]] = {}
        self._ends: list[float] = []  # of the invocations in flight
        self._group_ends: defaultdict[str, float] = defaultdict(float)

    def expect(self, message_id: str) -> None:
        """Draw what a message makes the function do, and how often."""
        if self._random.randrange(10) < self._trouble:
            kind = self._random.choice(_BEHAVIOURS)
            self._behaviours[message_id] = (kind, self._random.choice((1, 2, 4, float("inf"))))

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Watch, misbehave or succeed, and remember which messages may be deleted for it."""
        assert function_arn == self.settings.function_arn
        now = self._scheduler.now()
        messages = [record for record in invocation.records if isinstance(record, Message)]
        self._watch(messages, now)
        kind = self._misbehaviour(messages)
        self.log.append((now, [message.receipt_handle for message in messages], kind))
        if kind == "throttle":
            raise InvokeError("TooManyRequestsException: Rate Exceeded")
        took = self._random.choice((0.0, 0.0, 0.3, 2.0, float(self.settings.function_timeout)))
        self._ends.append(now + took)
        for message in messages:
            if message.group is not None:
                self._group_ends[message.group] = now + took
        self._scheduler.spend(took)
        return self._answer(kind, messages)

    def _watch(self, messages: list[Message], now: float) -> None:
        settings = self.settings
        identifiers = [message.identifier for message in messages]
        assert 1 <= len(messages) <= settings.batch_size
        assert len(set(identifiers)) == len(identifiers), "a message twice in a batch"
        self._ends = [end for end in self._ends if end > now]
        assert len(self._ends) < (settings.maximum_concurrency or QUIET.queue_concurrency), "too many at once"
        for position, message in enumerate(messages):
            assert message.lease_end > now, "invoked although the queue gives it out again"
            assert message.event["attributes"]["ApproximateReceiveCount"] <= "3", "received too often"
            if settings.filters:
                assert '"keep"' in message.event["body"], "a filtered message was delivered"
            if message.group is not None:
                assert self._group_ends[message.group] <= now, "two batches of one group at once"
                dead = {each.message_id for each in self.dead.messages}
                for earlier in self.order[message.identifier]:
                    assert earlier in self.gone | dead or earlier in identifiers[:position], "a group overtook itself"

    def _misbehaviour(self, messages: list[Message]) -> str | None:
        for message in messages:
            kind, times = self._behaviours.get(message.identifier, ("", 0))
            if times > 0:
                self._behaviours[message.identifier] = (kind, times - 1)
                return kind
        return None

    def _answer(self, kind: str | None, messages: list[Message]) -> InvokeResult:
        identifiers = [message.identifier for message in messages]
        if kind == "raise":
            return FAILURE
        if kind is None:
            self.done |= set(identifiers)
            return answering(self._random.choice((None, {}, {"batchItemFailures": []}, {"batchItemFailures": None})))
        reporting = self.settings.report_batch_item_failures
        if kind == "malformed":
            entries = [self._random.choice(_MALFORMED), {"itemIdentifier": identifiers[0]}]
            self.done |= set() if reporting else set(identifiers)
            return answering({"batchItemFailures": entries})
        # A function that keeps order names the first failure and everything behind it.
        first = self._random.randrange(len(identifiers))
        named = identifiers[first:] if kind == "name" or self.settings.fifo else identifiers[first : first + 1]
        entries = [{"itemIdentifier": identifier} for identifier in named]
        self._random.shuffle(entries)
        self.done |= set(identifiers) - (set(named) if reporting else set())
        return answering({"batchItemFailures": entries})


def _settings(draw: QueueDraw) -> dict[str, Any]:
    """Fit the settings to the kind of queue, as AWS would have it."""
    settings: dict[str, Any] = {"function_timeout": 3, **draw.settings}
    if draw.groups:
        settings |= {"source_arn": f"{QUEUE_ARN}.fifo", "batching_window": 0}
    if not settings.get("batching_window"):
        settings["batch_size"] = min(10, settings.get("batch_size", 10))
    return settings


def check(draw: QueueDraw) -> list[Any]:
    """Make one run and check every law; return what happened, to compare runs."""
    dice = random.Random(draw.seed + 1)  # noqa: S311 - a test's dice
    scheduler = VirtualScheduler()
    function = QueueFunction(draw, scheduler)
    function.dead = FakeQueue(scheduler.now, arn=function.settings.source_arn.replace("orders", "dead"))

    def deleted(message_id: str) -> None:
        assert message_id in function.done, "deleted, though neither processed nor filtered out"
        function.gone.add(message_id)

    def before(_: str) -> None:
        if dice.randrange(100) < draw.faults:
            raise QueueUnavailableError("now and then")

    queue = FakeQueue(
        scheduler.now,
        arn=function.settings.source_arn,
        visibility_timeout=draw.visibility,
        dead_letters=function.dead,
        before=before,
        deleted=deleted,
    )
    sent = _send(draw, dice, queue, function)

    def begin() -> QueueSimulation:
        options = _WATCHING if draw.interruptions else _OPTIONS
        return QueueSimulation(
            function.settings, function=function, options=options, enabled=True, scheduler=scheduler, queue=queue
        )

    simulation = begin()
    for _ in range(draw.restarts):
        simulation.run(seconds=dice.choice((0.2, 1.0, 3.0, 8.0)), idle=1000.0).stop()
        simulation = begin()
    _interrupt(simulation, draw.interruptions, dice)
    simulation.run(seconds=200_000, idle=2.0)
    assert simulation.poller.idle_for(scheduler.now()) >= 2.0, "never idle"
    ends = function.gone | {message.message_id for message in function.dead.messages}
    assert not queue.messages, "a message is left in the queue"
    assert sent == ends, "a message ended nowhere"
    assert not function.gone & {message.message_id for message in function.dead.messages}
    simulation.stop()
    assert simulation.poller.done
    return [function.log, sorted(function.gone)]


def _send(draw: QueueDraw, dice: random.Random, queue: FakeQueue, function: QueueFunction) -> set[str]:
    """Send the messages; tell the function what to expect of each."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    sent: set[str] = set()
    for number in range(draw.messages):
        body = dice.choice(_BODIES).format(number)
        group = f"group-{dice.randrange(draw.groups)}" if draw.groups else None
        delay = 0.0 if group else dice.choice((0.0, 0.0, 0.0, 2.0, 9.0))
        message_id = queue.send(body, group=group, delay=delay)
        sent.add(message_id)
        if function.settings.filters and '"keep"' not in body:
            function.done.add(message_id)
        if group:
            # A filtered message needs no order: the function never sees it.
            function.order[message_id] = [each for each in groups[group] if each not in function.done]
            groups[group].append(message_id)
        function.expect(message_id)
    return sent


def _interrupt(simulation: QueueSimulation, times: int, dice: random.Random) -> None:
    """Change the mapping while it works; leave it enabled."""
    for _ in range(times):
        simulation.run(seconds=dice.choice((0.2, 1.0, 3.0, 8.0)), idle=1000.0)
        if dice.randrange(2):
            simulation.change(enabled=False)
            simulation.run(seconds=dice.choice((1.0, 20.0)), idle=1000.0)
            simulation.change(enabled=True)
        else:
            simulation.change(function_timeout=dice.choice((1, 2, 3)))
    simulation.run(seconds=1.0, idle=1000.0)


def queue_draw_of(seed: int) -> QueueDraw:
    """Draw a whole run from a seed, for runs without Hypothesis."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    return QueueDraw(
        seed=dice.randrange(2**32),
        messages=dice.randrange(26),
        groups=dice.choice((0, 0, 1, 3)),
        trouble=dice.randrange(8),
        faults=dice.choice((0, 0, 5)),
        visibility=dice.choice((3, 5, 30)),
        settings={
            "batch_size": dice.choice((1, 2, 3, 10, 15)),
            "batching_window": dice.choice((0, 0, 1, 4)),
            "report_batch_item_failures": dice.choice((False, True)),
            "maximum_concurrency": dice.choice((None, 2, 3)),
            "filters": dice.choice(QUEUE_FILTERS),
        },
    )
