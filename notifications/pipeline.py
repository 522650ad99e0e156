"""The way of a batch: decode, evaluate, decide, publish, respond. No exception leaves it.

What it promises, whatever a stream sends and whatever AWS answers:
- the response names the first record whose alerts are not all safe, and nothing behind it is acknowledged;
- a record that cannot be processed is parked and holds up nobody;
- a failed alert holds up the later alerts of its own product, and no others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from notifications.alerts import Alert
from notifications.batch import Batch
from notifications.calls import chunks
from notifications.decode import StreamRecord, decode
from notifications.errors import OutOfTimeError, PermanentError, ProductAlertsError, RetryableError
from notifications.failures import Failures
from notifications.ledger import MOST_ENTRIES, Entry, Ledger, SentAlert, product_key
from notifications.message import Message, to_message
from notifications.plan import Candidate, Plan, question
from notifications.publish import Topic, batches
from notifications.respond import Response, respond
from notifications.rules_file import Rules

log = logging.getLogger(__name__)

RemainingTime = Callable[[], int]
"""Gives the milliseconds that are left of this invocation."""
Work = dict[int, tuple[StreamRecord, list[Candidate], str]]
"""Position of a record to the record, the rules that may fire for it, and the product that it has them forget."""


class Deadline:
    """When to start no further call: one may hang for its whole timeout, and the response must still go out."""

    def __init__(self, remaining_time: RemainingTime | None, longest_call: int) -> None:
        """Keep free what a call and the one that writes it down may take, in milliseconds; None: no limit."""
        self._remaining_time = remaining_time
        self._longest_call = min(longest_call, remaining_time() // 4) if remaining_time else 0

    def before(self, calls: int) -> Callable[[], None]:
        """Give a check to be made before each request."""
        return lambda: self.check(calls)

    def check(self, calls: int) -> None:
        """Raise OutOfTimeError if so many calls could outlast the invocation."""
        if self._remaining_time and self._remaining_time() < self._longest_call * calls:
            raise OutOfTimeError("the invocation's time is nearly up")


class Pipeline:
    """Rules, and what they write to."""

    def __init__(self, rules: Rules, topic: Topic, ledger: Ledger, failures: Failures, longest_call: int = 0) -> None:
        """Put together what `bootstrap` chose; one call to AWS takes at most `longest_call` milliseconds."""
        self._rules = rules
        self._topic = topic
        self._ledger = ledger
        self._failures = failures
        self._longest_call = longest_call

    def handle(self, event: Any, remaining_time: RemainingTime | None = None) -> Response:
        """Process one event as Lambda sends it; the response is a partial batch response.

        An event with `"redrive": true` brings back records that were given up, perhaps behind later ones.
        """
        replayed = isinstance(event, dict) and event.get("redrive") is True
        batch = Batch(_records_of(event), replayed)
        deadline = Deadline(remaining_time, self._longest_call)
        plan = Plan(self._rules, replayed=replayed)
        work = self._read(batch, plan)
        published: list[Alert] = []
        if self._ask(batch, plan, work, deadline):
            published = self._publish(batch, self._decide(batch, plan, work), deadline)
        self._park(batch, deadline)
        self._write(batch, published, deadline)
        batch.tell()
        return respond(batch.records, batch.unsafe)

    def _read(self, batch: Batch, plan: Plan) -> Work:
        """Find the records that anything follows from. What cannot be read is given up."""
        work = {}
        dismisses = self._rules.ruleset.dismisses
        for position, raw in enumerate(batch.records):
            if dismisses(raw):
                continue
            with batch.guard(position):
                record = decode(raw)
                candidates = plan.candidates(record)
                removed = plan.product_of(record) if plan.remembers(record) else ""
                if candidates or removed:
                    batch.concerns(position, candidates[0].product if candidates else removed)
                    work[position] = (record, candidates, removed)
        return work

    def _ask(self, batch: Batch, plan: Plan, work: Work, deadline: Deadline) -> bool:
        """Let the plan know what was sent and what rules remember; false, with all handed back, if that fails."""
        asked = question(each for _, candidates, _ in work.values() for each in candidates)
        asked.products.update(removed for _, _, removed in work.values() if removed)
        if not asked.alerts and not asked.products:
            return True
        try:
            plan.known = self._ledger.read(asked, deadline.before(calls=3))  # to read, to publish, to write down
        except ProductAlertsError as error:
            for position in work:
                batch.hold(position, error)
            return False
        return True

    def _decide(self, batch: Batch, plan: Plan, work: Work) -> list[Message]:
        """Decide record by record, in order; return what is to be published."""
        messages: list[Message] = []
        for position, (record, candidates, removed) in work.items():
            with batch.guard(position):
                due = batch.decided(position, plan.decide(candidates), plan.known)
                messages += [to_message(alert) for alert in due]
                if removed:
                    batch.forget(position, *plan.forget(record))
        return messages

    def _publish(self, batch: Batch, messages: Iterable[Message], deadline: Deadline) -> list[Alert]:
        """Publish, product by product in order; return the alerts that are out and not written down yet."""
        unwritten: list[Alert] = []
        for planned in batches(messages):
            free = batch.not_held(planned)
            if not free:
                continue
            try:
                deadline.check(calls=2)  # to publish, to write down
                unwritten += self._publish_some(batch, free)
            except RetryableError as error:
                batch.outage = error  # to go on would cost a timeout for every batch to come
                batch.not_held(free)
            if len(unwritten) >= MOST_ENTRIES:
                self._write_some(batch, _sent(unwritten[:MOST_ENTRIES]), deadline)
                del unwritten[:MOST_ENTRIES]
        return unwritten

    def _publish_some(self, batch: Batch, messages: list[Message]) -> list[Alert]:
        """Publish one batch and return the alerts that are out; RetryableError if none is."""
        published = []
        for outcome in self._topic.publish(messages):
            alert = outcome.message.alert
            if outcome.error is None:
                published.append(alert)
                batch.published.add(alert.id)
            elif isinstance(outcome.error, PermanentError):
                batch.refused(alert, outcome.error)
            else:
                batch.hold_product(alert, outcome.error)
        return published

    def _write(self, batch: Batch, published: list[Alert], deadline: Deadline) -> None:
        """Write down what was published, and what rules remember up to each product's first unsafe record."""
        for part in chunks([*_sent(published), *batch.to_remember()], MOST_ENTRIES):
            self._write_some(batch, part, deadline)

    def _write_some(self, batch: Batch, entries: Sequence[Entry], deadline: Deadline) -> None:
        """Write one transaction.

        Alerts are out already, so a failure takes none of them back. But what a rule should remember and does not would
        lose or repeat later alerts: those records come again.
        """
        try:
            self._ledger.write(entries, deadline.before(calls=1))
        except ProductAlertsError as error:
            log.warning("the ledger misses %d entries, a repeat may alert again: %s", len(entries), error)
            batch.forgotten(entries, error)

    def _park(self, batch: Batch, deadline: Deadline) -> None:
        """Park what was given up, before the first record that comes again anyway: each is parked once."""
        for position in sorted(batch.to_park):
            if batch.unsafe and position >= min(batch.unsafe):
                return
            try:
                deadline.check(calls=2)  # to park, to write down
                self._failures.park(batch.to_park[position])
                batch.parked += 1
            except ProductAlertsError as error:
                batch.hold(position, error)
                return


def _sent(alerts: Iterable[Alert]) -> list[Entry]:
    return [SentAlert(product_key(alert.source, alert.subject), alert) for alert in alerts]


def _records_of(event: Any) -> Sequence[Any]:
    records = event.get("Records") if isinstance(event, dict) else None
    if isinstance(records, list):
        return records
    log.warning("the event has no list of Records; it came from no stream, and nothing was done")
    return ()
