"""`where`: conditions on attributes of the item, the new image and for a removal the old one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from notifications.common.errors import MalformedRecordError
from notifications.stream.attributes import SETS, Path, number
from notifications.stream.changes import Change
from notifications.text.formatting import decimal_text, value_text

Scalar = str | bool | Decimal

NUMBER_OPERATORS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "less_than": lambda value, wanted: value < wanted,
    "at_most": lambda value, wanted: value <= wanted,
    "more_than": lambda value, wanted: value > wanted,
    "at_least": lambda value, wanted: value >= wanted,
}
TEXT_OPERATORS: dict[str, Callable[[str, str], bool]] = {"prefix": str.startswith, "suffix": str.endswith}


CONTAINERS = frozenset({*SETS, "L", "M"})
_TYPE_NAMES = {
    "S": "the text ",
    "N": "the number ",
    "BOOL": "",
    "B": "the bytes ",
    **dict.fromkeys(SETS, "the set "),
    "L": "the list ",
    "M": "the map ",
}


@dataclass(frozen=True, slots=True)
class Predicate:
    """One test of a value."""

    operator: str
    """any_of, exists, one of NUMBER_OPERATORS or TEXT_OPERATORS, or "not" of `wanted`."""
    wanted: Any

    def holds(self, value: Any) -> bool:
        """Test a typed value, None if absent; for a value of another type nothing holds but "not"."""
        if self.operator == "not":
            return not self.wanted.holds(value)
        if self.operator == "exists":
            return (value is not None) is self.wanted
        if self.operator == "any_of":
            return any(_equal(value, wanted) for wanted in self.wanted)
        if self.operator in NUMBER_OPERATORS:
            amount = number(value)
            return amount is not None and NUMBER_OPERATORS[self.operator](amount, self.wanted)
        text = value.get("S") if isinstance(value, dict) else None
        return isinstance(text, str) and TEXT_OPERATORS[self.operator](text, self.wanted)

    def never_holds_for(self, value: Any) -> bool:
        """Tell whether a value is there, of a type no value of which passes; with "not", no value of which fails."""
        kind = next(iter(value), "") if isinstance(value, dict) else ""
        if self.operator == "not":
            return bool(self.wanted.never_holds_for(value))
        return bool(kind) and self.operator != "exists" and kind not in {*self._types(), "NULL"}

    def in_full(self) -> str:
        """Write what is wanted with its type."""
        if self.operator == "not":
            return f"not {self.wanted.in_full()}"
        if self.operator == "any_of" and len(self._types()) == 1 and len(self.wanted) == 1:
            return _TYPE_NAMES[next(iter(self._types()))] + str(self)
        if self.operator == "any_of":
            return str(self)
        return f"a {'number' if self.operator in NUMBER_OPERATORS else 'text'}, {self}"

    def _types(self) -> set[str]:
        """Return DynamoDB's names of the types of which a value may pass."""
        if self.operator == "any_of":
            return {_type_of(wanted) for wanted in self.wanted}
        return {"N"} if self.operator in NUMBER_OPERATORS else {"S"}

    def __str__(self) -> str:
        if self.operator == "any_of":
            return " or ".join(_written(wanted) for wanted in self.wanted)
        if self.operator == "exists":
            return "it to be there" if self.wanted else "it to be absent"
        return f"{self.operator.replace('_', ' ')} {_written(self.wanted)}"


@dataclass(frozen=True, slots=True)
class Where:
    """Predicates on one attribute; all have to hold."""

    path: Path
    predicates: tuple[Predicate, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The attributes that it asks about."""
        return (self.path,)

    def failed(self, change: Change) -> FailedPredicate | None:
        """Return the first predicate that does not hold; None if all do."""
        value = change.current(self.path)
        for predicate in self.predicates:
            if not predicate.holds(value):
                return FailedPredicate(self.path, value, predicate)
        return None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Alternatives, each of conditions that all have to hold; one alternative has to hold."""

    alternatives: tuple[tuple[Where, ...], ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The attributes that they ask about."""
        return tuple(path for conditions in self.alternatives for each in conditions for path in each.paths)

    def failed(self, change: Change) -> FailedAlternatives | None:
        """Return what each alternative fails by; None if one holds."""
        found = []
        for conditions in self.alternatives:
            failed = next(filter(None, (each.failed(change) for each in conditions)), None)
            if failed is None:
                return None
            found.append(failed)
        return FailedAlternatives(tuple(found))


WhereClause = Where | AnyOf
"""One of what a rule asks of an item, all of which has to hold."""


class FailedAlternatives(NamedTuple):
    """What each alternative fails by."""

    failed: tuple[FailedPredicate, ...]

    def __str__(self) -> str:
        return ", and ".join(map(str, self.failed))


class FailedPredicate(NamedTuple):
    """A predicate that does not hold for a value, put into words when somebody asks."""

    path: Path
    value: Any
    predicate: Predicate

    def __str__(self) -> str:
        try:
            found = _found(self.value)
        except MalformedRecordError:
            found = "not an attribute value"
            return f"{self.path.text} is {found}, needs {self.predicate}"
        if self.predicate.never_holds_for(self.value):
            kind = next(iter(self.value))
            inside = "; `where` does not look into it" if kind in CONTAINERS else ""
            return f"{self.path.text} is {_TYPE_NAMES[kind]}{found}, needs {self.predicate.in_full()}{inside}"
        return f"{self.path.text} is {found}, needs {self.predicate}"


def _equal(value: Any, wanted: Scalar) -> bool:
    """Compare text with an S, a number with an N, true and false with a BOOL."""
    if not isinstance(value, dict):
        return False
    if isinstance(wanted, bool):
        return value.get("BOOL") is wanted
    if isinstance(wanted, Decimal):
        return number(value) == wanted
    return bool(value.get("S") == wanted)


def _found(value: Any) -> str:
    """Write what the item has as `_written` writes what a rule wants; MalformedRecordError as `value_text`."""
    written = value_text(value)
    if written is None:
        return "absent"
    if isinstance(value.get("BOOL"), bool):
        return _written(value["BOOL"])
    return _written(written) if "S" in value else written


def _type_of(wanted: Scalar) -> str:
    return "BOOL" if isinstance(wanted, bool) else "N" if isinstance(wanted, Decimal) else "S"


def _written(wanted: Any) -> str:
    """Write a text in quotes, so that it differs from a truth value or a number."""
    if isinstance(wanted, bool):
        return str(wanted).lower()
    return (
        decimal_text(wanted)
        if isinstance(wanted, Decimal)
        else f'"{wanted}"'
        if isinstance(wanted, str)
        else str(wanted)
    )
