"""The names that titles, texts and links may use, and the titles and texts of rules without their own."""

from __future__ import annotations

from collections.abc import Iterable

from notifications.stream.attributes import Path
from notifications.text.formatting import Template
from notifications.text.nearest import nearest

ROLES = ("id", "name", "price", "stock", "currency")
OF_ALERT = ("link", "rule", "severity", "changes", "removal", "delta", "percent", "baseline", "threshold", "held_back")
AMOUNTS = ("price", "baseline", "delta", "threshold")
"""Money for a rule about prices, with the currency's digits; NAME.raw is the number."""
RAW = tuple(f"{name}.raw" for name in AMOUNTS)
PLACEHOLDERS = ("product", *ROLES, *OF_ALERT)

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
SAID_ANYWAY = frozenset({
    *DEFAULT_TITLES.values(),
    "{name} went up: {new.price} {currency}, was {old.price}",
    "{name} is sold out",
    "{name} is back: {stock} in stock",
    "{name} was edited: {changes}",
})  # fmt: skip
"""Titles that say no more than a mail's headline and numbers: the defaults, and those that alerts.toml ships with."""
RECORD_TITLES = {
    "price_drop": "{name} at an all-time low: {new.price} {currency}, was {old.price}",
    "price_rise": "{name} at an all-time high: {new.price} {currency}, was {old.price}",
}
RECORD_TEXTS = {
    "price_drop": f"{DEFAULT_TEXTS['price_drop'][:-1]}, an all-time low.",
    "price_rise": f"{DEFAULT_TEXTS['price_rise'][:-1]}, an all-time high.",
}
"""The same for rules with all_time_low or all_time_high."""
_SOLD_OUT = "{product} is sold out; before this change the stock was {baseline}."
AT_FIRST_SIGHT = {
    DEFAULT_TITLES["price_drop"]: Template("{name}: {new.price} {currency}"),
    DEFAULT_TEXTS["price_drop"]: Template("{product} costs {price} {currency}, below {threshold}."),
    DEFAULT_TEXTS["price_rise"]: Template("{product} costs {price} {currency}, above {threshold}."),
    RECORD_TITLES["price_drop"]: Template("{name}: {new.price} {currency}"),
    RECORD_TITLES["price_rise"]: Template("{name}: {new.price} {currency}"),
    RECORD_TEXTS["price_drop"]: Template("{product} costs {price} {currency}, below {threshold}."),
    RECORD_TEXTS["price_rise"]: Template("{product} costs {price} {currency}, above {threshold}."),
    DEFAULT_TEXTS["out_of_stock"]: Template("{product} is out of stock."),
    _SOLD_OUT: Template("{product} is sold out."),
}
"""What replaces a default where there is no earlier value that it could speak of."""

AT_ZERO = {
    DEFAULT_TITLES["low_stock"]: Template("{name} is sold out"),
    DEFAULT_TEXTS["low_stock"]: Template(_SOLD_OUT),
}
"""What replaces a default where nothing is left."""


def known_names(attributes: Iterable[Path]) -> tuple[str, ...]:
    """List the names that templates may use: the fixed ones, and the attributes that the file names elsewhere."""
    return (*PLACEHOLDERS, *RAW, *(path.text for path in attributes))


def unknown_name(name: str, known: Iterable[str]) -> str | None:
    """Say what is wrong with a placeholder, or None if it is one of `known` or a path after `old.` or `new.`."""
    known, when = tuple(known), {"old": "before", "new": "after"}
    if name in known:
        return None
    side, dot, path = name.partition(".")
    if dot and side in {"old", "new"}:
        try:
            Path.parse(path)
        except ValueError:
            return f"{{{name}}}: {path!r} is not the path of an attribute"
        return None
    for written in ("old", "new"):  # {old_price} and {price_old}
        bare = name.removeprefix(f"{written}_").removesuffix(f"_{written}")
        if bare not in {name, ""}:
            return f"unknown name {{{name}}}; write {{{written}.{bare}}} for an attribute {when[written]} the change"
    close = nearest(name, known)
    hint = f"did you mean {{{close}}}?" if close else f"write {{new.{name}}} for an attribute of the item"
    return f"unknown name {{{name}}}; {hint}"
