"""`alerts.toml`: read, checked, and turned into rules. Every mistake is reported, and none is skipped.

The JSON Schema beside the file, `alerts.schema.json`, says the same to editors; a test keeps the two together.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path as FilePath
from typing import Any, NamedTuple, TypeVar

from notifications import texts, values
from notifications.attributes import Path
from notifications.conditions import Added, Changed, Condition, PriceMoved, Removed, StockMoved
from notifications.errors import Problem, RulesError
from notifications.lines import Place, lines_of
from notifications.product import Product
from notifications.rules import Rule, Ruleset, Where
from notifications.templates import Template
from notifications.values import MistakeError

SEVERITIES = ("info", "warning", "critical")
PRODUCT_KEYS = ("id", "name", "price", "currency", "stock", "link", "message_attributes")
COMMON_KEYS = ("name", "when", "where", "severity", "title", "text")
KEYS_BY_WHEN: Mapping[str, tuple[str, ...]] = {
    "added": (),
    "removed": (),
    "changed": ("attributes",),
    "price_drop": ("at_least", "below"),
    "price_rise": ("at_least", "above"),
    "out_of_stock": (),
    "back_in_stock": (),
    "low_stock": ("threshold",),
}
FIXED_MESSAGE_ATTRIBUTES = ("type", "rule", "severity", "productId")
MOST_MESSAGE_ATTRIBUTES = 10 - len(FIXED_MESSAGE_ATTRIBUTES)  # SNS hands at most ten on to a queue

T = TypeVar("T")


class Rules(NamedTuple):
    """What alerts.toml says."""

    product: Product
    ruleset: Ruleset


def load(path: FilePath) -> Rules:
    """Read and check the file at `path`; RulesError lists what is wrong with it."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RulesError(path.name, (Problem(f"the file is missing; expected it in {path.parent}"),)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(path.name, (Problem(f"cannot be read: {error}"),)) from None
    return parse(content, path.name)


def parse(content: str, source: str = "alerts.toml") -> Rules:
    """Check the text of a rules file and compile it; RulesError lists what is wrong with it."""
    try:
        document = tomllib.loads(content, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(source, (Problem(f"is no valid TOML: {error}"),)) from None
    reader = _Reader(lines_of(content))
    rules = reader.document(document)
    if reader.problems:
        raise RulesError(source, tuple(reader.problems))
    return rules


class _Table:
    """One table of the file while it is read: values by key, and whom to tell of mistakes."""

    def __init__(self, reader: _Reader, place: Place, content: Mapping[str, Any], rule: str = "") -> None:
        self._reader, self._place, self._content, self._rule = reader, place, content, rule

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def read(self, key: str, kind: Callable[[Any], T], default: T) -> T:
        """Read `key` as `kind`; report a mistake and go on with the default."""
        if key not in self._content:
            return default
        try:
            return kind(self._content[key])
        except MistakeError as mistake:
            self.problem(key, str(mistake), self._content[key])
            return default

    def problem(self, key: str, message: str, value: Any = None) -> None:
        """Report a mistake at `key`."""
        lines = self._reader.lines
        line = lines.get((self._place, key)) or lines.get((self._place, ""))
        self._reader.problems.append(Problem(message, line, self._rule, key, value))

    def check_keys(self, allowed: Iterable[str], elsewhere: Mapping[str, str] | None = None) -> None:
        """Report every key that is not allowed here, with the nearest one that is."""
        allowed = tuple(allowed)
        for key in self._content:
            if key in allowed:
                continue
            close = difflib.get_close_matches(key, allowed, 1)
            if elsewhere and key in elsewhere:
                hint = elsewhere[key]
            else:
                hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(allowed)}"
            self.problem(key, f"unknown key; {hint}")


class _Reader:
    """Walks the document and collects what is wrong with it."""

    def __init__(self, lines: Mapping[tuple[Place, str], int]) -> None:
        self.lines = lines
        self.problems: list[Problem] = []

    def document(self, document: Mapping[str, Any]) -> Rules:
        top = _Table(self, ("", 1), document)
        top.check_keys(("product", "rules"))
        described = document.get("product", {})
        if not isinstance(described, dict):
            top.problem("product", "expected a table: [product]")
            described = {}
        product = self._product(_Table(self, ("product", 1), described))
        entries = document.get("rules", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            top.problem("rules", "expected [[rules]] tables, one a rule")
            entries = []
        elif not entries:
            top.problem("rules", "expected at least one [[rules]] table; without one nothing ever alerts")
        names: set[str] = set()
        rules = [self._rule(entry, number, product, names) for number, entry in enumerate(entries, 1)]
        return Rules(product, Ruleset(tuple(rule for rule in rules if rule)))

    def _product(self, table: _Table) -> Product:
        table.check_keys(PRODUCT_KEYS)
        plain = Product(
            id=table.read("id", values.path, None),
            name=table.read("name", values.path, Product().name),
            price=table.read("price", values.path, Product().price),
            stock=table.read("stock", values.path, Product().stock),
            currency=table.read("currency", _currency, None),
            message_attributes=table.read("message_attributes", _message_attributes, ()),
        )
        named = {path.text for _, path in plain.roles()}
        names = (*texts.ROLES, *named, *(path.text for path in plain.message_attributes))
        link = table.read("link", partial(values.template, known=names), None)
        return replace(plain, link=link)

    def _rule(self, entry: Mapping[str, Any], number: int, product: Product, names: set[str]) -> Rule | None:
        name = entry.get("name")
        label = name if isinstance(name, str) else f"number {number}"
        table = _Table(self, ("rules", number), entry, label)
        before = len(self.problems)
        for required in ("name", "when"):
            if required not in entry:
                table.problem(required, "is missing")
        table.read("name", values.rule_name, "")
        if label in names:
            table.problem("name", "another rule has this name; alerts are told apart by it")
        names.add(label)
        when = table.read("when", partial(values.one_of, allowed=KEYS_BY_WHEN), "")
        if not when:
            return None
        table.check_keys(COMMON_KEYS + KEYS_BY_WHEN[when], _belongs_to(when))
        no_demand: tuple[Where, ...] = ()
        no_path: tuple[Path, ...] = ()
        where = table.read("where", _where, no_demand)
        watched = table.read("attributes", values.paths, no_path)
        known = texts.known_names(product, (*watched, *(demand.path for demand in where)))
        as_template = partial(values.template, known=known)
        rule = Rule(
            name=label,
            when=when,
            condition=self._condition(when, table, product, watched),
            severity=table.read("severity", partial(values.one_of, allowed=SEVERITIES), SEVERITIES[0]),
            title=table.read("title", as_template, Template(texts.DEFAULT_TITLES[when])),
            text=table.read("text", as_template, Template(texts.DEFAULT_TEXTS[when])),
            where=where,
        )
        return rule if len(self.problems) == before else None

    def _condition(self, when: str, table: _Table, product: Product, watched: tuple[Path, ...]) -> Condition:
        if when == "added":
            return Added()
        if when == "removed":
            return Removed()
        if when == "changed":
            return Changed(watched or None)
        if when in {"price_drop", "price_rise"}:
            return PriceMoved(
                price=product.price,
                currency=product.currency_path,
                direction=-1 if when == "price_drop" else 1,
                margin=table.read("at_least", values.margin, None),
                target=table.read("below" if when == "price_drop" else "above", values.amount, None),
            )
        if when == "low_stock" and "threshold" not in table:
            table.problem("threshold", "is missing: expected the stock below which to alert, such as 5")
        return StockMoved(product.stock, when, table.read("threshold", _threshold, Decimal(0)))


def _belongs_to(when: str) -> dict[str, str]:
    """Say of each key that another `when` has to which one it belongs."""
    homes: dict[str, list[str]] = {}
    for other, keys in KEYS_BY_WHEN.items():
        for key in keys:
            homes.setdefault(key, []).append(other)
    return {key: f"{key} belongs to {' and '.join(found)}, not to {when}" for key, found in homes.items()}


def _threshold(value: Any) -> Decimal:
    size = values.amount(value)
    if size <= 0:
        raise MistakeError("expected more than 0; a stock of 0 is what out_of_stock is for")
    return size


def _currency(value: Any) -> Path | str:
    if isinstance(value, dict):
        if set(value) != {"value"}:
            raise MistakeError('expected { value = "USD" }, or the name of an attribute')
        return values.text(value["value"])
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


def _where(value: Any) -> tuple[Where, ...]:
    if not isinstance(value, dict) or not value:
        raise MistakeError('expected demands on attributes, such as { category = ["Electronics", "Home"] }')
    demands = []
    for name, wanted in value.items():
        try:
            demands.append(Where(values.path(name), values.scalars(wanted)))
        except MistakeError as mistake:
            raise MistakeError(f"{name}: {mistake}") from None
    return tuple(demands)
