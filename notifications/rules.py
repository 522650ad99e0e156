"""Step 3: which rules a record concerns, and what each of them thinks of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from notifications.attributes import Path, same
from notifications.changes import NEW, OLD, ProductChange, images_sent
from notifications.conditions import Condition, Judgement, Proof
from notifications.decode import StreamRecord
from notifications.memory import NOTHING, Memory
from notifications.templates import Template
from notifications.where import Where

log = logging.getLogger(__name__)


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
    cooldown: float = 0
    """Seconds after an alert in which further ones of the same product are held back."""
    max_per_hour: int | None = None
    """Alerts an hour, all products together; None: no limit."""

    @property
    def remembers(self) -> bool:
        """Whether what it does depends on earlier changes of the product."""
        return self.cooldown > 0 or self.condition.uses_memory

    @property
    def reports(self) -> tuple[Path, ...] | None:
        """Which attributes its alerts list as changed: those that it names for `changed`, and else all."""
        return self.condition.watches if self.when == "changed" else None

    def needs(self, event_name: str, always_known: Iterable[str] = ()) -> frozenset[str]:
        """Which images it cannot do without for an event; `always_known` attributes (keys) ask for none."""
        known = frozenset(always_known)
        if event_name == "MODIFY":
            return frozenset({OLD, NEW})
        watched = self.condition.watches or ()
        asked = [*(demand.path for demand in self.where), *(watched if event_name == "INSERT" else ())]
        if all(path.top in known for path in asked):
            return frozenset()
        return frozenset({OLD if event_name == "REMOVE" else NEW})

    def judge(self, change: ProductChange, memory: Memory = NOTHING) -> Judgement:
        """Decide, with the reason either way."""
        record = change.record
        if record.event_name not in self.condition.events:
            expected = " or ".join(sorted(self.condition.events))
            return Judgement(False, "fires on {}, this is {}", (expected, record.event_name))
        missing = self.needs(record.event_name, record.keys) - images_sent(record.view_type)
        if missing:
            return Judgement(False, "needs the {} image, the stream sends {}", (_and(missing), record.view_type))
        judgement = self.condition.judge(change, memory)
        if judgement.fired:
            for demand in self.where:
                objection = demand.objection(change)
                if objection:
                    return judgement._replace(fired=False, why="{}", facts=(objection,))
        return judgement


@dataclass(slots=True)
class Ruleset:
    """All rules, compiled so that a record costs what the attributes that it changed cost, not what all rules do."""

    rules: tuple[Rule, ...]
    overridable: bool = False
    """Whether a product may carry exceptions from the rules."""
    _by_event: dict[str, tuple[Rule, ...]] = field(init=False)
    _by_attribute: dict[str, tuple[int, ...]] = field(init=False)
    _for_any_attribute: tuple[int, ...] = field(init=False)
    _unheeded: frozenset[str] = field(init=False)
    """Events from which nothing follows."""
    _watched: tuple[tuple[str, tuple[Proof, ...]], ...] = field(init=False)
    """Attribute, and the proofs that together settle all that watch it; none where one of those has none."""
    _told: set[tuple[str, str]] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        """Index the rules by event and by the top-level attributes that they watch."""
        self._by_event = {
            event: tuple(rule for rule in self.rules if event in rule.condition.events)
            for event in ("INSERT", "REMOVE")
        }
        self._unheeded = frozenset(event for event, rules in self._by_event.items() if not rules)
        if self.remembers or self.overridable:  # a removal has their memory forgotten
            self._unheeded -= {"REMOVE"}
        by_attribute: dict[str, list[int]] = {}
        for_any = []
        for position, rule in enumerate(self.rules):
            if "MODIFY" not in rule.condition.events:
                continue
            if rule.condition.watches is None:
                for_any.append(position)
                continue
            for top in {path.top for path in rule.condition.watches}:
                by_attribute.setdefault(top, []).append(position)
        self._by_attribute = {top: tuple(positions) for top, positions in by_attribute.items()}
        self._for_any_attribute = tuple(for_any)
        self._watched = tuple((top, self._proofs(positions)) for top, positions in by_attribute.items())

    def _proofs(self, positions: Iterable[int]) -> tuple[Proof, ...]:
        proofs = [self.rules[position].condition.proof() for position in positions]
        found = tuple(proof for proof in proofs if proof)
        return found if len(found) == len(proofs) and not self.overridable else ()

    @property
    def remembers(self) -> bool:
        """Whether any rule remembers anything of a product."""
        return any(rule.remembers for rule in self.rules)

    def dismisses(self, raw: Any) -> bool:
        """Tell, before anything is decoded, that an entry of `Records` changes nothing that makes any rule fire.

        Nearly every record ends here, so this is the price of a record. False where the entry is in doubt.
        """
        try:
            change = raw["dynamodb"]
            if raw["eventName"] != "MODIFY":
                return raw["eventName"] in self._unheeded and "Keys" in change and "SequenceNumber" in change
            old, new = change["OldImage"], change["NewImage"]
            if self._for_any_attribute:
                return isinstance(old, dict) and old == new
            before, after = old.get, new.get
            for top, proofs in self._watched:
                left, right = before(top), after(top)
                if left != right:
                    if not proofs:
                        return False
                    old_number, new_number = float(left["N"]), float(right["N"])
                    for cannot_fire in proofs:
                        if not cannot_fire(old_number, new_number):
                            return False
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
            return False
        return True

    def concerned(self, record: StreamRecord) -> list[Rule]:
        """Return the rules that this record may make fire, in the order of the file. Empty for nearly every record."""
        if record.event_name != "MODIFY":
            found = self._by_event[record.event_name]
            self._tell_of_missing_images(record, found)
            return list(found)
        old, new = record.old_image, record.new_image
        if old is None or new is None:
            self._tell_of_missing_images(record, self.rules)
            return []
        positions: set[int] = set()
        for top, interested in self._by_attribute.items():
            before, after = old.get(top), new.get(top)
            if before != after and not same(before, after):  # the plain comparison settles nearly all
                positions.update(interested)
        if self._for_any_attribute and old != new:
            positions.update(self._for_any_attribute)
        return [self.rules[position] for position in sorted(positions)]

    def _tell_of_missing_images(self, record: StreamRecord, rules: Iterable[Rule]) -> None:
        """Log, once a rule and view type, that the stream does not send what the rule compares."""
        for rule in rules:
            if record.event_name not in rule.condition.events or (rule.name, record.view_type) in self._told:
                continue
            missing = rule.needs(record.event_name, record.keys) - images_sent(record.view_type)
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
