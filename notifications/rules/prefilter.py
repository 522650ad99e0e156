"""Which records need no decoding: nearly all, so what this costs is the price of a record.

A record can be skipped if no attribute changed that a rule watches, or only a number, and that by too little for any of
them. Floats settle this for a tenth of what exact decimals cost. They leave room for their rounding: a record in doubt
is not skipped, and decimals decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from notifications.rules.conditions import Condition
from notifications.rules.prices import PREVIOUS, PriceMoved
from notifications.rules.rule import Rule
from notifications.rules.stocks import StockMoved
from notifications.stream.changes import INSERT, MODIFY, REMOVE

CannotFire = Callable[[float, float], bool]
"""Tells of a number before and after that a rule cannot fire; False: perhaps it can."""
_ROUNDING = 1e-9  # of the numbers compared: a million times what floats lose


class Prefilter:
    """The rules, reduced to what can be told of a record before it is decoded."""

    def __init__(self, rules: Sequence[Rule], *, overridable: bool) -> None:
        """Prepare for `rules`; where a product may carry exceptions from them, no number is small enough."""
        events = {event for rule in rules for event in rule.condition.events}
        if overridable or any(rule.remembers for rule in rules):  # the memory of a removed product is forgotten
            events.add(REMOVE)
        self._ignored_events = {INSERT, REMOVE} - events
        self._any_attribute = False
        self._watched: dict[str, list[CannotFire]] = {}
        """Top-level attribute to the checks of a change of its number; empty where any change matters."""
        unchecked = set()
        for condition in [rule.condition for rule in rules if MODIFY in rule.condition.events]:
            if condition.watches is None:
                self._any_attribute = True
            for top in {path.top for path in condition.watches or ()}:
                check = None if overridable else _number_check(condition)
                self._watched.setdefault(top, [])
                if check is None:
                    unchecked.add(top)
                else:
                    self._watched[top].append(check)
        self._watched.update({top: [] for top in unchecked})

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
            for top, checks in self._watched.items():
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
        case PriceMoved(first_sight=False, baseline=baseline) if baseline == PREVIOUS and not condition.price.rest:
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
    threshold = float(condition.threshold)
    return lambda old, new: new > threshold or old < threshold
