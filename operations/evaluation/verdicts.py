"""What every rule makes of every record, in order: what a rule remembers of one record counts for the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from notifications.alerts.alert import TYPES, Alert
from notifications.batch import RecordState
from notifications.common.errors import ConfigurationError, MalformedRecordError
from notifications.publishing.ledger import LedgerSnapshot
from notifications.rules.conditions import Judgement
from notifications.rules.memory import NOTHING
from notifications.rules.rule import NOT_JUDGED, Evaluation, Rule, RuleOutcome
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import Change, decode, sequence_number_of
from notifications.text.nearest import nearest


class Verdict(NamedTuple):
    """What one rule made of one record."""

    number: int
    """The number of the record, counted from 1."""
    change: Change | None
    """None for a malformed record."""
    subject: str
    """The product's id; empty for a malformed record."""
    sequence_number: str
    rule: Rule
    outcome: RuleOutcome
    reason: str
    alerts: tuple[Alert, ...]
    """The alert that goes out, or the summary that says that the hour's limit is reached."""
    judgement: Judgement = NOT_JUDGED
    """The numbers that were compared."""

    @property
    def fired(self) -> bool:
        """Whether the rule's alert goes out."""
        return self.outcome is RuleOutcome.ALERT

    @property
    def type(self) -> str:
        """The type of the rule's alerts."""
        return TYPES[self.rule.when]


def judge(ruleset: Ruleset, records: Iterable[Any], snapshot: LedgerSnapshot | None = None) -> Iterator[Verdict]:
    """Judge records as they come, with rules that remember what `snapshot` says, by default nothing yet.

    A malformed record gets one verdict for each rule, with the reason why it goes to the failures queue.
    """
    snapshot = snapshot or LedgerSnapshot()
    for number, raw in enumerate(records, 1):
        try:
            yield from _verdicts(ruleset, snapshot, number, raw)
        except Exception as error:  # noqa: BLE001 - whatever it is, the function gives the record up
            why = error if isinstance(error, MalformedRecordError) else f"{type(error).__name__}: {error}"
            for rule in ruleset.rules:
                reason = f"malformed, goes to the failures queue: {why}"
                yield Verdict(number, None, "", sequence_number_of(raw), rule, RuleOutcome.QUIET, reason, ())


def alerts_for(ruleset: Ruleset, snapshot: LedgerSnapshot, raw: Any) -> list[Alert]:
    """Return the alerts that one record sends; an empty list for a malformed one. Cheaper than `judge`: no reasons.

    A record that comes again sends nothing: the snapshot knows what was sent, as the ledger does.
    """
    if ruleset.prefilter.can_skip(raw):
        return []
    record = RecordState(0, raw)
    try:
        record.read(ruleset)
        return record.decide(ruleset, snapshot) if record.change else []
    except Exception:  # noqa: BLE001 - whatever it is, the function gives the record up
        return []


def _verdicts(ruleset: Ruleset, snapshot: LedgerSnapshot, number: int, raw: Any) -> list[Verdict]:
    change = decode(raw)
    product_id = ruleset.product_id(change)
    concerned = {rule.name for rule in ruleset.concerned(change)}
    record = RecordState(number, raw)
    record.read(ruleset)
    memories = snapshot.memories.get(change.item, {})
    alerts = record.decide(ruleset, snapshot) if record.change else []
    decided = {evaluation.rule.name: evaluation for evaluation in record.evaluations}
    verdicts = []
    for named in ruleset.rules:
        rule = ruleset.rule_for(named, change) if ruleset.rule_for else named
        sent = tuple(alert for alert in alerts if alert.rule == named.name)
        evaluation = decided.get(named.name) or Evaluation(change, rule or named, product_id, "")
        if rule is None or rule.muted:
            evaluation.outcome = RuleOutcome.MUTED
        elif named.name not in concerned:  # nothing that the rule names has changed: it says so itself
            evaluation.judgement = rule.judge(change, memories.get(rule.name, NOTHING))
        elif named.name not in decided:
            evaluation.decide(memories.get(rule.name, NOTHING))
        elif evaluation.outcome is RuleOutcome.ALERT and not sent:
            evaluation.outcome = RuleOutcome.SEEN
        outcome, reason = evaluation.outcome, evaluation.reason
        verdicts.append(
            Verdict(
                number, change, product_id, change.sequence_number, named, outcome, reason, sent, evaluation.judgement
            )
        )
    return verdicts


def named_rules(asked: list[str] | None, ruleset: Ruleset) -> list[str]:
    """Return the names that were asked for, or else of all rules; ConfigurationError for one that the file lacks."""
    known = [rule.name for rule in ruleset.rules]
    for name in asked or ():
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean {close}?" if close else f"the file has {', '.join(known)}"
            raise ConfigurationError(f"--rule {name}: there is no such rule; {hint}")
    return asked or known
