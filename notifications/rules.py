"""Step 3: which rules fire for a record."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from notifications.attributes import Path, number, same
from notifications.changes import NEW, OLD, ProductChange, images_sent
from notifications.conditions import Condition, Judgement
from notifications.decode import StreamRecord
from notifications.templates import Template, value_text

log = logging.getLogger(__name__)

Scalar = str | bool | Decimal


@dataclass(frozen=True, slots=True)
class Where:
    """A demand on one attribute of the current image: equal to one of `allowed`."""

    path: Path
    allowed: tuple[Scalar, ...]

    def met(self, change: ProductChange) -> bool:
        """Tell whether the value equals one of those allowed: text an S, a number an N, true or false a BOOL."""
        value = change.current(self.path)
        if not isinstance(value, dict):
            return False
        if "BOOL" in value:
            return any(isinstance(wanted, bool) and wanted is value["BOOL"] for wanted in self.allowed)
        amount = number(value)
        if amount is not None:
            return any(isinstance(wanted, Decimal) and wanted == amount for wanted in self.allowed)
        return any(isinstance(wanted, str) and wanted == value.get("S") for wanted in self.allowed)

    def reason(self, change: ProductChange) -> str:
        """Say in words why it is not met."""
        wanted = " or ".join(str(value) for value in self.allowed)
        return f"{self.path.text} is {value_text(change.current(self.path)) or 'absent'}, needs {wanted}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rules]]` entry, ready to judge."""

    name: str
    when: str
    condition: Condition
    severity: str
    title: Template
    text: Template
    where: tuple[Where, ...] = ()

    def needs(self, always_known: Iterable[str] = ()) -> frozenset[str]:
        """Which images it cannot do without; `always_known` attributes (keys) ask for none."""
        known = frozenset(always_known)
        if all(demand.path.top in known for demand in self.where):
            return self.condition.needs
        return self.condition.needs | {OLD if self.condition.event_name == "REMOVE" else NEW}

    @property
    def reports(self) -> tuple[Path, ...] | None:
        """Which attributes its alerts list as changed: those that it names for `changed`, and else all."""
        return self.condition.watches if self.when == "changed" else None

    def judge(self, change: ProductChange) -> Judgement:
        """Decide, with the reason either way."""
        record = change.record
        if record.event_name != self.condition.event_name:
            return Judgement(False, "fires on {}, this is {}", (self.condition.event_name, record.event_name))
        missing = self.needs(record.keys) - images_sent(record.view_type)
        if missing:
            return Judgement(False, "needs the {} image, the stream sends {}", (_and(missing), record.view_type))
        judgement = self.condition.judge(change)
        if judgement.fired:
            for demand in self.where:
                if not demand.met(change):
                    return Judgement(False, "{}", (demand.reason(change),))
        return judgement


@dataclass(slots=True)
class Ruleset:
    """All rules, compiled so that a record costs what the attributes that it changed cost, not what all rules do."""

    rules: tuple[Rule, ...]
    _by_event: dict[str, tuple[Rule, ...]] = field(init=False)
    _by_attribute: dict[str, tuple[int, ...]] = field(init=False)
    _for_any_attribute: tuple[int, ...] = field(init=False)
    _watched: tuple[str, ...] = field(init=False)
    _told: set[tuple[str, str]] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        """Index the rules by event and by the top-level attributes that they watch."""
        self._by_event = {
            event: tuple(rule for rule in self.rules if rule.condition.event_name == event)
            for event in ("INSERT", "REMOVE")
        }
        by_attribute: dict[str, list[int]] = {}
        for_any = []
        for position, rule in enumerate(self.rules):
            if rule.condition.event_name != "MODIFY":
                continue
            if rule.condition.watches is None:
                for_any.append(position)
                continue
            for top in {path.top for path in rule.condition.watches}:
                by_attribute.setdefault(top, []).append(position)
        self._by_attribute = {top: tuple(positions) for top, positions in by_attribute.items()}
        self._for_any_attribute = tuple(for_any)
        self._watched = tuple(self._by_attribute)

    def dismisses(self, raw: Any) -> bool:
        """Tell, before anything is decoded, that an entry of `Records` changes nothing that any rule names.

        Nearly every record ends here, so this is the price of a record. False where the entry is in doubt.
        """
        try:
            if raw["eventName"] != "MODIFY":
                return False
            change = raw["dynamodb"]
            old, new = change["OldImage"], change["NewImage"]
            if self._for_any_attribute:
                return bool(old == new)
            before, after = old.get, new.get
            for top in self._watched:
                if before(top) != after(top):
                    return False
        except (AttributeError, KeyError, TypeError):
            return False
        return True

    def evaluate(self, record: StreamRecord) -> list[tuple[Rule, Judgement]]:
        """Return the rules that fire, in the order of the file. Empty for nearly every record."""
        candidates = self._candidates(record)
        if not candidates:
            return []
        change = ProductChange(record)
        judged = ((rule, rule.judge(change)) for rule in candidates)
        return [(rule, judgement) for rule, judgement in judged if judgement.fired]

    def explain(self, record: StreamRecord) -> Iterator[tuple[Rule, Judgement]]:
        """Judge every rule, also those that this record cannot concern."""
        change = ProductChange(record)
        for rule in self.rules:
            yield rule, rule.judge(change)

    def _candidates(self, record: StreamRecord) -> Iterable[Rule]:
        if record.event_name != "MODIFY":
            found = self._by_event[record.event_name]
            if found:
                self._tell_of_missing_images(record, found)
            return found
        old, new = record.old_image, record.new_image
        if old is None or new is None:
            self._tell_of_missing_images(record, self.rules)
            return ()
        positions: set[int] = set()
        for top, interested in self._by_attribute.items():
            before, after = old.get(top), new.get(top)
            if before != after and not same(before, after):  # the plain comparison settles nearly all
                positions.update(interested)
        if self._for_any_attribute and old != new:
            positions.update(self._for_any_attribute)
        return [self.rules[position] for position in sorted(positions)] if positions else ()

    def _tell_of_missing_images(self, record: StreamRecord, rules: Iterable[Rule]) -> None:
        """Log, once a rule and view type, that the stream does not send what the rule compares."""
        for rule in rules:
            if rule.condition.event_name != record.event_name or (rule.name, record.view_type) in self._told:
                continue
            missing = rule.needs(record.keys) - images_sent(record.view_type)
            if missing:
                self._told.add((rule.name, record.view_type))
                log.warning(blindness(rule, record.view_type, missing))


def blindness(rule: Rule, view_type: str, missing: frozenset[str]) -> str:
    """Say that a rule can never fire on a stream of this view type, and what to do."""
    return (
        f'rule "{rule.name}" ({rule.when}) needs the {_and(missing)} image, but the stream sends {view_type}: '
        "it will not fire. Give the table a stream with NEW_AND_OLD_IMAGES."
    )


def _and(images: frozenset[str]) -> str:
    return " and the ".join(sorted(images, reverse=True))
