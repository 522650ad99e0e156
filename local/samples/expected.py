"""Asks the rules what is due for a record: which alerts, or why there is no alert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from notifications.publishing.ledger import LedgerSnapshot
from notifications.rules.mutes import NO_MUTES
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import sequence_number_of
from operations.evaluation.verdicts import Verdict, judge


class Expected:
    """Judges records in their order; what the rules remember of one counts for the next, as in the ledger."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        """May be replaced by edited rules."""
        self.mutes = NO_MUTES
        """May be replaced by what is muted now."""
        self._snapshot = LedgerSnapshot()
        self._judged: set[str] = set()

    def verdicts(self, raw: Mapping[str, Any]) -> list[Verdict]:
        """Return what each rule makes of a record; an empty list for one that was judged before."""
        number = sequence_number_of(raw)
        if number in self._judged:
            return []
        self._judged.add(number)
        self._snapshot.mutes = self.mutes
        return list(judge(self.ruleset, [raw], self._snapshot))

    def has_rule_of(self, kind: str | None) -> bool:
        """Tell whether a rule has this `when`."""
        return any(rule.when == kind for rule in self.ruleset.rules)


def reasons(verdicts: Iterable[Verdict], first: str | None = None) -> list[tuple[str, str]]:
    """List the rules that did not fire, with their reasons: those with `when = first`, then the shortest first."""
    quiet = [verdict for verdict in verdicts if not verdict.fired]
    quiet.sort(key=lambda verdict: (verdict.rule.when != first, len(verdict.reason)))
    return [(verdict.rule.name, verdict.reason) for verdict in quiet]
