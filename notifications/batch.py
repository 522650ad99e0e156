"""A batch on its way through the steps: one state a record, and what neighbours mean for one another.

The response is a partial batch response. Source: AWS Lambda Developer Guide, "Configuring partial batch response with
DynamoDB and Lambda".
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypedDict

from notifications.errors import PermanentError, ProductAlertsError
from notifications.publishing.ledger import Entry, HourlyIncrement, RuleMemory
from notifications.publishing.messages import Message
from notifications.record import RecordState
from notifications.rules.memory import Hour
from notifications.rules.rule import SUPPRESSED
from notifications.stream.changes import sequence_number_of

log = logging.getLogger(__name__)


class Failure(TypedDict):
    """The record to start again from."""

    itemIdentifier: str


class Response(TypedDict):
    """What Lambda reads: no failure means that the whole batch is done."""

    batchItemFailures: list[Failure]


@dataclass(slots=True)
class Batch:
    """The records of one invocation that need a look, in their order."""

    size: int
    """Records of the invocation, those included that changed nothing that a rule watches."""
    records: list[RecordState] = field(default_factory=list)
    record_of: dict[str, RecordState] = field(default_factory=dict)
    """Alert id to the record that it is about."""
    outage: ProductAlertsError | None = None
    """Why nothing more is published in this invocation."""
    failed_products: dict[str, ProductAlertsError] = field(default_factory=dict)
    """Product ids with a failed alert: those behind it wait, or they would overtake it."""
    parked: int = 0

    @property
    def open(self) -> list[RecordState]:
        """The records that rules are concerned with, without those given up or to come again."""
        return [record for record in self.records if record.change and not record.given_up and not record.retry]

    @property
    def first_retry(self) -> RecordState | None:
        """The record from which the batch comes again; None where it is done."""
        return next((record for record in self.records if record.retry), None)

    @property
    def safe(self) -> list[RecordState]:
        """The records before the first one that comes again."""
        first = self.first_retry
        return [record for record in self.records if first is None or record.position < first.position]

    @contextmanager
    def guard(self, record: RecordState) -> Iterator[None]:
        """Give a record up if it cannot be processed: one bad record harms none of its neighbours."""
        try:
            yield
        except PermanentError as error:
            record.give_up(error)
        except Exception as error:
            log.exception("a record could not be evaluated; this is a fault of ours")
            record.give_up(error)

    def sendable(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages that may go out; the records of those that have to wait come again."""
        free = []
        for message in messages:
            error = self.outage or self.failed_products.get(message.alert.subject)
            if error:
                self.record_of[message.alert.id].come_again(error)
            else:
                free.append(message)
        return free

    def to_remember(self) -> list[Entry]:
        """List what to write: each product's memory before its first record that comes again, each hour's alerts.

        A record given up behind one that comes again is not parked yet: it has to be seen again, too.
        """
        end = self.first_retry.position if self.first_retry else self.size
        stops: dict[str, int] = {}
        again = set()
        for record in self.records:
            if (record.retry and not record.stays_parked) or (record.given_up and record.position >= end):
                again.add(record.position)
                stops.setdefault(record.product, record.position)
        memories: dict[str, RuleMemory] = {}
        hours: dict[Hour, HourlyIncrement] = {}
        published = {alert_id for record in self.records for alert_id in record.published}
        for record in self.records:
            if record.memories is not None and record.position < stops.get(record.product, self.size):
                memories[record.product] = RuleMemory(record.product, record.memories, record.product_gone)
            for hour, alert_id, summarised in record.counted:
                if alert_id in published or record.position not in again:
                    known = hours.get(hour, HourlyIncrement(hour, frozenset(), False))
                    admitted = known.admitted if summarised else known.admitted | {alert_id}
                    hours[hour] = HourlyIncrement(hour, admitted, summarised or known.summarised)
        return [*memories.values(), *hours.values()]

    def not_written(self, entries: Sequence[Entry], error: ProductAlertsError) -> None:
        """Have those records come again whose rules should remember something, and do not."""
        missing = {entry.product for entry in entries if isinstance(entry, RuleMemory)}
        for record in self.records:
            if record.memories is not None and record.product in missing:
                record.come_again(error)
                missing.discard(record.product)

    def respond(self) -> Response:
        """Name the first record that comes again; Lambda delivers it and all behind it again.

        One without a sequence number cannot be named: the empty name has the whole batch come again.
        """
        first = self.first_retry
        return {"batchItemFailures": [{"itemIdentifier": sequence_number_of(first.raw)}] if first else []}

    def log_summary(self) -> None:
        """Log one line, and the reasons for what did not go well."""
        for record in self.records:
            if record.given_up:
                log.warning("given up, sequence number %s: %s", _name_of(record), record.given_up.reason)
        first = self.first_retry
        if first:
            log.error("handed back from sequence number %s on: %s", _name_of(first), first.retry)
        evaluations = [evaluation for record in self.records for evaluation in record.evaluations]
        log.info(
            "records %d: alerts published %d, sent before %d, held back %d; records parked %d, handed back %d",
            self.size,
            sum(len(record.published) for record in self.records),
            sum(record.repeated for record in self.records),
            sum(evaluation.outcome in SUPPRESSED for evaluation in evaluations),
            self.parked,
            sum(record.retry is not None for record in self.records),
        )


def _name_of(record: RecordState) -> str:
    return sequence_number_of(record.raw) or "unknown"
