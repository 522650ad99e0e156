"""What every rule makes of every record, in order: what a rule remembers of one record counts for the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from notifications.alerts import TYPES, Alert
from notifications.changes import ProductChange
from notifications.conditions import Judgement
from notifications.decide import Decision, Outcome
from notifications.decode import StreamRecord, decode, sequence_number_of
from notifications.errors import MalformedRecordError
from notifications.memory import NOTHING
from notifications.plan import Plan
from notifications.rules import Rule
from notifications.rules_file import Rules

_MUTED = Decision(Outcome.MUTED, Judgement(False, ""), NOTHING)


class Verdict(NamedTuple):
    """What one rule made of one record."""

    number: int
    """The number of the record, counted from 1."""
    record: StreamRecord | None
    """None for a malformed record."""
    subject: str
    """The product's id; empty for a malformed record."""
    sequence_number: str
    rule: Rule
    outcome: Outcome
    reason: str
    alerts: tuple[Alert, ...]
    """The alert that goes out, or the summary that says that the hour's limit is reached."""

    @property
    def fired(self) -> bool:
        """Whether the rule's alert goes out."""
        return self.outcome is Outcome.ALERT

    @property
    def type(self) -> str:
        """The type of the rule's alerts."""
        return TYPES[self.rule.when]


def judge(rules: Rules, records: Iterable[Any]) -> Iterator[Verdict]:
    """Judge records as they come, with rules that remember nothing yet.

    A malformed record gets one verdict for each rule, with the reason why it goes to the failures queue.
    """
    plan = Plan(rules)
    for number, raw in enumerate(records, 1):
        try:
            yield from _verdicts(plan, number, decode(raw))
        except Exception as error:  # noqa: BLE001 - whatever it is, the function gives the record up
            said = error if isinstance(error, MalformedRecordError) else f"{type(error).__name__}: {error}"
            for rule in rules.ruleset.rules:
                reason = f"malformed, goes to the failures queue: {said}"
                yield Verdict(number, None, "", sequence_number_of(raw), rule, Outcome.QUIET, reason, ())


def alerts_for(plan: Plan, raw: Any) -> list[Alert]:
    """Return the alerts that one record sends; an empty list for a malformed one. Cheaper than `judge`: no reasons.

    A record that comes again sends nothing: the plan knows what was sent, as the ledger does.
    """
    if plan.rules.ruleset.dismisses(raw):
        return []
    try:
        record = decode(raw)
        planned = plan.decide(plan.candidates(record))
    except Exception:  # noqa: BLE001 - whatever it is, the function gives the record up
        return []
    if plan.remembers(record):
        plan.forget(record)
    return [alert for each in planned for alert in _not_sent_before(plan, each.alerts)]


def _not_sent_before(plan: Plan, alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    due = tuple(alert for alert in alerts if alert.id not in plan.known.sent)
    plan.known.sent.update(alert.id for alert in due)
    return due


def _verdicts(plan: Plan, number: int, record: StreamRecord) -> list[Verdict]:
    change = ProductChange(record)
    subject = plan.rules.product.id_of(change)
    concerned = {rule.name for rule in plan.rules.ruleset.concerned(record)}
    applied = [(rule, plan.rules.overrides.rule_for(rule, change)) for rule in plan.rules.ruleset.rules]
    decided = plan.decide(plan.candidate(change, rule) for named, rule in applied if rule and named.name in concerned)
    by_name = {each.candidate.rule.name: each for each in decided}
    verdicts = []
    for named, rule in applied:
        alerts: tuple[Alert, ...] = ()
        if named.name in by_name:
            _, decision, planned = by_name[named.name]
            alerts = _not_sent_before(plan, planned)
            if planned and not alerts and decision.outcome is Outcome.ALERT:
                decision = decision._replace(outcome=Outcome.SEEN)
        elif rule is None:
            decision = _MUTED
        else:  # nothing that the rule names has changed: it says so itself
            memory = plan.memory_of(plan.candidate(change, rule))
            decision = Decision(Outcome.QUIET, rule.judge(change, memory), memory)
        verdicts.append(
            Verdict(number, record, subject, record.sequence_number, named, decision.outcome, decision.reason, alerts)
        )
    if plan.remembers(record):
        plan.forget(record)
    return verdicts
