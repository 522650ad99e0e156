"""A batch on its way: one state a record, what neighbours mean for one another, and the time that is left."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from notifications.alerts.alert import Alert
from notifications.alerts.composing import RenderContext, alert_id, compose
from notifications.alerts.summary import summarised, summary_id
from notifications.common.errors import OutOfTimeError, PermanentError, ProductAlertsError, where_raised
from notifications.common.time_budget import RemainingTime
from notifications.publishing.failures import Parked
from notifications.publishing.ledger import (
    AlertKey,
    Entry,
    LedgerQuery,
    LedgerSnapshot,
    RuleMemory,
    SentAlert,
)
from notifications.publishing.messages import AlertMessage
from notifications.rules.memory import NOTHING, Hour, HourlyCount, Memory
from notifications.rules.rule import NOT_JUDGED, SUPPRESSED, Evaluation, RuleOutcome
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import Change, decode
from notifications.text.formatting import rfc3339

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RecordState:
    """The state of one record: nothing follows from it (no `change`), given up, to come again, or alerts published."""

    position: int
    """In the batch, counted from 0."""
    raw: Any
    """As it came in the event."""
    replayed: bool = False
    """It comes from the failures queue: it is not parked anew, and may be older than what the rules have seen."""
    change: Change | None = None
    """None where nothing follows from the record."""
    product: str = ""
    """The item, as `Change.item` names it: what rules remember belongs to it, whatever people call the product."""
    history: str = ""
    """Where its alerts stand in the ledger: the table's ARN, "#" and what people call the product now."""
    evaluations: list[Evaluation] = field(default_factory=list)
    """Of the rules that may fire."""
    forgets: bool = False
    """The product was removed, and what its rules remember goes with it."""
    memories: dict[str, Memory] | None = None
    """By rule, what is remembered of the product after this record; None where no rule remembers anything."""
    product_gone: bool = False
    counted: list[Evaluation] = field(default_factory=list)
    """Those whose alert, or the summary in its place, needs a place in an hour with a limit."""
    muted: list[tuple[Alert, float]] = field(default_factory=list)
    """Alerts that an operator's mute holds back, and until when; not those written down before."""
    repeated: int = 0
    """Alerts that were sent before."""
    published: list[str] = field(default_factory=list)
    """Ids of the alerts that went out now."""
    given_up: Parked | None = None
    parked: bool = False
    """Given up, and kept in the failures queue."""
    retry: Exception | None = None
    """Why the record has to come again."""
    stays_parked: bool = False
    """Replayed and given up again, it stays in the failures queue: the rules go on behind it."""

    def read(self, ruleset: Ruleset) -> None:
        """Find the rules that may fire, as far as the record alone can tell.

        Raises MalformedRecordError where it is not a stream record, or a rule meets a value that is malformed.
        """
        change = decode(self.raw)
        found = []
        for named in ruleset.concerned(change):
            rule = ruleset.rule_for(named, change) if ruleset.rule_for else named
            if rule:
                judgement = NOT_JUDGED if rule.uses_memory and rule.asks_memory(change) else rule.judge(change)
                if judgement.fired or judgement is NOT_JUDGED:
                    found.append((rule, judgement))
        self.forgets = ruleset.forgets(change)
        if found or self.forgets:
            product_id = ruleset.product_id(change)
            self.evaluations = [
                Evaluation(change, rule, product_id, alert_id(change, rule.name), judgement)
                for rule, judgement in found
            ]
            for evaluation in self.evaluations:
                if evaluation.rule.max_per_hour and evaluation.hour:
                    evaluation.summary_id = summary_id(change.table_arn, evaluation.hour)
            self.product = change.item
            self.history = f"{change.table_arn}#{product_id}"
            self.change = change

    def ask(self, query: LedgerQuery) -> None:
        """Add what the decisions about this record depend on."""
        for evaluation in self.evaluations:
            query.alerts.add(AlertKey(self.history, evaluation.change.sequence_number, evaluation.alert_id))
            if evaluation.rule.remembers:
                query.products.add(self.product)
            if evaluation.summary_id and evaluation.hour:
                query.hours.add(evaluation.hour)
                query.alerts.add(AlertKey(self.history, evaluation.change.sequence_number, evaluation.summary_id))
        if self.forgets:
            query.products.add(self.product)

    def decide(self, ruleset: Ruleset, snapshot: LedgerSnapshot) -> list[Alert]:
        """Decide with what the ledger knows, and add to it for the next record; return the alerts not sent before.

        Raises MalformedRecordError, and then has not changed the snapshot.
        """
        memories = snapshot.memories.get(self.product, {})
        counts: dict[Hour, HourlyCount] = {}
        due = []
        self.counted, self.muted, self.repeated = [], [], 0
        for evaluation in self.evaluations:
            hour = evaluation.hour if evaluation.summary_id else None
            if hour:
                known = snapshot.hourly_counts.get(hour, HourlyCount())
                counts[hour] = HourlyCount(set(known.admitted), known.summary)
            memory = memories.get(evaluation.rule.name, NOTHING)
            evaluation.decide(memory, counts[hour] if hour else None, snapshot.mutes, replayed=self.replayed)
            alert = _alert_of(evaluation, ruleset)
            if alert and hour:
                self.counted.append(evaluation)
            if alert and alert.id in snapshot.sent:
                self.repeated += 1
            elif alert:
                due.append(alert)
            if evaluation.muted_until is not None and evaluation.alert_id not in snapshot.sent:
                self.muted.append((compose(evaluation, ruleset.product), evaluation.muted_until))
        snapshot.hourly_counts.update(counts)
        self._remember(ruleset, snapshot)
        for alert in due:
            snapshot.sent.add(alert.id)
        return due

    def come_again(self, error: Exception) -> None:
        """Have the record delivered again."""
        self.stays_parked = False
        self.retry = self.retry or error

    def cannot_be_processed(self, error: Exception) -> None:
        """Give the record up because of what a step raised: one bad record does not harm its neighbours."""
        if not isinstance(error, PermanentError):
            log.error("a record could not be evaluated; this is a fault of ours: %s", where_raised(error))
        self.give_up(error)

    def give_up(self, error: Exception, rule: str = "") -> None:
        """Give the record up, or only the alert of `rule`; a replayed one stays in the failures queue."""
        if self.replayed:
            self.stays_parked = self.stays_parked or self.retry is None
            self.retry = self.retry or error
            return
        parked = Parked(self.raw, str(error), type(error).__name__, rule)
        before = self.given_up
        if before:  # one message a record: of two, one could be kept and the other not
            parked = parked._replace(reason=f"{before.reason}; {parked.reason}", rule=f"{before.rule}, {rule}")
        self.given_up = parked

    def _remember(self, ruleset: Ruleset, snapshot: LedgerSnapshot) -> None:
        remembered = {each.rule.name: each.memory for each in self.evaluations if each.rule.remembers}
        if remembered:
            snapshot.memories[self.product] = {**snapshot.memories.get(self.product, {}), **remembered}
        if self.forgets and self.change:
            memories = ruleset.after_removal(self.change, snapshot.memories.get(self.product, {}))
            snapshot.memories[self.product] = memories
            numbers = {memory.sequence_number for memory in memories.values()}
            self.product_gone = numbers <= {self.change.sequence_number}  # and not back already
        if remembered or self.forgets:
            self.memories = snapshot.memories[self.product]


def _alert_of(evaluation: Evaluation, ruleset: Ruleset) -> Alert | None:
    """Write the alert, or the summary that says that the hour's limit is reached; None if nothing is said."""
    alert = None
    if evaluation.outcome is RuleOutcome.ALERT or evaluation.limit_reached:
        alert = compose(evaluation, ruleset.product)
    if alert and evaluation.limit_reached and evaluation.rule.max_per_hour and evaluation.hour:
        alert = summarised(alert, evaluation.summary_id, evaluation.rule.max_per_hour, evaluation.hour)
    if evaluation.outcome in SUPPRESSED and evaluation.rule.remembers and not evaluation.late:
        title = RenderContext(evaluation, ruleset.product).title()
        evaluation.suppress(title, rfc3339(evaluation.change.created_at))
    return alert


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
    """Items with a failed alert: those behind it wait, or they would overtake it."""

    parked: int = 0
    publish_failures: int = 0
    """Alerts that the topic did not take, for now or for good."""
    first: Any = None
    """The oldest record, as it came in the event."""
    refused: bool = False
    """Whether the ledger refused an entry."""
    limited: bool = False
    """Whether a rule that may fire has a limit an hour."""
    remaining_time: RemainingTime | None = None
    """None: there is no limit."""
    longest_call: int = 0
    """Milliseconds that a call to AWS is taken to last."""

    def check_time(self, calls: int) -> None:
        """Raise OutOfTimeError if so many calls, one after another, could outlast the invocation.

        A call may hang for its whole timeout, and the response must still go out.
        """
        if self.remaining_time and self.remaining_time() < self.longest_call * calls:
            raise OutOfTimeError("the invocation's time is nearly up")

    @property
    def open(self) -> list[RecordState]:
        """The records that rules are concerned with, without those given up or to come again."""
        return [record for record in self.records if record.change and not record.given_up and not record.retry]

    @property
    def first_retry(self) -> RecordState | None:
        """The record from which the batch comes again; None where it is done."""
        for record in self.records:
            if record.retry:
                return record
        return None

    @property
    def safe(self) -> list[RecordState]:
        """The records before the first one that comes again."""
        first = self.first_retry
        return [record for record in self.records if first is None or record.position < first.position]

    def product_of(self, message: AlertMessage) -> str:
        """Return the item that a message is about."""
        return self.record_of[message.alert.id].product

    def sendable(self, messages: Sequence[AlertMessage]) -> list[AlertMessage]:
        """Return the messages that may go out; the records of those that have to wait come again."""
        free = []
        for message in messages:
            record = self.record_of[message.alert.id]
            error = self.outage or self.failed_products.get(record.product)
            if error:
                record.come_again(error)
            else:
                free.append(message)
        return free

    def to_write(self) -> tuple[list[SentAlert], list[Entry]]:
        """List the alerts that mutes held back, and each product's memory: before its first record that comes again.

        A record given up behind one that comes again is not parked yet: it has to be seen again, too.
        """
        first = self.first_retry
        end = first.position if first else self.size
        muted: list[SentAlert] = []
        memories: dict[str, Entry] = {}
        again: set[str] = set()
        for record in self.records:
            if (record.retry and not record.stays_parked) or (record.given_up and record.position >= end):
                again.add(record.product)
            if record.product in again:
                continue
            if record.memories is not None:
                memories[record.product] = RuleMemory(record.product, record.memories, record.product_gone)
            for alert, until in () if record.retry else record.muted:
                muted.append(SentAlert(record.history, alert, record.memories is not None, until))
        return muted, list(memories.values())

    def not_taken(self, entry: Entry, error: ProductAlertsError) -> None:
        """Give the record up whose memory the ledger will never take; an alert is out, and only not written down."""
        if isinstance(entry, RuleMemory):
            found = [each for each in self.safe if each.product == entry.product and each.memories is not None]
            for record in found[-1:]:
                record.give_up(error)

    def not_written(self, entries: Sequence[Entry], error: ProductAlertsError) -> None:
        """Have those records come again whose rules should remember something, and do not."""
        missing = {entry.product for entry in entries if isinstance(entry, RuleMemory)}
        for record in self.records:
            if record.memories is not None and record.product in missing:
                record.come_again(error)
                missing.discard(record.product)
