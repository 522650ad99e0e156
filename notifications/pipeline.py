"""The way of a batch: read, ask, decide, publish, park, write, respond. No exception leaves it.

What it promises, whatever a stream sends and whatever AWS answers:
- the response names the first record whose alerts are not all safe, and nothing behind it is acknowledged;
- a record that cannot be processed is parked and holds up nobody;
- a failed alert holds up the later alerts of its own product, and no others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from notifications.batch import Batch, RecordState
from notifications.common.errors import ProductAlertsError, ServiceError
from notifications.common.time_budget import Deadline, RemainingTime
from notifications.publisher import Publisher
from notifications.publishing.failures import Failures
from notifications.publishing.ledger import Ledger, LedgerQuery, LedgerSnapshot
from notifications.publishing.messages import Message, to_message
from notifications.publishing.side_by_side import NewCalls, OneByOne
from notifications.publishing.topic import Topic
from notifications.recorder import Recorder
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import sequence_number_of

log = logging.getLogger(__name__)
_MOST_ROUNDS = 10  # of deciding and reserving: two where others were quicker, a few where that changes more decisions


class Failure(TypedDict):
    """The record to start again from."""

    itemIdentifier: str


class Response(TypedDict):
    """What Lambda reads: no failure means that the whole batch is done."""

    batchItemFailures: list[Failure]


Observer = Callable[[Batch, float], None]
"""Takes a batch that is done, and how many seconds it took; raises nothing."""


class Pipeline:
    """Rules, and what they write to."""

    def __init__(
        self,
        ruleset: Ruleset,
        topic: Topic,
        ledger: Ledger,
        failures: Failures,
        longest_call: int = 0,
        *,
        new_calls: NewCalls = OneByOne,
        sleep: Callable[[float], None] = time.sleep,
        observe: Observer | None = None,
    ) -> None:
        """Put together what `bootstrap` chose; one call to AWS takes at most `longest_call` milliseconds."""
        self._ruleset = ruleset
        self._topic = topic
        self._ledger = ledger
        self._failures = failures
        self._longest_call = longest_call
        self._new_calls = new_calls
        self._recorder = Recorder(ledger, new_calls, sleep)
        self._observe = observe

    def handle(self, event: Any, remaining_time: RemainingTime | None = None) -> Response:
        """Process one event as Lambda sends it; the response is a partial batch response.

        An event with `"redrive": true` brings back records that were given up, perhaps behind later ones.
        """
        started = time.perf_counter()
        deadline = Deadline(remaining_time, self._longest_call)
        batch = self._read(event)
        snapshot = self._ask(batch, deadline)
        messages = self._decide(batch, snapshot, deadline)
        Publisher(self._topic, self._recorder, batch, deadline).publish(messages, self._new_calls)
        self._park(batch, deadline)
        for muted in batch.muted():
            self._recorder.note(muted)
        self._recorder.finish(batch, batch.to_remember(), deadline)
        if batch.refused:
            self._park(batch, deadline)
        if self._observe:
            self._observe(batch, time.perf_counter() - started)
        return respond(batch)

    def _read(self, event: Any) -> Batch:
        """Find the records that anything follows from. What cannot be read is given up."""
        records = _records_of(event)
        replayed = isinstance(event, dict) and event.get("redrive") is True
        batch = Batch(len(records), first=records[0] if records else None)
        can_skip = self._ruleset.prefilter.can_skip
        for position, raw in enumerate(records):
            if not can_skip(raw):
                record = RecordState(position, raw, replayed)
                batch.records.append(record)
                with batch.guard(record):
                    record.read(self._ruleset)
        return batch

    def _ask(self, batch: Batch, deadline: Deadline) -> LedgerSnapshot:
        """Ask what was sent and what rules remember; if that fails, all that depends on it comes again."""
        query = LedgerQuery(mutes=True)
        for record in batch.open:
            record.ask(query)
        batch.limited = bool(query.hours)
        try:
            if query.alerts or query.products:
                snapshot = self._ledger.read(query, deadline.before(calls=3))  # to read, to publish, to write down
                for record in batch.open if snapshot.refused else ():
                    error = snapshot.refused.get(record.product) or snapshot.refused.get(record.history)
                    if error:
                        record.give_up(error)
                snapshot.sent |= self._recorder.unwritten
                return snapshot
        except ProductAlertsError as error:
            for record in batch.open:
                record.come_again(error)
        return LedgerSnapshot()

    def _decide(self, batch: Batch, snapshot: LedgerSnapshot, deadline: Deadline) -> list[Message]:
        """Decide record by record, in order; return what is to be published.

        Alerts of a rule with a limit take their places in the hour first. Where other invocations were quicker, all is
        decided again with the places that are left. An hour that is full stays full, so that ends; were the ledger to
        give no place and not to be full either, what needs one comes again.
        """
        if not batch.limited:
            return self._decide_once(batch, snapshot)
        messages: list[Message] = []
        for _ in range(_MOST_ROUNDS):
            messages = self._decide_once(batch, snapshot.copy())
            if self._reserve(batch, snapshot, deadline):
                break
        else:
            error = ServiceError(
                f"ledger reserve: asked {_MOST_ROUNDS} times, it gave other places than were decided on"
            )
            for wanted in batch.reservations(snapshot):
                batch.hold_up(wanted, error)
        return [message for message in messages if not batch.record_of[message.alert.id].retry]

    def _reserve(self, batch: Batch, snapshot: LedgerSnapshot, deadline: Deadline) -> bool:
        """Take the places that the decisions need; tell whether the decisions hold."""
        hold = True
        for wanted in batch.reservations(snapshot):
            try:
                count = self._ledger.reserve(wanted, deadline.before(calls=3))  # to reserve, to publish, to write down
            except ProductAlertsError as error:
                batch.hold_up(wanted, error)
            else:
                snapshot.hourly_counts[wanted.hour] = count
                hold = hold and wanted.is_granted_by(count)
        return hold

    def _decide_once(self, batch: Batch, snapshot: LedgerSnapshot) -> list[Message]:
        messages: list[Message] = []
        for record in batch.open:
            with batch.guard(record):
                found = []
                for alert in record.decide(self._ruleset, snapshot):
                    batch.record_of[alert.id] = record
                    found.append(to_message(alert))
                messages += found
        return messages

    def _park(self, batch: Batch, deadline: Deadline) -> None:
        """Park what was given up, before the first record that comes again anyway: each is parked once."""
        for record in batch.records:
            if record.retry:
                return
            if record.given_up and not record.parked:
                try:
                    deadline.check(calls=2)  # to park, to write down
                    self._failures.park(record.given_up)
                    record.parked = True
                    batch.parked += 1
                except ProductAlertsError as error:
                    record.come_again(error)
                    return


def _records_of(event: Any) -> Sequence[Any]:
    records = event.get("Records") if isinstance(event, dict) else None
    if isinstance(records, list):
        return records
    log.warning("the event has no list of Records; it came from no stream, and nothing was done")
    return ()


def respond(batch: Batch) -> Response:
    """Name the first record that comes again; Lambda delivers it and all behind it again.

    One without a sequence number cannot be named: the empty name has the whole batch come again.
    Source: AWS Lambda Developer Guide, "Configuring partial batch response with DynamoDB and Lambda".
    """
    first = batch.first_retry
    return {"batchItemFailures": [{"itemIdentifier": sequence_number_of(first.raw)}] if first else []}
