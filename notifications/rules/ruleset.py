"""All rules of a file: which records they can skip, and which of them a change concerns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from notifications.rules.conditions import Condition
from notifications.rules.memory import Memory
from notifications.rules.price_form import PLAIN
from notifications.rules.prices import PREVIOUS, PriceMoved
from notifications.rules.product import Product
from notifications.rules.rule import Rule, names_of
from notifications.rules.stocks import StockMoved
from notifications.stream.attributes import same
from notifications.stream.changes import INSERT, MODIFY, REMOVE, Change
from notifications.text.formatting import value_text
from notifications.text.wording import SAID_ANYWAY

log = logging.getLogger(__name__)


CannotFire = Callable[[float, float], bool]
"""Tells of a number before and after that a rule cannot fire; False: perhaps it can."""
_ROUNDING = 1e-9  # of the numbers compared: a million times what floats lose


class Prefilter:
    """Which records need no decoding: nearly all, so what this costs is the price of a record.

    A record can be skipped if no attribute changed that a rule watches, or only a number, and that by too little for
    any of them. Floats settle this for a tenth of what exact decimals cost. They leave room for their rounding: a
    record in doubt is not skipped, and decimals decide.
    """

    def __init__(self, rules: Sequence[Rule], *, overridable: bool) -> None:
        """Prepare for `rules`; where a product may carry exceptions from them, no number is small enough."""
        events = {event for rule in rules for event in rule.events}
        if overridable or any(rule.remembers for rule in rules):  # the memory of a removed product is forgotten
            events.add(REMOVE)
        self._ignored_events = {INSERT, REMOVE} - events
        self._any_attribute = False
        checks: dict[str, list[CannotFire | None]] = {}
        for condition in [rule.condition for rule in rules if MODIFY in rule.events]:
            if condition.watches is None:
                self._any_attribute = True
            for top in {path.top for path in condition.watches or ()}:
                checks.setdefault(top, []).append(None if overridable else _number_check(condition))
        self._watched = [(top, tuple(filter(None, found)) if all(found) else ()) for top, found in checks.items()]
        """Top-level attribute, and the checks of a change of its number; empty where any change matters."""

    def can_skip(self, raw: Any) -> bool:
        """Tell whether no rule can fire for an entry of `Records`, and nothing has to be forgotten for it."""
        try:
            change = raw["dynamodb"]
            if raw["eventName"] != MODIFY:
                return raw["eventName"] in self._ignored_events and "Keys" in change and "SequenceNumber" in change
            old, new = change["OldImage"], change["NewImage"]
            if self._any_attribute:
                return isinstance(old, dict) and old == new
            before, after = old.get, new.get
            for top, checks in self._watched:
                left, right = before(top), after(top)
                if left != right:
                    if not checks:
                        return False
                    old_number, new_number = float(left["N"]), float(right["N"])
                    for cannot_fire in checks:
                        if not cannot_fire(old_number, new_number):
                            return False
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
            return False
        return True


def _number_check(condition: Condition) -> CannotFire | None:
    """Return the check of a condition on one number; None where the number alone does not settle it."""
    if condition.uses_memory:
        return None
    match condition:
        case PriceMoved(first_sight=False, baseline=baseline, form=form) if (
            baseline == PREVIOUS and form == PLAIN and not condition.price.rest
        ):
            return _price_check(condition)
        case StockMoved(first_sight=False) if not condition.stock.rest:
            return _stock_check(condition)
    return None


def _price_check(condition: PriceMoved) -> CannotFire:
    direction, margin = condition.direction, condition.at_least
    least = float(margin.value) * (1 - _ROUNDING) if margin else 0.0
    amount, share = (0.0, least / 100) if margin and margin.percent else (least, 0.0)

    def moved_too_little(old: float, new: float) -> bool:
        size = abs(old)
        return (new - old) * direction + (size + abs(new)) * _ROUNDING < amount + share * size

    if condition.target is None:
        return moved_too_little
    target = float(condition.target)
    return lambda old, new: (
        (new - target) * direction < 0 or (old - target) * direction > 0 or moved_too_little(old, new)
    )


def _stock_check(condition: StockMoved) -> CannotFire:
    if condition.kind == "out_of_stock":
        return lambda old, new: new > 0 or old <= 0
    if condition.kind == "back_in_stock":
        return lambda old, new: old > 0 or new <= 0
    threshold, excludes_zero = float(condition.threshold), not condition.includes_zero
    return lambda old, new: new > threshold or old < threshold or (excludes_zero and new <= 0)


@dataclass(slots=True)
class Ruleset:
    """What alerts.toml says, compiled so that a change costs what its attributes cost, not what all rules do."""

    rules: tuple[Rule, ...]
    product: Product = field(default_factory=Product)
    rule_for: Callable[[Rule, Change], Rule | None] | None = None
    """Where products carry exceptions: returns a rule as it holds for the product of a change, or None, if the product
    mutes it and there is nothing to learn."""
    prefilter: Prefilter = field(init=False)
    _by_event: dict[str, list[Rule]] = field(init=False)
    _by_attribute: dict[str, list[int]] = field(init=False, default_factory=dict)
    """Top-level attribute to the positions of the rules that watch it."""
    _for_any_attribute: list[int] = field(init=False, default_factory=list)
    _reported: set[tuple[str, str]] = field(init=False, default_factory=set)
    """Rule and view type of the missing images that the log has already."""

    def __post_init__(self) -> None:
        """Index the rules by event and by the attributes that they watch."""
        self.prefilter = Prefilter(self.rules, overridable=self.rule_for is not None)
        self._by_event = {event: [rule for rule in self.rules if event in rule.events] for event in (INSERT, REMOVE)}
        for position, rule in enumerate(self.rules):
            if MODIFY not in rule.events:
                continue
            if rule.condition.watches is None:
                self._for_any_attribute.append(position)
                continue
            for top in {path.top for path in rule.condition.watches}:
                self._by_attribute.setdefault(top, []).append(position)

    @property
    def own_titles(self) -> frozenset[str]:
        """The rules whose title says more than that a price, a stock or an attribute changed."""
        return frozenset(rule.name for rule in self.rules if rule.title.text not in SAID_ANYWAY)

    def product_id(self, change: Change) -> str:
        """Return the product's id: the attribute that the file names, and where it is absent the table's key.

        Raises MalformedRecordError where it is not an attribute value.
        """
        named = value_text(change.current(self.product.id)) if self.product.id else None
        return named or change.key_text()

    def remembering(self, change: Change) -> list[Rule]:
        """List the rules that remember something of a change's product, by themselves or by its exceptions."""
        rules = list(self.rules)
        if self.rule_for:
            rules += [rule for rule in (self.rule_for(rule, change) for rule in self.rules) if rule]
        return [rule for rule in rules if rule.remembers]

    def forgets(self, change: Change) -> bool:
        """Tell whether a change removes a product that rules may remember something of.

        Where products carry exceptions, that may be the cool-down of an exception that it carries no more.
        """
        return change.event_name == REMOVE and (self.rule_for is not None or bool(self.remembering(change)))

    def after_removal(self, change: Change, known: Mapping[str, Memory]) -> dict[str, Memory]:
        """Return what rules remember of a removed product: the removal alone.

        It may come late, when the product is back: what a rule has seen since then it keeps.
        """
        removal = Memory(sequence_number=change.sequence_number, stream=change.stream_label)
        memories = {}
        for rule in self.remembering(change):
            memory = known.get(rule.name, removal)
            memories[rule.name] = removal if removal.has_seen(memory.sequence_number, memory.stream) else memory
        return memories

    def concerned(self, change: Change) -> list[Rule]:
        """Return the rules that this change may make fire, in the order of the file. Empty for nearly every change."""
        if change.event_name != MODIFY:
            found = self._by_event[change.event_name]
            self._report_missing_images(change, found)
            return list(found)
        old, new = change.old_image, change.new_image
        if old is None or new is None:
            self._report_missing_images(change, self.rules)
            return []
        positions: set[int] = set()
        for top, interested in self._by_attribute.items():
            before, after = old.get(top), new.get(top)
            if before != after and not same(before, after):  # the plain comparison settles nearly all
                positions.update(interested)
        if self._for_any_attribute and old != new:
            positions.update(self._for_any_attribute)
        return [self.rules[position] for position in sorted(positions)]

    def _report_missing_images(self, change: Change, rules: Iterable[Rule]) -> None:
        """Log, once a rule and view type, that the stream does not send what the rule compares."""
        for rule in rules:
            if change.event_name in rule.events and (rule.name, change.view_type) not in self._reported:
                missing = rule.missing_images(change)
                if missing:
                    self._reported.add((rule.name, change.view_type))
                    log.warning(describe_missing_images(rule, change.view_type, missing))


def describe_missing_images(rule: Rule, view_type: str, missing: frozenset[str]) -> str:
    """Say that a rule can never fire on a stream of this view type, and what to do."""
    return (
        f'rule "{rule.name}" ({rule.when}) needs the {names_of(missing)} image, but the stream sends {view_type}: '
        "it will not fire. Give the table a stream with NEW_AND_OLD_IMAGES."
    )
