"""The alerts that a rules file would have sent for recorded events, counted by rule and hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from notifications.alerts.alert import Alert
from notifications.publishing.ledger import LedgerSnapshot
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import sequence_number_of
from operations.evaluation.verdicts import alerts_for

_LONGEST_NUMBER = 40  # digits of a sequence number


@dataclass(slots=True)
class Preview:
    """What one rules file would have sent."""

    by_rule: Counter[str]
    """Rule to alerts, with 0 for a rule that sent nothing."""
    alerts: dict[str, Alert] = field(default_factory=dict)
    """By id, which is the same under both files for the same record and rule."""
    by_hour: dict[str, Counter[str]] = field(default_factory=dict)
    """Rule to hour ("2026-11-21T09", UTC) to alerts."""

    def add(self, alert: Alert) -> None:
        """Count an alert."""
        self.alerts[alert.id] = alert
        self.by_rule[alert.rule] += 1
        if alert.time:
            self.by_hour.setdefault(alert.rule, Counter())[alert.time[:13]] += 1

    def of(self, rule: str) -> list[Alert]:
        """List a rule's alerts in the order in which they would have been sent."""
        return [alert for alert in self.alerts.values() if alert.rule == rule]

    def most_per_hour(self, rule: str) -> int:
        """Return the number of alerts in the rule's busiest hour."""
        return max(self.by_hour.get(rule, {}).values(), default=0)

    def not_in(self, other: Preview) -> list[Alert]:
        """List the alerts that the other file would not have sent."""
        return [alert for alert_id, alert in self.alerts.items() if alert_id not in other.alerts]


def preview(rulesets: Iterable[Ruleset], records: Iterable[Any]) -> list[Preview]:
    """Judge the records by each rules file, side by side: they are read once and not kept."""
    sides = [
        (ruleset, LedgerSnapshot(), Preview(Counter({rule.name: 0 for rule in ruleset.rules}))) for ruleset in rulesets
    ]
    for record in records:
        for ruleset, snapshot, side in sides:
            for alert in alerts_for(ruleset, snapshot, record):
                side.add(alert)
    return [side for _, _, side in sides]


def in_stream_order(records: Iterable[Any]) -> list[Any]:
    """Sort recordings by sequence number, whatever their files are called; malformed records come first."""
    return sorted(records, key=_position)


def _position(record: Any) -> int:
    number = sequence_number_of(record)
    return int(number) if number.isdecimal() and len(number) <= _LONGEST_NUMBER else 0
