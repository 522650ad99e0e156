"""Exceptions that a product carries itself: `{"price-drop": {"at_least": "5%"}, "low-stock": "mute"}` in its item.

They come from the table, so they are checked in kind and length before anything is made of them, and the log says what
is wrong without repeating what the item holds.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from notifications.common.errors import Problem
from notifications.config.rule_keys import OVERRIDABLE_KEYS, RULE_KEYS
from notifications.config.rule_reader import read_rule
from notifications.config.toml_table import TomlTable
from notifications.rules.product import Product
from notifications.rules.rule import Rule
from notifications.stream.changes import Change
from notifications.text.nearest import nearest

log = logging.getLogger(__name__)

MUTE = "mute"
LONGEST_VALUE = 100
"""Characters of one value of an exception."""
_KINDS = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M")
_MOST_REMEMBERED = 1024
_EXPECTED = f'expected "{MUTE}" or a map of {", ".join(OVERRIDABLE_KEYS)}'


class Overrides:
    """Applies a product's exceptions to rules."""

    def __init__(self, product: Product, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Start from the rules' own entries in alerts.toml, by name."""
        self._product = product
        self._entries = entries
        self._compiled = lru_cache(_MOST_REMEMBERED)(self._compile)
        self._refused = lru_cache(_MOST_REMEMBERED)(_log_refusal)

    def rule_for(self, rule: Rule, change: Change) -> Rule | None:
        """Return the rule as it holds for this product; None if the product mutes one that has nothing to learn.

        A malformed exception is logged, once, and the rule holds as it is.
        """
        if self._product.overrides is None:
            return rule
        value = change.current(self._product.overrides)
        if value is None:
            return rule
        exceptions = value.get("M") if isinstance(value, dict) else None
        if not isinstance(exceptions, dict):
            self._refused(rule.name, f"expected a map of rule names, got {_kind(value)}")
            return rule
        if rule.name not in exceptions:
            return rule
        exception = exceptions[rule.name]
        if exception == {"S": MUTE}:
            return replace(rule, muted=True) if rule.uses_memory else None
        changes, problem = _read(exception)
        if problem:
            self._refused(rule.name, problem)
            return rule
        return self._compiled(rule.name, json.dumps(changes, sort_keys=True)) or rule

    def _compile(self, name: str, exception: str) -> Rule | None:
        """Compile a rule with an exception; None, with a line in the log, where the exception is malformed."""
        problems: list[Problem] = []
        entry = {**self._entries[name], **json.loads(exception)}
        rule = read_rule(TomlTable(entry, ("", 1), {}, problems), name, self._product)
        if problems:
            # Behind a semicolon a message says what to write instead, perhaps with a number of the item's.
            _log_refusal(name, "; ".join(f"{each.key}: {each.message.partition(';')[0]}" for each in problems))
            return None
        return rule


def _read(exception: Any) -> tuple[dict[str, str | bool | None], str]:
    """Return what an exception changes, and what is wrong with it: one of the two is empty."""
    entries = exception.get("M") if isinstance(exception, dict) else None
    if not isinstance(entries, dict):
        return {}, f"{_EXPECTED}, got {_kind(exception)}"
    changes = {}
    for key, typed in entries.items():
        if key not in OVERRIDABLE_KEYS:
            named = f"{key}: " if key in RULE_KEYS else ""  # any other word may be the item's own
            close = nearest(key, OVERRIDABLE_KEYS)
            return {}, f"{named}unknown key; " + (f"did you mean {close}?" if close else _EXPECTED)
        value = next(iter(typed.values())) if isinstance(typed, dict) and len(typed) == 1 else typed
        if not isinstance(typed, dict) or not (value is None or isinstance(value, str | bool)):
            return {}, f"{key}: expected a text or a number"
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            return {}, f"{key}: expected at most {LONGEST_VALUE} characters"
        changes[key] = None if "NULL" in typed else value
    return changes, ""


def _kind(typed: Any) -> str:
    kind = next(iter(typed)) if isinstance(typed, dict) and len(typed) == 1 else None
    return kind if kind in _KINDS else "something else"


def _log_refusal(name: str, said: str) -> None:
    log.warning('a product has a malformed exception from rule "%s", which holds as it is: %s', name, said)
