"""Mistakes that the pipeline could have, each small, and the law that has to catch it."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from notifications import batch, hourly_limits, pipeline, publisher
from notifications.alerts import summary
from notifications.batch import Batch, RecordState
from notifications.common import sns_limits
from notifications.common.errors import ServiceError
from notifications.pipeline import Pipeline
from notifications.publisher import Recorder
from notifications.publishing.ledger import LedgerSnapshot, SentAlert
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.messages import AlertMessage, PublishQueue
from notifications.publishing.topic import PublishResult, SnsTopic
from notifications.rules import rule
from notifications.rules.memory import Memory
from notifications.rules.rule import Evaluation, RuleOutcome
from operations.deployed.redrive import Redrive
from tests.simulation.changes import Change
from tests.simulation.scenario import PUBLISH, Outage, Scenario
from tests.simulation.world import LONGEST_RUN

LOST, TWICE, ORDER, NOT_DUE, STUCK = "lost", "went out twice", "overtaken", "was not due", "stuck"
PARKED, NOWHERE, STILL, TIME = "was parked", "should have been parked", "still in the failures queue", "time limit"
UNWRITTEN, TWO_IDS, LIMIT = "out of the ledger", "two ids", "with a limit of"
_A_WEEK = 7 * 86_400.0


@dataclass(frozen=True)
class Mutant:
    """One mistake."""

    name: str
    apply: Callable[[pytest.MonkeyPatch], None]
    caught_by: tuple[str, ...]
    longest_run: float = LONGEST_RUN
    scenario: Scenario | None = None
    """One that brings it out; None: drawn ones do, soon."""


# Ten alerts about one product are ten calls, and the topic takes its time for each.
SLOW = Scenario(
    0,
    tuple(Change(0, 0, (("tags", (str(number),)),)) for number in range(10)),
    outages=(Outage(PUBLISH, 0, 3600, "slow"),),
    settings=(("batch_size", 20),),
)

MUTANTS: list[Mutant] = []


@contextmanager
def _without_retries(batch: Batch) -> Iterator[None]:
    """Have a step think that nothing has to come again."""
    before = [each.retry for each in batch.records]
    for each in batch.records:
        each.retry = None
    yield
    for each, retry in zip(batch.records, before, strict=True):
        each.retry = retry or each.retry


def _mutant(
    name: str, *caught_by: str, longest_run: float = LONGEST_RUN, scenario: Scenario | None = None
) -> Callable[[Any], Any]:
    def register(apply: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
        MUTANTS.append(Mutant(name, apply, caught_by, longest_run, scenario))
        return apply

    return register


@_mutant("skips the ledger read", TWICE)
def _(patch: pytest.MonkeyPatch) -> None:
    read = DynamoDbLedger.read

    def forgetful(self: DynamoDbLedger, *args: Any) -> LedgerSnapshot:
        known = read(self, *args)
        known.sent.clear()
        return known

    patch.setattr(DynamoDbLedger, "read", forgetful)


@_mutant("does not write down what it sent", UNWRITTEN)
def _(patch: pytest.MonkeyPatch) -> None:
    write = DynamoDbLedger.write

    def some(self: DynamoDbLedger, entries: Any, *args: Any) -> None:
        kept = [entry for entry in entries if not isinstance(entry, SentAlert)]
        if kept:
            write(self, kept, *args)

    patch.setattr(DynamoDbLedger, "write", some)


@_mutant("acknowledges past a failed record", LOST)
def _(patch: pytest.MonkeyPatch) -> None:
    def last_one(self: Batch) -> Any:
        again = [each for each in self.records if each.retry]
        for each in again[:-1]:
            each.retry = None
        return respond(self)

    respond = pipeline.respond
    patch.setattr(pipeline, "respond", last_one)


@_mutant("acknowledges everything", LOST, NOWHERE)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pipeline, "respond", lambda _: {"batchItemFailures": []})


@_mutant("publishes a product's later alerts after a failure", ORDER)
def _(patch: pytest.MonkeyPatch) -> None:
    sendable = Batch.sendable

    def whatever_failed(self: Batch, messages: Any) -> Any:
        self.failed_products.clear()
        return sendable(self, messages)

    patch.setattr(Batch, "sendable", whatever_failed)


@_mutant("publishes two changes of a product in one batch", ORDER)
def _(patch: pytest.MonkeyPatch) -> None:
    class InTens(PublishQueue):
        def __init__(self, messages: Iterable[AlertMessage], _: Any) -> None:
            self._left = deque(messages)

        def take(self) -> list[AlertMessage]:
            return [self._left.popleft() for _ in range(min(sns_limits.MOST_ENTRIES, len(self._left)))]

        def done(self, message: AlertMessage) -> None:
            pass

    patch.setattr(publisher, "PublishQueue", InTens)


@_mutant("does not wait for the call under way about the same product", ORDER)
def _(patch: pytest.MonkeyPatch) -> None:
    class Hasty(PublishQueue):
        def take(self) -> list[AlertMessage]:
            group = super().take()
            for message in group:
                super().done(message)
            return group

        def done(self, message: AlertMessage) -> None:
            pass

    patch.setattr(publisher, "PublishQueue", Hasty)


@_mutant("forgets what it could not write down", TWICE)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Recorder, "unwritten", set())


@_mutant("remembers past an unsafe record", LOST)
def _(patch: pytest.MonkeyPatch) -> None:
    to_write = Batch.to_write

    def everything(self: Batch) -> Any:
        with _without_retries(self):
            memories = to_write(self)[1]
        return to_write(self)[0], memories

    patch.setattr(Batch, "to_write", everything)


@_mutant("acknowledges what rules could not remember", LOST, NOT_DUE, "held back")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Batch, "not_written", lambda *_: None)


@_mutant("counts a change as often as it comes", NOT_DUE, LOST, "held back", TWICE)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Memory, "has_seen", lambda *_: False)


@_mutant("drops what the failures queue does not take", NOWHERE)
def _(patch: pytest.MonkeyPatch) -> None:
    park = Pipeline._park

    def careless(self: Pipeline, batch: Batch) -> None:
        before = [each.retry for each in batch.records]
        park(self, batch)
        for each, retry in zip(batch.records, before, strict=True):
            each.retry = retry

    patch.setattr(Pipeline, "_park", careless)


@_mutant("parks what comes again anyway", PARKED)
def _(patch: pytest.MonkeyPatch) -> None:
    park = Pipeline._park

    def eager(self: Pipeline, batch: Batch) -> None:
        with _without_retries(batch):
            park(self, batch)

    patch.setattr(Pipeline, "_park", eager)


@_mutant("retries what can never be done", STUCK, NOWHERE, longest_run=_A_WEEK)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RecordState, "give_up", lambda self, error, _="": self.come_again(error))


@_mutant("does not look at the time", TIME, scenario=SLOW)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Batch, "check_time", lambda *_: None)


@_mutant("draws a new id for a repeat", TWO_IDS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(summary, "id_of", lambda *_: str(uuid.uuid4()))
    patch.setattr(batch, "alert_id", lambda *_: str(uuid.uuid4()))


@_mutant("takes a refusal for an outage", STUCK, NOWHERE, longest_run=_A_WEEK)
def _(patch: pytest.MonkeyPatch) -> None:
    publish = SnsTopic.publish

    def passing(self: SnsTopic, messages: Any) -> list[PublishResult]:
        results = publish(self, messages)
        return [each._replace(error=ServiceError(str(each.error))) if each.error else each for each in results]

    patch.setattr(SnsTopic, "publish", passing)


@_mutant("forgets the hourly limit", LIMIT)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Evaluation, "_within_limit", lambda *_: RuleOutcome.ALERT)
    patch.setattr(hourly_limits, "reservations", lambda *_: [])


@_mutant("publishes without a place in the hour", LIMIT)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hourly_limits, "reservations", lambda *_: [])


@_mutant("mutes nothing", NOT_DUE)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rule, "muted_until", lambda *_: None)


@_mutant("takes a mute for an alert in what it remembers", LOST)
def _(patch: pytest.MonkeyPatch) -> None:
    learned = Evaluation._learned

    def as_if_alerted(self: Evaluation) -> Memory:
        before = self.outcome
        self.outcome = RuleOutcome.ALERT if before is RuleOutcome.MUTED else before
        try:
            return learned(self)
        finally:
            self.outcome = before

    patch.setattr(Evaluation, "_learned", as_if_alerted)


@_mutant("redrive deletes what still fails", LOST, NOWHERE, STILL)
def _(patch: pytest.MonkeyPatch) -> None:
    invoke = Redrive._invoke

    def hopeful(self: Redrive, records: Any) -> str:
        invoke(self, records[:1])
        return ""

    patch.setattr(Redrive, "_invoke", hopeful)


@_mutant("a redriven record counts as seen", LOST)
def _(patch: pytest.MonkeyPatch) -> None:
    decide = Evaluation.decide

    def as_if_new(self: Evaluation, *args: Any, replayed: bool) -> None:  # noqa: ARG001
        decide(self, *args, replayed=False)

    patch.setattr(Evaluation, "decide", as_if_new)
