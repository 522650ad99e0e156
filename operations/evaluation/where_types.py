"""Conditions in `where` that compare an attribute with a value of a type that no record at hand has there."""

from __future__ import annotations

from collections.abc import Iterator

from notifications.common.errors import MalformedRecordError
from notifications.rules.ruleset import Ruleset
from notifications.rules.where import AnyOf, FailedPredicate, Predicate, Where, WhereClause
from notifications.stream.attributes import Path, plain
from notifications.stream.changes import Change


class WhereTypes:
    """Looks through records for values of the types that `where` asks for."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._open: dict[tuple[str, Path, Predicate], str] = {}
        """Rule, path and predicate that no value suited so far, and the first that did not; "" before."""
        for rule in ruleset.rules:
            for where in _conditions(rule.where):
                for predicate in where.predicates:
                    self._open[rule.name, where.path, predicate] = ""

    def look(self, change: Change) -> None:
        """Look at one record."""
        for key, said in list(self._open.items()):
            _, path, predicate = key
            value = change.current(path)
            try:
                plain(value)
            except MalformedRecordError:  # absent, or nothing that says how the table keeps it
                continue
            if not predicate.never_holds_for(value):
                del self._open[key]
            elif not said:
                self._open[key] = str(FailedPredicate(path, value, predicate))

    @property
    def warnings(self) -> list[str]:
        """Say of each such condition what the first record has."""
        return list(dict.fromkeys(f'rule "{rule}", where: {said}' for (rule, *_), said in self._open.items() if said))


def _conditions(clauses: tuple[WhereClause, ...]) -> Iterator[Where]:
    for clause in clauses:
        if isinstance(clause, AnyOf):
            for alternative in clause.alternatives:
                yield from alternative
        else:
            yield clause
