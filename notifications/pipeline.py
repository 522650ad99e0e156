"""The way of a batch: decode, evaluate, publish, respond. No exception leaves it.

What it promises, whatever a stream sends and whatever AWS answers:
- the response names the first record whose alerts are not all safe, and nothing behind it is acknowledged;
- a record that cannot be processed is parked and holds up nobody;
- a failed alert holds up the later alerts of its own product, and no others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from notifications.alerts import Alert, compose
from notifications.changes import ProductChange
from notifications.decode import decode, sequence_number_of
from notifications.errors import OutOfTimeError, PermanentError, ProductAlertsError, RetryableError
from notifications.failures import Failures, Parked
from notifications.ledger import MOST_ITEMS_WRITTEN, Ledger
from notifications.message import Message, to_message
from notifications.publish import Topic, batches
from notifications.respond import Response, respond
from notifications.rules_file import Rules

log = logging.getLogger(__name__)

RemainingTime = Callable[[], int]
"""Gives the milliseconds that are left of this invocation."""


class Deadline:
    """When to start no further call: one may hang for its whole timeout, and the response must still go out."""

    def __init__(self, remaining_time: RemainingTime | None, longest_call: int) -> None:
        """Keep `longest_call` milliseconds free, but never more than a third of the invocation; None: no limit."""
        self._remaining_time = remaining_time
        self._reserved = min(longest_call, remaining_time() // 3) if remaining_time else 0

    def check(self) -> None:
        """Raise OutOfTimeError if another call could outlast the invocation."""
        if self._remaining_time and self._remaining_time() < self._reserved:
            raise OutOfTimeError("the invocation's time is nearly up")


@dataclass(slots=True)
class _Batch:
    """What is known of a batch while it is processed; records are named by their position in it."""

    records: Sequence[Any]
    position_of: dict[str, int] = field(default_factory=dict)
    """Alert id to the record that it is about."""
    to_park: dict[int, list[Parked]] = field(default_factory=dict)
    unsafe: dict[int, ProductAlertsError] = field(default_factory=dict)
    held_products: dict[str, ProductAlertsError] = field(default_factory=dict)
    """Products with a failed alert: those behind it wait, or they would overtake it."""
    outage: ProductAlertsError | None = None
    """Why nothing more is published in this invocation."""
    published: int = 0
    repeated: int = 0
    parked: int = 0

    def give_up(self, position: int, error: Exception, rule: str = "") -> None:
        """Have a record parked."""
        parked = Parked(self.records[position], str(error), type(error).__name__, rule)
        self.to_park.setdefault(position, []).append(parked)

    def hold(self, alert: Alert, error: ProductAlertsError) -> None:
        """Have the stream deliver an alert's record again."""
        self.unsafe.setdefault(self.position_of[alert.id], error)

    def not_held(self, messages: Sequence[Message]) -> list[Message]:
        """Hold the messages that have to wait, and return the others."""
        free = []
        for message in messages:
            error = self.outage or self.held_products.get(message.alert.subject)
            if error:
                self.hold(message.alert, error)
            else:
                free.append(message)
        return free


class Pipeline:
    """Rules, and what they write to."""

    def __init__(self, rules: Rules, topic: Topic, ledger: Ledger, failures: Failures, longest_call: int = 0) -> None:
        """Put together what `bootstrap` chose; one call to AWS takes at most `longest_call` milliseconds."""
        self._longest_call = longest_call
        self._rules = rules
        self._topic = topic
        self._ledger = ledger
        self._failures = failures

    def handle(self, event: Any, remaining_time: RemainingTime | None = None) -> Response:
        """Process one event as Lambda sends it; the response is a partial batch response."""
        batch = _Batch(_records_of(event))
        deadline = Deadline(remaining_time, self._longest_call)
        alerts = self._alerts_of(batch)
        if alerts:
            self._publish(batch, alerts, deadline)
        if batch.to_park:
            self._park(batch, deadline)
        _tell(batch)
        return respond(batch.records, batch.unsafe)

    def _alerts_of(self, batch: _Batch) -> list[Alert]:
        alerts = []
        ruleset = self._rules.ruleset
        for position, raw in enumerate(batch.records):
            if ruleset.dismisses(raw):
                continue
            try:
                record = decode(raw)
                change = ProductChange(record)
                due = [compose(self._rules.product, change, *fired) for fired in ruleset.evaluate(record)]
            except PermanentError as error:
                batch.give_up(position, error)
            except Exception as error:  # whatever one record does to us, its neighbours go on
                log.exception("a record could not be evaluated; this is a fault of ours")
                batch.give_up(position, error)
            else:
                for alert in due:
                    if alert.id not in batch.position_of:  # the same record twice in one batch
                        batch.position_of[alert.id] = position
                        alerts.append(alert)
        return alerts

    def _publish(self, batch: _Batch, alerts: list[Alert], deadline: Deadline) -> None:
        """Publish what the ledger does not know yet, product by product in order."""
        try:
            sent = self._ledger.sent(alerts)
        except ProductAlertsError as error:
            for alert in alerts:
                batch.hold(alert, error)
            return
        batch.repeated = len(sent)
        unrecorded: list[Alert] = []
        for planned in batches(to_message(alert) for alert in alerts if alert.id not in sent):
            messages = batch.not_held(planned)
            if not messages:
                continue
            try:
                deadline.check()
            except OutOfTimeError as error:
                batch.outage = error
                batch.not_held(messages)
                continue
            unrecorded += self._publish_some(batch, messages)
            if len(unrecorded) >= MOST_ITEMS_WRITTEN:
                self._record(unrecorded[:MOST_ITEMS_WRITTEN])
                del unrecorded[:MOST_ITEMS_WRITTEN]
        self._record(unrecorded)

    def _publish_some(self, batch: _Batch, messages: list[Message]) -> list[Alert]:
        """Publish one batch and return the alerts that are out."""
        published = []
        failed = 0
        for outcome in self._topic.publish(messages):
            alert, error = outcome.message.alert, outcome.error
            if error is None:
                published.append(alert)
            elif isinstance(error, RetryableError):
                failed += 1
                batch.held_products[alert.subject] = error
                batch.hold(alert, error)
            else:
                batch.give_up(batch.position_of[alert.id], error, alert.rule)
            if failed == len(messages):
                batch.outage = error  # the topic is down: to go on would cost a timeout for every batch to come
        batch.published += len(published)
        return published

    def _record(self, alerts: list[Alert]) -> None:
        """Write the ledger. The alerts are out already: to fail here would only send them again."""
        if not alerts:
            return
        try:
            self._ledger.record(alerts)
        except ProductAlertsError as error:
            log.warning(
                "%d published alerts are not in the ledger, a repeat may send them again: %s",
                len(alerts),
                error,
            )

    def _park(self, batch: _Batch, deadline: Deadline) -> None:
        """Park what was given up, up to the first record that comes again anyway: each is parked once."""
        for position in sorted(batch.to_park):
            if batch.unsafe and position > min(batch.unsafe):
                return
            try:
                for parked in batch.to_park[position]:
                    deadline.check()
                    self._failures.park(parked)
                    batch.parked += 1
            except ProductAlertsError as error:
                batch.unsafe.setdefault(position, error)


def _records_of(event: Any) -> Sequence[Any]:
    records = event.get("Records") if isinstance(event, dict) else None
    if isinstance(records, list):
        return records
    log.warning("the event has no list of Records; it came from no stream, and nothing was done")
    return ()


def _tell(batch: _Batch) -> None:
    """Log one line a batch, and the reasons for what did not go well."""
    for position, given_up in sorted(batch.to_park.items()):
        for parked in given_up:
            log.warning(
                "given up, sequence number %s: %s",
                sequence_number_of(batch.records[position]),
                parked.reason,
            )
    if batch.unsafe:
        first = min(batch.unsafe)
        log.error(
            "handed back from sequence number %s on: %s",
            sequence_number_of(batch.records[first]),
            batch.unsafe[first],
        )
    log.info(
        "%d records: %d alerts published, %d sent before, %d records parked, %d handed back",
        len(batch.records), batch.published, batch.repeated, batch.parked, len(batch.unsafe),
    )  # fmt: skip
