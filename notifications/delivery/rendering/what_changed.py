"""What an alert is about, and what else changed: its number, and a line for each other attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from notifications.delivery.received_alert import ReceivedAlert
from notifications.delivery.rendering.formats import Formats, decimal_of
from notifications.delivery.rendering.safe_text import clean, words
from notifications.rules.price_form import TEXT
from notifications.rules.product import Product
from notifications.stream.attributes import Path


class ChangeLine(NamedTuple):
    """An attribute before and after; "" where it had no value, or the alert had no room for it."""

    attribute: str
    old: str
    new: str


class MainNumber(NamedTuple):
    """The number that an alert is about, before and after, as a language writes it."""

    label: str
    """Price, Stock, or an attribute."""
    path: Path
    before: str
    after: str
    value: Decimal | None = None
    """The new one."""


SHOWS_NUMBER = ("product.price_dropped", "product.price_raised", "product.added")
"""The types of alerts whose number is the price."""


def number_of(alert: ReceivedAlert, product: Product, formats: Formats) -> MainNumber | None:
    """Find the number that the alert is about; None where it is not about a number."""
    about_price = alert.type in SHOWS_NUMBER
    if not about_price and alert.type not in {"product.out_of_stock", "product.back_in_stock", "product.low_stock"}:
        return None
    old = decimal_of(alert.data.get("baseline"))
    if not about_price:
        new = decimal_of(alert.attribute(product.stock))
        before = formats.number(old) if old is not None else ""
        return None if new is None else MainNumber("Stock", product.stock, before, formats.number(new), new)
    currency = product.currency if isinstance(product.currency, str) else ""
    if isinstance(product.currency, Path):
        currency = words(alert.attribute(product.currency), 10)
    new = _price(alert.attribute(product.price), product, currency)
    if new is None:
        return None
    before = formats.amount(old, currency) if old is not None else ""
    return MainNumber("Price", product.price, before, formats.money(new, currency), new)


def _price(value: Any, product: Product, currency: str) -> Decimal | None:
    """Read a price as the table keeps it; the baseline of an alert is in whole units already."""
    amount = product.price_form.amount({"S": value}, currency or None) if product.price_form.type == TEXT else None
    if amount is None and decimal_of(value) is not None:
        amount = product.price_form.amount({"N": value}, currency or None)
    return decimal_of(format(amount, "f")) if amount is not None else None


def changes_of(alert: ReceivedAlert, number: MainNumber | None) -> tuple[ChangeLine | None, tuple[ChangeLine, ...]]:
    """Return what a rule about any change names first, and what else changed, without the number shown above."""
    shown = number.path if number else None
    lines = tuple(line for each in alert.changes for line in _lines(each, shown))
    return (lines[0], lines[1:]) if alert.type == "product.changed" and lines else (None, lines)


def _lines(change: Mapping[str, Any], shown: Path | None) -> Iterator[ChangeLine]:
    """Write a change as one line; of a map or list with the number that is shown, a line for whatever else differs."""
    name, old, new = change["attribute"], change.get("old"), change.get("new")
    if shown and shown.top == name and shown.rest:
        for text, before, after in _differing(name, old, new, shown.rest):
            yield ChangeLine(clean(text, 60), words(before), words(after))
    elif shown is None or name != shown.text:
        yield ChangeLine(clean(name, 60), words(old), words(new))


def _differing(name: str, old: Any, new: Any, way: Sequence[str | int]) -> Iterator[tuple[str, Any, Any]]:
    """Give what differs, by its path, but for what is at the end of `way`."""
    if not way:
        return
    before, after = _parts(old), _parts(new)
    if before is None or after is None:
        yield name, old, new
        return
    for part in {**before, **after}:
        inner = f"{name}[{part}]" if isinstance(part, int) else f"{name}.{part}"
        left, right = before.get(part), after.get(part)
        if part == way[0]:
            yield from _differing(inner, left, right, way[1:])
        elif left != right:
            yield inner, left, right


def _parts(value: Any) -> Mapping[Any, Any] | None:
    """Return what a map or a list is made of; nothing for an absent one, None for a plain value."""
    if isinstance(value, list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else {} if value is None else None
