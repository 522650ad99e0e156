"""Rules to judge with, and one record's judgement."""

from __future__ import annotations

from typing import Any

from notifications.rules.conditions import Judgement
from tests.builders import EVERY_KIND, change_of, one_rule, rules

ALL = rules(EVERY_KIND)
ANYTHING = one_rule("changed")
WHERE = rules(
    """
[[rules]]
name = "added"
when = "added"
where = { name = ["a", "b"], "specs.color" = "a" }

[[rules]]
name = "drop"
when = "price_drop"
where = { stock = [0, 5], name = "a" }

[[rules]]
name = "removed"
when = "removed"
where = { tags = true }
"""
)


def judged(when: str, entry: dict[str, Any], more: str = "", product: str = "") -> Judgement:
    """Judge one record by one rule."""
    (rule,) = one_rule(when, more, product).rules
    return rule.judge(change_of(entry))


def fires(when: str, entry: dict[str, Any], more: str = "", product: str = "") -> bool:
    """Tell whether a rule fires for a record."""
    return judged(when, entry, more, product).fired
