"""All rules of a file, and which of them a change concerns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from notifications.rules.prefilter import Prefilter
from notifications.rules.product import Product
from notifications.rules.rule import Rule, names_of
from notifications.stream.attributes import same
from notifications.stream.changes import INSERT, MODIFY, REMOVE, Change

log = logging.getLogger(__name__)


def unchanged(rule: Rule, change: Change) -> Rule | None:  # noqa: ARG001 - the change matters to other implementations
    """Return the rule as it is: products carry no exceptions."""
    return rule


@dataclass(slots=True)
class Ruleset:
    """What alerts.toml says, compiled so that a change costs what its attributes cost, not what all rules do."""

    rules: tuple[Rule, ...]
    product: Product = field(default_factory=Product)
    rule_for: Callable[[Rule, Change], Rule | None] = unchanged
    """Returns a rule as it holds for the product of a change; None if the product mutes it."""
    prefilter: Prefilter = field(init=False)
    _by_event: dict[str, list[Rule]] = field(init=False)
    _by_attribute: dict[str, list[int]] = field(init=False, default_factory=dict)
    """Top-level attribute to the positions of the rules that watch it."""
    _for_any_attribute: list[int] = field(init=False, default_factory=list)
    _reported: set[tuple[str, str]] = field(init=False, default_factory=set)
    """Rule and view type of the missing images that the log has already."""

    def __post_init__(self) -> None:
        """Index the rules by event and by the attributes that they watch."""
        self.prefilter = Prefilter(self.rules, overridable=self.product.overrides is not None)
        self._by_event = {
            event: [rule for rule in self.rules if event in rule.condition.events] for event in (INSERT, REMOVE)
        }
        for position, rule in enumerate(self.rules):
            if MODIFY not in rule.condition.events:
                continue
            if rule.condition.watches is None:
                self._for_any_attribute.append(position)
                continue
            for top in {path.top for path in rule.condition.watches}:
                self._by_attribute.setdefault(top, []).append(position)

    def remembering(self, change: Change) -> list[Rule]:
        """List the rules that remember something of a change's product, by themselves or by its exceptions."""
        rules = list(self.rules)
        if self.product.overrides is not None:
            rules += [rule for rule in (self.rule_for(rule, change) for rule in self.rules) if rule]
        return [rule for rule in rules if rule.remembers]

    def forgets(self, change: Change) -> bool:
        """Tell whether a change removes a product that rules remember something of."""
        return change.event_name == REMOVE and bool(self.remembering(change))

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
            if change.event_name in rule.condition.events and (rule.name, change.view_type) not in self._reported:
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
