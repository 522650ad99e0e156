"""`alerts.toml`: read, checked, and turned into rules. Every mistake is reported, and none is skipped.

The JSON Schema beside the file, `alerts.schema.json`, says the same to editors; a test keeps the two together.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from notifications import texts, values
from notifications.attributes import Path
from notifications.errors import Problem, RulesError
from notifications.lines import lines_of
from notifications.overrides import Overrides
from notifications.product import Product
from notifications.rule_reader import COMMON_KEYS, KEYS_BY_WHEN, NEEDS_TARGET, TARGETS, read_rule
from notifications.rules import Rule, Ruleset
from notifications.table import DEFAULTS, Lines, Table
from notifications.values import MistakeError

TOP_KEYS = ("product", "defaults", "rules")
PRODUCT_KEYS = ("id", "name", "price", "currency", "stock", "link", "message_attributes", "overrides")
DEFAULTS_KEYS = tuple(
    key
    for key in dict.fromkeys((*COMMON_KEYS, *(key for keys in KEYS_BY_WHEN.values() for key in keys)))
    if key not in {"name", "when", "title", "text", "attributes"}
)
FIXED_MESSAGE_ATTRIBUTES = ("type", "rule", "severity", "productId")
CURRENCY_CODES = frozenset({
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "INR",
    "JPY", "KRW", "MXN", "NOK", "NZD", "PLN", "SEK", "SGD", "TRY", "USD", "ZAR",
})  # fmt: skip
"""Hardly the name of an attribute: who writes one of these means the code."""
MOST_MESSAGE_ATTRIBUTES = 10 - len(FIXED_MESSAGE_ATTRIBUTES)  # SNS hands at most ten on to a queue


@dataclass(frozen=True, slots=True)
class Rules:
    """What alerts.toml says."""

    product: Product
    ruleset: Ruleset
    overrides: Overrides


def load(path: FilePath) -> Rules:
    """Read and check the file at `path`; RulesError lists what is wrong with it."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RulesError(
            path.name, (Problem(f"the file is missing; expected it in {path.absolute().parent}"),)
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(path.name, (Problem(f"cannot be read: {error}"),)) from None
    return parse(content, path.name)


def parse(content: str, source: str = "alerts.toml") -> Rules:
    """Check the text of a rules file and compile it; RulesError lists what is wrong with it."""
    try:
        document = tomllib.loads(content, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(source, (Problem(f"is no valid TOML: {error}"),)) from None
    lines = lines_of(content)
    problems: list[Problem] = []
    top = Table(document, ("", 1), lines, problems)
    top.check_keys(TOP_KEYS)
    product = _product(Table(_table_in(top, "product"), ("product", 1), lines, problems))
    defaults = _defaults(_table_in(top, "defaults"), lines, problems)
    entries = _entries(top)
    rules = _rules(entries, defaults, product, lines, problems)
    if problems:
        raise RulesError(source, tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    by_name = {rule.name: _with_defaults(entry, defaults) for rule, entry in zip(rules, entries, strict=True)}
    return Rules(product, Ruleset(rules, overridable=product.overrides is not None), Overrides(product, by_name))


def _table_in(top: Table, key: str) -> Mapping[str, Any]:
    found = top.content.get(key, {})
    if isinstance(found, dict):
        return found
    top.problem(key, f"expected a table: [{key}]")
    return {}


def _defaults(content: Mapping[str, Any], lines: Lines, problems: list[Problem]) -> dict[str, Any]:
    """Check the defaults by themselves; give those that are right, so that a mistake is reported once, not a rule."""
    Table(content, DEFAULTS, lines, problems).check_keys(DEFAULTS_KEYS)
    known = {key: value for key, value in content.items() if key in DEFAULTS_KEYS}
    mistakes: list[Problem] = []
    read_rule(Table(known, DEFAULTS, lines, mistakes), "", Product())
    problems += mistakes
    wrong = {mistake.key for mistake in mistakes}
    return {key: value for key, value in known.items() if key not in wrong}


def _entries(top: Table) -> list[Mapping[str, Any]]:
    entries = top.content.get("rules", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        top.problem("rules", "expected [[rules]] tables, one a rule")
        return []
    if not entries:
        top.problem("rules", "expected at least one [[rules]] table; without one nothing ever alerts")
    return entries


def _rules(
    entries: list[Mapping[str, Any]],
    defaults: Mapping[str, Any],
    product: Product,
    lines: Lines,
    problems: list[Problem],
) -> tuple[Rule, ...]:
    rules = []
    names: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = entry.get("name")
        label = name if isinstance(name, str) else f"number {number}"
        table = Table(_with_defaults(entry, defaults), ("rules", number), lines, problems, label)
        for required in ("name", "when"):
            if required not in entry:
                table.problem(required, "is missing")
        table.read("name", values.rule_name, "")
        if label in names:
            table.problem("name", "another rule has this name; alerts are told apart by it")
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


def _product(table: Table) -> Product:
    table.check_keys(PRODUCT_KEYS)
    no_path: tuple[Path, ...] = ()
    plain = Product(
        id=table.read("id", values.path, None),
        name=table.read("name", values.path, Product().name),
        price=table.read("price", values.path, Product().price),
        stock=table.read("stock", values.path, Product().stock),
        currency=table.read("currency", _currency, None),
        message_attributes=table.read("message_attributes", _message_attributes, no_path),
        overrides=table.read("overrides", values.path, None),
    )
    named = {path.text for _, path in plain.roles()}
    names = (*texts.ROLES, *named, *(path.text for path in plain.message_attributes))
    return replace(plain, link=table.read("link", partial(values.template, known=names), None))


def _currency(value: Any) -> Path | str:
    if isinstance(value, dict):
        if set(value) != {"value"}:
            raise MistakeError('expected { value = "USD" }, or the name of an attribute')
        return values.text(value["value"])
    if value in CURRENCY_CODES:
        raise MistakeError(f'expected the name of an attribute; for one currency write {{ value = "{value}" }}')
    return values.path(value)


def _message_attributes(value: Any) -> tuple[Path, ...]:
    found = values.paths(value)
    if len(found) > MOST_MESSAGE_ATTRIBUTES:
        raise MistakeError(
            f"expected at most {MOST_MESSAGE_ATTRIBUTES}: SNS hands ten on to a queue, "
            f"and {', '.join(FIXED_MESSAGE_ATTRIBUTES)} are always there"
        )
    for path in found:
        if not texts.MESSAGE_ATTRIBUTE_NAME.fullmatch(path.text) or path.text in FIXED_MESSAGE_ATTRIBUTES:
            raise MistakeError(
                f"{path.text!r} cannot be the name of a message attribute: letters, digits, _ - and . alone, "
                f"and none of {', '.join(FIXED_MESSAGE_ATTRIBUTES)}"
            )
    return found
