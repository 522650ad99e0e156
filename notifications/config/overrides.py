"""Exceptions that a product carries itself: `{"price-drop": {"at_least": "5%"}, "low-stock": "mute"}` in its item."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from notifications.common.errors import MalformedRecordError, Problem
from notifications.config.rule_keys import OVERRIDABLE_KEYS
from notifications.config.rule_reader import read_rule
from notifications.config.toml_table import TomlTable
from notifications.rules.product import Product
from notifications.rules.rule import Rule
from notifications.stream.attributes import plain
from notifications.stream.changes import Change

log = logging.getLogger(__name__)

MUTE = "mute"
_MOST_REMEMBERED = 1024


class Overrides:
    """Applies a product's exceptions to rules."""

    def __init__(self, product: Product, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Start from the rules' own entries in alerts.toml, by name."""
        self._product = product
        self._entries = entries
        self._compiled = lru_cache(_MOST_REMEMBERED)(self._compile)

    def rule_for(self, rule: Rule, change: Change) -> Rule | None:
        """Return the rule as it holds for this product; None if the product mutes it.

        A malformed exception is logged, once, and the rule holds as it is.
        """
        if self._product.overrides is None:
            return rule
        value = change.current(self._product.overrides)
        if value is None:
            return rule
        exceptions = value.get("M") if isinstance(value, dict) else None
        if not isinstance(exceptions, dict):
            self._compiled(rule.name, "", f"expected a map of rule names, got {json.dumps(value)[:80]}")
            return rule
        if rule.name not in exceptions:
            return rule
        try:
            exception = plain(exceptions[rule.name])
        except MalformedRecordError as error:
            self._compiled(rule.name, "", str(error))
            return rule
        if exception == MUTE:
            return None
        return self._compiled(rule.name, json.dumps(exception, sort_keys=True), "") or rule

    def _compile(self, name: str, exception: str, problem: str) -> Rule | None:
        """Compile a rule with an exception; None, with a line in the log, where the exception is malformed."""
        problems = [Problem(problem)] if problem else []
        rule = None
        changes = None if problem else json.loads(exception)
        if not problem and not isinstance(changes, dict):
            problems.append(Problem(f'expected "{MUTE}" or a map of {", ".join(OVERRIDABLE_KEYS)}'))
        elif isinstance(changes, dict):
            TomlTable(changes, ("", 1), {}, problems).check_keys(OVERRIDABLE_KEYS)
            if not problems:
                entry = {**self._entries[name], **changes}
                rule = read_rule(TomlTable(entry, ("", 1), {}, problems), name, self._product)
        if problems:
            said = "; ".join(str(found) for found in problems)
            log.warning('a product has a malformed exception from rule "%s", which holds as it is: %s', name, said)
            return None
        return rule
