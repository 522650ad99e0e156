"""What titles and texts can say: the names that they may use, where each one's value comes from, and the defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from notifications.attributes import Path
from notifications.changes import ProductChange
from notifications.conditions import Judgement, Moved
from notifications.memory import NOTHING, Memory
from notifications.product import Product
from notifications.rules import Rule
from notifications.templates import Template, Values, decimal_text, render_link, value_text

ROLES = ("id", "name", "price", "stock", "currency")
OF_ALERT = ("link", "rule", "severity", "changes", "removal", "delta", "percent", "baseline", "threshold", "held_back")
PLACEHOLDERS = ("product", *ROLES, *OF_ALERT)
MESSAGE_ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}(?<!\.)")
"""Amazon SNS Developer Guide, "Amazon SNS message attributes", "Name"."""

DEFAULT_TITLES = {
    "added": "New product: {name}",
    "removed": "{name} {removal}",
    "changed": "{name} changed: {changes}",
    "price_drop": "{name}: {new.price} {currency}, was {old.price}",
    "price_rise": "{name}: {new.price} {currency}, was {old.price}",
    "out_of_stock": "{name} is out of stock",
    "back_in_stock": "{name} is back in stock",
    "low_stock": "{name}: only {stock} left",
}
DEFAULT_TEXTS = {
    "added": "{product} is new.",
    "removed": "{product} {removal}.",
    "changed": "{product} changed: {changes}.",
    "price_drop": "The price of {product} dropped by {percent}, from {baseline} to {price} {currency}.",
    "price_rise": "The price of {product} rose by {percent}, from {baseline} to {price} {currency}.",
    "out_of_stock": "{product} is out of stock; before this change the stock was {baseline}.",
    "back_in_stock": "{product} is back in stock: {stock} available.",
    "low_stock": "{product} runs low: {stock} left, fewer than {threshold}.",
}
_AT_FIRST_SIGHT = {
    DEFAULT_TITLES["price_drop"]: Template("{name}: {new.price} {currency}"),
    DEFAULT_TEXTS["price_drop"]: Template("{product} costs {price} {currency}, below {threshold}."),
    DEFAULT_TEXTS["price_rise"]: Template("{product} costs {price} {currency}, above {threshold}."),
    DEFAULT_TEXTS["out_of_stock"]: Template("{product} is out of stock."),
}
"""What stands for a default where there is nothing before the change that it could speak of."""
_MOST_CHANGES_NAMED = 5


def known_names(product: Product, named_by_rule: Iterable[Path]) -> tuple[str, ...]:
    """List the names that a rule's templates may use: the fixed ones, and attributes that the file names elsewhere."""
    attributes = [path for _, path in product.roles()]
    return (
        *PLACEHOLDERS,
        *(path.text for path in (*attributes, *product.message_attributes, *named_by_rule)),
    )


class Occasion(NamedTuple):
    """All that an alert can speak of."""

    product: Product
    change: ProductChange
    rule: Rule
    judgement: Judgement
    memory: Memory = NOTHING
    """What was held back before it."""


def link_of(product: Product, change: ProductChange) -> str | None:
    """Write the product's link, or None where the file has none or the item lacks what it is made of."""
    return render_link(product.link, _about_product(product, change)) if product.link else None


def filled(template: Template, occasion: Occasion) -> str:
    """Write a rule's title or text."""
    product, change, rule, judgement, memory = occasion
    if judgement.baseline is None:
        template = _AT_FIRST_SIGHT.get(template.text, template)
    about_product = _about_product(product, change)
    about_alert: dict[str, Callable[[], str | None]] = {
        "link": lambda: link_of(product, change),
        "rule": lambda: rule.name,
        "severity": lambda: rule.severity,
        "changes": lambda: _changes(change, rule),
        "removal": lambda: "has expired" if change.record.expired else "was removed",
        "delta": lambda: _moved(judgement, "delta"),
        "percent": lambda: _moved(judgement, "percent"),
        "baseline": lambda: None if judgement.baseline is None else format(judgement.baseline, "f"),
        "threshold": lambda: judgement.threshold,
        "held_back": lambda: str(memory.held),
    }

    def value(name: str) -> str | None:
        return about_alert[name]() if name in about_alert else about_product(name)

    return template.render(value)


def held_back_text(memory: Memory) -> str:
    """Say how many changes a cool-down held back, and which was the latest; "" if none."""
    if not memory.held:
        return ""
    count = "1 change before this was" if memory.held == 1 else f"{memory.held} changes before this were"
    return f"{count} held back, the latest: {memory.held_title}"


def _about_product(product: Product, change: ProductChange) -> Values:
    paths = dict(product.roles())

    def value(name: str) -> str | None:
        match name:
            case "id":
                return product.id_of(change)
            case "name":
                return product.name_of(change)
            case "product":
                return product.name_and_id_of(change)
            case "currency":
                return product.currency_of(change) or ""
        side, dot, rest = name.partition(".")
        if dot and side in {"old", "new"}:
            path = paths.get(rest) or Path.parse(rest)
            return value_text(change.old(path) if side == "old" else change.new(path))
        return value_text(change.current(getattr(product, name) if name in ROLES else Path.parse(name)))

    return value


def _moved(judgement: Judgement, name: str) -> str | None:
    if judgement.baseline is None or judgement.latest is None:
        return None
    moved = Moved(judgement.baseline, judgement.latest)
    return decimal_text(moved.amount) if name == "delta" else str(moved)


def _changes(change: ProductChange, rule: Rule) -> str:
    fields = change.fields(rule.condition.watches)
    named = [
        f"{field.attribute} {value_text(field.old) or 'none'} → {value_text(field.new) or 'none'}"
        for field in fields[:_MOST_CHANGES_NAMED]
    ]
    more = len(fields) - len(named)
    return ", ".join([*named, f"and {more} more"] if more else named)
