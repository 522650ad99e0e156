"""`alerts.toml`: read, checked, and turned into rules. All mistakes are reported at once.

`rule_keys` and `product_reader` know its keys. `schemas/alerts.schema.json`, which says the same to editors, is
generated from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from notifications.common.errors import Problem, RulesError, why_unreadable
from notifications.config.overrides import Overrides
from notifications.config.product_reader import read_product
from notifications.config.rule_keys import COMMON_KEYS, DEFAULTS_KEYS, KEYS_BY_WHEN, NEEDS_TARGET, RULE_KEYS, TARGETS
from notifications.config.rule_reader import read_rule
from notifications.config.toml_table import DEFAULTS, Lines, TomlTable, lines_of, not_toml, parse_toml
from notifications.rules.product import Product
from notifications.rules.rule import Rule
from notifications.rules.ruleset import Ruleset

TOP_KEYS = ("product", "defaults", "rules")


def load(path: FilePath) -> Ruleset:
    """Read and check the file at `path`; RulesError lists what is wrong with it."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RulesError(
            path.name, (Problem(f"the file is missing; expected it in {path.absolute().parent}"),)
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(path.name, (Problem(f"cannot be read: {why_unreadable(error)}"),)) from None
    return parse(content, path.name)


def parse(content: str, source: str = "alerts.toml") -> Ruleset:
    """Check the text of a rules file and compile it; RulesError lists what is wrong with it."""
    try:
        document = parse_toml(content)
    except (ValueError, RecursionError) as error:
        raise RulesError(source, (not_toml(error, content),)) from None
    lines = lines_of(content)
    problems: list[Problem] = []
    top = TomlTable(document, ("", 1), lines, problems)
    top.check_keys(TOP_KEYS, {"rule": "write [[rules]], also for a single rule"})
    product = read_product(TomlTable(_table_in(top, "product"), ("product", 1), lines, problems))
    defaults = _defaults(_table_in(top, "defaults"), lines, problems)
    entries = _entries(top)
    rules = _rules(entries, defaults, product, lines, problems)
    misnamed = document.get("rule")  # reported already; what is in it has mistakes of its own
    if isinstance(misnamed, list) and all(isinstance(entry, dict) for entry in misnamed):
        _rules(misnamed, defaults, product, lines, problems, header="rule")
    if problems:
        raise RulesError(source, tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    by_name = {rule.name: _with_defaults(entry, defaults) for rule, entry in zip(rules, entries, strict=True)}
    enabled = tuple(rule for rule in rules if by_name[rule.name].get("enabled", True))
    if product.overrides is None:
        return Ruleset(enabled, product)
    return Ruleset(enabled, product, Overrides(product, by_name).rule_for)


def _table_in(top: TomlTable, key: str) -> Mapping[str, Any]:
    found = top.content.get(key, {})
    if isinstance(found, dict):
        return found
    top.problem(key, f"expected a table: [{key}]")
    return {}


def _defaults(content: Mapping[str, Any], lines: Lines, problems: list[Problem]) -> dict[str, Any]:
    """Check the defaults by themselves, so that each mistake is reported once; return those that are right."""
    TomlTable(content, DEFAULTS, lines, problems).check_keys(DEFAULTS_KEYS)
    known = {key: value for key, value in content.items() if key in DEFAULTS_KEYS}
    mistakes: list[Problem] = []
    read_rule(TomlTable(known, DEFAULTS, lines, mistakes), "", Product())
    problems += mistakes
    wrong = {mistake.key for mistake in mistakes}
    return {key: value for key, value in known.items() if key not in wrong}


def _entries(top: TomlTable) -> list[Mapping[str, Any]]:
    entries = top.content.get("rules", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        top.problem("rules", "expected [[rules]] tables, one for each rule")
        return []
    if not entries and "rule" not in top:
        top.problem("rules", "expected at least one [[rules]] table; without a rule there is never an alert")
    return entries


def _rules(
    entries: list[Mapping[str, Any]],
    defaults: Mapping[str, Any],
    product: Product,
    lines: Lines,
    problems: list[Problem],
    *,
    header: str = "rules",
) -> tuple[Rule, ...]:
    rules = []
    names: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = entry.get("name")
        label = name if isinstance(name, str) else f"number {number}"
        table = TomlTable(_with_defaults(entry, defaults), (header, number), lines, problems, label)
        for required in ("name", "when"):
            if required not in entry:
                table.problem(required, RULE_KEYS[required].missing)
        table.get(RULE_KEYS["name"])
        table.get(RULE_KEYS["enabled"])
        if label in names:
            table.problem("name", "another rule has this name; give each rule a name of its own")
        names.add(label)
        rule = read_rule(table, label, product)
        if rule:
            rules.append(rule)
    return tuple(rules)


def _with_defaults(entry: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Add those defaults that this kind of rule has a use for."""
    when = entry.get("when")
    when = when if isinstance(when, str) else ""
    allowed = (*COMMON_KEYS, *KEYS_BY_WHEN.get(when, ()))
    merged = {**{key: value for key, value in defaults.items() if key in allowed}, **entry}
    if when in TARGETS and TARGETS[when] not in merged:
        return {key: value for key, value in merged.items() if key in entry or key not in NEEDS_TARGET}
    return merged
