"""Mistakes that the pipeline could have, each small, and the law that has to catch it."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from notifications import alerts, decide, pipeline, plan, publish
from notifications.batch import Batch
from notifications.errors import PermanentError, ProductAlertsError, ServiceError
from notifications.ledger import Known, SentAlert
from notifications.ledger_table import DynamoDbLedger
from notifications.memory import Memory
from notifications.message import Message
from notifications.pipeline import Deadline, Pipeline
from operations.redrive import Redrive

from .changes import Change
from .scenario import PUBLISH, Outage, Scenario
from .world import LONGEST_RUN

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

    def forgetful(self: DynamoDbLedger, *args: Any) -> Known:
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
    respond = pipeline.respond  # type: ignore[attr-defined] # where it is used is where it is replaced
    patch.setattr(pipeline, "respond", lambda records, unsafe: respond(records, {max(unsafe)} if unsafe else ()))


@_mutant("acknowledges everything", LOST, NOWHERE)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pipeline, "respond", lambda _records, _unsafe: {"batchItemFailures": []})


@_mutant("publishes a product's later alerts after a failure", ORDER)
def _(patch: pytest.MonkeyPatch) -> None:
    def hold_record(self: Batch, alert: Any, error: ProductAlertsError) -> None:
        self.hold(self._position_of[alert.id], error)

    patch.setattr(Batch, "hold_product", hold_record)


@_mutant("publishes two changes of a product in one batch", ORDER)
def _(patch: pytest.MonkeyPatch) -> None:
    def in_tens(messages: Iterable[Message]) -> Iterator[list[Message]]:
        waiting = deque(messages)
        while waiting:
            yield [waiting.popleft() for _ in range(min(publish.MOST_ENTRIES, len(waiting)))]

    patch.setattr(pipeline, "batches", in_tens)


@_mutant("remembers past an unsafe record", LOST)
def _(patch: pytest.MonkeyPatch) -> None:
    to_remember = Batch.to_remember

    def everything(self: Batch) -> Any:
        unsafe, self.unsafe = self.unsafe, {}
        try:
            return to_remember(self)
        finally:
            self.unsafe = unsafe

    patch.setattr(Batch, "to_remember", everything)


@_mutant("acknowledges what rules could not remember", LOST, NOT_DUE, "held back")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Batch, "forgotten", lambda *_: None)


@_mutant("counts a change as often as it comes", NOT_DUE, LOST, "held back", TWICE)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Memory, "has_seen", lambda *_: False)


@_mutant("drops what the failures queue does not take", NOWHERE)
def _(patch: pytest.MonkeyPatch) -> None:
    park = Pipeline._park

    def careless(self: Pipeline, batch: Batch, deadline: Any) -> None:
        before = dict(batch.unsafe)
        park(self, batch, deadline)
        batch.unsafe = before

    patch.setattr(Pipeline, "_park", careless)


@_mutant("parks what comes again anyway", PARKED)
def _(patch: pytest.MonkeyPatch) -> None:
    park = Pipeline._park

    def eager(self: Pipeline, batch: Batch, deadline: Any) -> None:
        unsafe, batch.unsafe = batch.unsafe, {}
        park(self, batch, deadline)
        batch.unsafe = {**unsafe, **batch.unsafe}

    patch.setattr(Pipeline, "_park", eager)


@_mutant("retries what can never be done", STUCK, NOWHERE, longest_run=_A_WEEK)
def _(patch: pytest.MonkeyPatch) -> None:
    def hold(self: Batch, position: int, error: Exception, rule: str = "") -> None:  # noqa: ARG001
        self.hold(position, error)

    patch.setattr(Batch, "_give_up", hold)


@_mutant("does not look at the time", TIME, scenario=SLOW)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Deadline, "check", lambda *_, **__: None)


@_mutant("draws a new id for a repeat", TWO_IDS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(alerts, "_uuid", lambda *_: str(uuid.uuid4()))
    patch.setattr(plan, "alert_id", lambda *_: str(uuid.uuid4()))


@_mutant("takes a refusal for an outage", STUCK, NOWHERE, longest_run=_A_WEEK)
def _(patch: pytest.MonkeyPatch) -> None:
    def passing(self: Batch, alert: Any, error: PermanentError) -> None:
        self.hold_product(alert, ServiceError(str(error)))

    patch.setattr(Batch, "refused", passing)


@_mutant("forgets the hourly limit", LIMIT)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decide, "_within_limit", lambda *_: decide.Outcome.ALERT)


@_mutant("redrive deletes what still fails", LOST, NOWHERE, STILL)
def _(patch: pytest.MonkeyPatch) -> None:
    invoke = Redrive._invoke

    def hopeful(self: Redrive, records: Any) -> str:
        invoke(self, records[:1])
        return ""

    patch.setattr(Redrive, "_invoke", hopeful)


@_mutant("a redriven record counts as seen", LOST)
def _(patch: pytest.MonkeyPatch) -> None:
    once = pipeline.Plan  # type: ignore[attr-defined]

    patch.setattr(pipeline, "Plan", lambda rules, replayed: once(rules, replayed=False))  # noqa: ARG005
