"""What a batch comes to: records in, alerts to publish and memories to keep out; nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from notifications.alerts import Alert, alert_id, compose, rfc3339, summarised, title_of
from notifications.changes import ProductChange
from notifications.decide import Decision, Hour, Outcome, Tally, decide, hold_back
from notifications.decode import StreamRecord
from notifications.ledger import Known, LedgerKey, Question, product_key
from notifications.memory import NOTHING, Memory
from notifications.rules import Rule
from notifications.rules_file import Rules
from notifications.texts import Occasion


class Candidate(NamedTuple):
    """A rule that may fire for a record."""

    change: ProductChange
    rule: Rule
    product: str
    """The product's name in the ledger."""
    alert_id: str

    @property
    def hour(self) -> Hour | None:
        """The hour whose limit counts, if the rule has one."""
        created_at = self.change.record.created_at
        if self.rule.max_per_hour is None or created_at is None:
            return None
        return Hour.of(self.rule, created_at)


class Planned(NamedTuple):
    """What one rule makes of one record."""

    candidate: Candidate
    decision: Decision
    alerts: tuple[Alert, ...] = ()
    """The alert, or the summary that says that the hour's limit is reached."""


@dataclass(slots=True)
class Plan:
    """Decides record by record, in order; what one record changes counts for the next."""

    rules: Rules
    known: Known = field(default_factory=Known)
    replayed: bool = False

    def candidates(self, record: StreamRecord) -> list[Candidate]:
        """Return the rules that may fire, as far as the record alone can tell; most records have none."""
        rules = self.rules.ruleset.concerned(record)
        if not rules:
            return []
        change = ProductChange(record)
        found = []
        for named in rules:
            rule = self.rules.overrides.rule_for(named, change)
            if rule and (rule.condition.uses_memory or rule.judge(change).fired):
                found.append(self.candidate(change, rule))
        return found

    def candidate(self, change: ProductChange, rule: Rule) -> Candidate:
        """Name what the ledger knows the rule, the record and the product by."""
        return Candidate(change, rule, self.product_of(change.record), alert_id(change.record, rule.name))

    def product_of(self, record: StreamRecord) -> str:
        """Name the record's product as the ledger does."""
        return product_key(record.table_arn, self.rules.product.id_of(ProductChange(record)))

    def remembers(self, record: StreamRecord) -> bool:
        """Tell whether a removed product leaves a memory behind: by the rules, or by its own exceptions from them."""
        return record.event_name == "REMOVE" and (
            self.rules.ruleset.remembers or any(rule.remembers for rule in self._applied(record))
        )

    def forget(self, record: StreamRecord) -> tuple[str, dict[str, Memory]]:
        """Forget a removed product but for the removal itself; return its name in the ledger and what is left.

        The removal may come late, when the product is back: what a rule has seen since then it keeps.
        """
        product = self.product_of(record)
        known = self.known.memories.get(product, {})
        left = Memory(sequence_number=record.sequence_number)
        memories = {}
        for rule in (*self.rules.ruleset.rules, *self._applied(record)):
            if rule.remembers:
                memory = known.get(rule.name, left)
                memories[rule.name] = memory if memory.has_seen(record.sequence_number) else left
        self.known.memories[product] = memories
        return product, memories

    def _applied(self, record: StreamRecord) -> list[Rule]:
        """List the rules that the product's exceptions change, as they hold for it."""
        if self.rules.product.overrides is None:
            return []
        change = ProductChange(record)
        rules = self.rules.ruleset.rules
        return [rule for rule in (self.rules.overrides.rule_for(rule, change) for rule in rules) if rule]

    def decide(self, candidates: Iterable[Candidate]) -> list[Planned]:
        """Decide about one record's candidates. Raises MalformedRecordError, and then has changed nothing."""
        planned = []
        tallies: dict[Hour, Tally] = {}
        for candidate in candidates:
            hour = candidate.hour
            tally = None
            if hour:
                known = self.known.tallies.get(hour, Tally())
                tally = tallies.setdefault(hour, Tally(set(known.admitted), known.summarised))
            planned.append(self._decide(candidate, tally))
        self.known.tallies.update(tallies)
        for candidate, decision, _ in planned:
            if candidate.rule.remembers:
                self.known.memories.setdefault(candidate.product, {})[candidate.rule.name] = decision.memory
        return planned

    def _decide(self, candidate: Candidate, tally: Tally | None) -> Planned:
        change, rule = candidate.change, candidate.rule
        memory = self.memory_of(candidate)
        decision = decide(rule, change, memory, candidate.alert_id, tally, replayed=self.replayed)
        occasion = Occasion(self.rules.product, change, rule, decision.judgement)
        if decision.outcome is Outcome.ALERT:
            alert = compose(occasion._replace(memory=decision.held_before))
            return Planned(candidate, decision, (alert,))
        alerts: tuple[Alert, ...] = ()
        if decision.outcome is Outcome.LIMITED and tally and not tally.summarised and rule.max_per_hour:
            tally.summarised = True
            alert = compose(occasion)
            alerts = (summarised(alert, rule.max_per_hour, candidate.hour or Hour(rule.name, 0)),)
        if decision.outcome in {Outcome.COOLING_DOWN, Outcome.LIMITED} and rule.remembers and not decision.late:
            record = change.record
            title = title_of(occasion)
            held = hold_back(decision.memory, title, record.sequence_number, rfc3339(record.created_at))
            decision = decision._replace(memory=held)
        return Planned(candidate, decision, alerts)

    def memory_of(self, candidate: Candidate) -> Memory:
        """Return what the rule remembers of the product now."""
        return self.known.memories.get(candidate.product, {}).get(candidate.rule.name, NOTHING)


def question(candidates: Iterable[Candidate]) -> Question:
    """Ask the ledger for all that the candidates' decisions depend on."""
    asked = Question()
    for candidate in candidates:
        key = LedgerKey.of_alert(candidate.product, candidate.change.record.sequence_number, candidate.alert_id)
        asked.alerts[key] = candidate.alert_id
        if candidate.rule.remembers:
            asked.products.add(candidate.product)
        if candidate.hour:
            asked.hours.add(candidate.hour)
    return asked
