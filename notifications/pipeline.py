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
from functools import partial
from typing import Any, TypedDict

from notifications.batch import Batch, RecordState
from notifications.common.errors import ProductAlertsError
from notifications.common.time_budget import RemainingTime
from notifications.hourly_limits import decide_with_limits
from notifications.publisher import Publisher, Recorder
from notifications.publishing.failures import FailuresQueue
from notifications.publishing.ledger import Ledger, LedgerQuery, LedgerSnapshot
from notifications.publishing.messages import AlertMessage, to_message
from notifications.publishing.side_by_side import NewCalls, OneByOne
from notifications.publishing.topic import Topic
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import sequence_number_of

log = logging.getLogger(__name__)


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
        failures: FailuresQueue,
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
        batch = self._read(event, remaining_time)
        snapshot = self._ask(batch)
        messages = self._decide(batch, snapshot)
        Publisher(self._topic, self._recorder, batch).publish(messages, self._new_calls)
        self._park(batch)
        self._recorder.finish(batch)
        if batch.refused:  # what the ledger will never take has been given up just now
            self._park(batch)
        if self._observe:
            self._observe(batch, time.perf_counter() - started)
        return respond(batch)

    def _read(self, event: Any, remaining_time: RemainingTime | None) -> Batch:
        """Find the records that anything follows from. What cannot be read is given up."""
        records = _records_of(event)
        replayed = isinstance(event, dict) and event.get("redrive") is True
        batch = Batch(len(records), first=records[0] if records else None, remaining_time=remaining_time)
        batch.longest_call = min(self._longest_call, remaining_time() // 4) if remaining_time else 0
        can_skip = self._ruleset.prefilter.can_skip
        for position, raw in enumerate(records):
            if not can_skip(raw):
                record = RecordState(position, raw, replayed)
                batch.records.append(record)
                try:
                    record.read(self._ruleset)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is this record's alone
                    record.cannot_be_processed(error)
        return batch

    def _ask(self, batch: Batch) -> LedgerSnapshot:
        """Ask what was sent and what rules remember; if that fails, all that depends on it comes again."""
        query = LedgerQuery(mutes=True)
        for record in batch.open:
            record.ask(query)
        batch.limited = bool(query.hours)
        try:
            if query.alerts or query.products:
                snapshot = self._ledger.read(query, partial(batch.check_time, 3))  # to read, to publish, to write down
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

    def _decide(self, batch: Batch, snapshot: LedgerSnapshot) -> list[AlertMessage]:
        """Decide record by record, in order; return what is to be published."""
        if batch.limited:
            return decide_with_limits(batch, snapshot, self._ledger, self._decide_once)
        return self._decide_once(batch, snapshot)

    def _decide_once(self, batch: Batch, snapshot: LedgerSnapshot) -> list[AlertMessage]:
        messages: list[AlertMessage] = []
        for record in batch.open:
            try:
                found = []
                for alert in record.decide(self._ruleset, snapshot):
                    batch.record_of[alert.id] = record
                    found.append(to_message(alert))
                messages += found
            except Exception as error:  # noqa: BLE001 - as above
                record.cannot_be_processed(error)
        return messages

    def _park(self, batch: Batch) -> None:
        """Park what was given up, before the first record that comes again anyway: each is parked once."""
        for record in batch.records:
            if record.retry:
                return
            if record.given_up and not record.parked:
                try:
                    batch.check_time(2)  # to park, to write down
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
