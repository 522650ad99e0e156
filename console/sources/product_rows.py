"""A product as a row of the Products page: the values of an item, as people read them and as they are told apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notifications.common.errors import MalformedRecordError
from notifications.delivery.rendering.safe_text import clean, unambiguous, words
from notifications.rules.price_form import PLAIN
from notifications.rules.product import Product
from notifications.stream.attributes import Path, number, plain
from notifications.stream.changes import key_text
from notifications.text.formatting import digits_of, money_text, value_text

_LONGEST = 120  # characters of a value in a list
ROLES = ("price", "stock")
"""What can be changed in place."""


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in the list."""

    key: tuple[str, ...]
    """The values of its key, in the table's order."""
    id: str
    """As it is shown."""
    product_id: str
    """As alerts, mutes and the ledger have it."""
    name: str
    values: Mapping[str, str]
    """Role to value, in ROLES; "" where it has none."""
    kept: Mapping[str, str]
    """Role to the value as the table has it, as `kept_text` writes it: a change is made only while it still has it."""
    currency: str
    editable: bool
    search: str

    def value(self, role: str) -> str:
        """Return the value of a role."""
        return self.values.get(role, "")


def key_texts(item: Mapping[str, Any], key_types: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of an item's key as texts, in the order of the table's key."""
    return tuple(_text(item.get(name)) for name in key_types)


def row_of(item: Mapping[str, Any], key_types: Mapping[str, str], product: Product) -> ProductRow:
    """Make the row of an item; a value that is malformed is shown as it is."""
    key = key_texts(item, key_types)
    product_id = product_id_of(item, {name: item.get(name) for name in key_types}, product) or "/".join(key)
    name = shown(product.name.find(item), _LONGEST)
    currency = product.currency if isinstance(product.currency, str) else ""
    if isinstance(product.currency, Path):
        currency = shown(product.currency.find(item), 10)
    return ProductRow(
        key,
        unambiguous(product_id, _LONGEST),
        product_id,
        name,
        {role: _value(item, product, role, currency) for role in ROLES},
        {role: kept_text(path_of(product, role).find(item)) for role in ROLES},
        currency,
        "B" not in key_types.values(),
        "\n".join((product_id, _whole_text(product.name.find(item)), clean(product_id, _LONGEST), name)).casefold(),
    )


def product_id_of(item: Mapping[str, Any], key: Mapping[str, Any], product: Product) -> str:
    """Return the id of an item with a typed key as the function makes it; "" if the key is malformed."""
    try:
        named = value_text(product.id.find(item)) if product.id else None
    except (MalformedRecordError, RecursionError):
        named = None
    try:
        return named or key_text(key)
    except MalformedRecordError:
        return ""


def _whole_text(value: Any) -> str:
    try:
        return value_text(value) or ""
    except (MalformedRecordError, RecursionError):
        return ""


def _value(item: Mapping[str, Any], product: Product, role: str, currency: str) -> str:
    """Write what is kept, a price with the digits of its currency: the table drops zeros at the end."""
    value = path_of(product, role).find(item)
    amount = number(value) if role == "price" and currency and product.price_form == PLAIN else None
    return shown(value, _LONGEST) if amount is None else money_text(amount, digits_of(currency))


def path_of(product: Product, role: str) -> Path:
    """Return where the table keeps a role."""
    return product.price if role == "price" else product.stock


def shown(value: Any, limit: int = 300) -> str:
    """Write a typed value for people: one line, whatever it holds; "" for an absent one."""
    if value is None:
        return ""
    try:
        return words(plain(value), limit)
    except (MalformedRecordError, RecursionError):
        return clean(str(value)[: 2 * limit], limit)


def kept_text(value: Any) -> str:
    """Write a typed value so that two that differ are told apart: "N 19.99", "" for an absent one."""
    if value is None:
        return ""
    kind, content = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", value)
    if kind == "N" and (amount := number(value)) is not None:
        return f"N {amount.normalize():f}" if abs(amount.adjusted()) < _LONGEST else f"N {amount.normalize()}"
    text = f"{kind} {content}"
    return text if len(text) <= _LONGEST else f"{kind} #{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"


def _text(value: Any) -> str:
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    (content,) = value.values()
    return content if isinstance(content, str) else content.hex() if isinstance(content, bytes) else str(content)
