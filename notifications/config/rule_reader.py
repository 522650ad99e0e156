"""One `[[rules]]` entry of alerts.toml, turned into a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from notifications.config import fields
from notifications.config.fields import MistakeError
from notifications.config.toml_table import TomlTable
from notifications.rules.conditions import Added, Changed, Condition, Removed
from notifications.rules.prices import LAST_ALERT, PREVIOUS, PriceMoved
from notifications.rules.product import Product
from notifications.rules.rule import Rule
from notifications.rules.stocks import StockMoved
from notifications.rules.where import Where
from notifications.stream.attributes import Path
from notifications.text.templates import Template
from notifications.text.wording import DEFAULT_TEXTS, DEFAULT_TITLES, known_names

SEVERITIES = ("info", "warning", "critical")
COMMON_KEYS = ("name", "when", "where", "severity", "title", "text", "cooldown", "max_per_hour")
_PRICE_KEYS = ("at_least", "at_most", "baseline", "rearm", "first_sight")
KEYS_BY_WHEN: Mapping[str, tuple[str, ...]] = {
    "added": (),
    "removed": ("expired",),
    "changed": ("attributes",),
    "price_drop": (*_PRICE_KEYS, "below", "all_time_low"),
    "price_rise": (*_PRICE_KEYS, "above", "all_time_high"),
    "out_of_stock": ("first_sight",),
    "back_in_stock": (),
    "low_stock": ("threshold", "rearm", "first_sight"),
}
TARGETS: Mapping[str, str] = {"price_drop": "below", "price_rise": "above"}
NEEDS_TARGET = ("rearm", "first_sight")
"""Of a rule about prices: what says nothing without a target."""
OVERRIDABLE_KEYS = (
    "at_least", "at_most", "below", "above", "threshold", "rearm", "cooldown", "severity",
)  # fmt: skip
MOST_PER_HOUR = 1000


def read_rule(table: TomlTable, name: str, product: Product) -> Rule | None:
    """Read one rule called `name`; mistakes go to the table. None where not even its kind is known."""
    when = table.read("when", partial(fields.one_of, allowed=KEYS_BY_WHEN), "")
    if when:
        table.check_keys(COMMON_KEYS + KEYS_BY_WHEN[when], _belongs_to(when))
    else:  # any key may be right; the values can still be checked
        table.check_keys((*COMMON_KEYS, *(key for keys in KEYS_BY_WHEN.values() for key in keys)))
    no_where: tuple[Where, ...] = ()
    no_path: tuple[Path, ...] = ()
    where = table.read("where", fields.where, no_where)
    watched = table.read("attributes", fields.paths, no_path)
    known = known_names(
        (*product.roles.values(), *product.message_attributes, *watched, *(each.path for each in where))
    )
    as_template = partial(fields.template, known=known)
    condition = _condition(when, table, product, watched)
    rule = Rule(
        name=name,
        when=when,
        condition=condition,
        severity=table.read("severity", partial(fields.one_of, allowed=SEVERITIES), SEVERITIES[0]),
        title=table.read("title", as_template, Template(DEFAULT_TITLES.get(when, ""))),
        text=table.read("text", as_template, Template(DEFAULT_TEXTS.get(when, ""))),
        where=where,
        cooldown=table.read("cooldown", fields.duration, 0.0),
        max_per_hour=table.read("max_per_hour", _max_per_hour, None),
    )
    return rule if when else None


def _condition(when: str, table: TomlTable, product: Product, watched: tuple[Path, ...]) -> Condition:
    if when == "added":
        return Added()
    if when == "removed":
        return Removed(table.read("expired", fields.yes_or_no, None))
    if when == "changed":
        return Changed(watched or None)
    if when in {"price_drop", "price_rise"}:
        return _price(-1 if when == "price_drop" else 1, table, product)
    if when:
        return _stock(when, table, product)
    for key, kind in _KINDS.items():
        table.read(key, kind, None)
    return Added()


def _price(direction: int, table: TomlTable, product: Product) -> PriceMoved:
    down = direction < 0
    target_key = TARGETS["price_drop" if down else "price_rise"]
    target = table.read(target_key, fields.amount, None)
    rearm = table.read("rearm", fields.amount, None)
    first_sight = table.read("first_sight", fields.yes_or_no, False)
    if target_key not in table:
        for key in NEEDS_TARGET:
            if key in table:
                table.problem(key, f"needs {target_key}: without a target there is nothing to be beyond")
    elif target is not None and rearm is not None and (rearm < target if down else rearm > target):
        table.problem("rearm", f"expected at {'least' if down else 'most'} {target_key}, the price that fires", rearm)
    previous: str | Path = PREVIOUS
    baseline = table.read("baseline", _baseline, previous)
    return PriceMoved(
        price=product.price,
        currency=product.currency_path,
        direction=direction,
        at_least=table.read("at_least", fields.margin, None),
        at_most=table.read("at_most", fields.margin, None),
        target=target,
        rearm=rearm,
        all_time=table.read("all_time_low" if down else "all_time_high", fields.yes_or_no, False),
        baseline=baseline,
        first_sight=first_sight,
    )


def _stock(when: str, table: TomlTable, product: Product) -> StockMoved:
    threshold = table.read("threshold", _threshold, Decimal(0))
    rearm = table.read("rearm", fields.amount, None)
    if when == "low_stock":
        if "threshold" not in table:
            table.problem("threshold", "is missing: expected the stock below which to alert, such as 5")
        elif rearm is not None and rearm < threshold:
            table.problem("rearm", "expected at least the threshold, as the stock to be back at", rearm)
    first_sight = table.read("first_sight", fields.yes_or_no, False)
    return StockMoved(product.stock, when, threshold, None if rearm == threshold else rearm, first_sight)


def _belongs_to(when: str) -> dict[str, str]:
    """Say of each key that another `when` has to which ones it belongs."""
    homes: dict[str, list[str]] = {}
    for other, keys in KEYS_BY_WHEN.items():
        for key in keys:
            homes.setdefault(key, []).append(other)
    return {key: f"{key} belongs to {' and '.join(found)}, not to {when}" for key, found in homes.items()}


def _threshold(value: Any) -> Decimal:
    size = fields.amount(value)
    if size <= 0:
        raise MistakeError("expected more than 0; a stock of 0 is what out_of_stock is for")
    return size


def _baseline(value: Any) -> str | Path:
    if isinstance(value, dict) and set(value) == {"attribute"}:
        return fields.path(value["attribute"])
    if isinstance(value, str) and value in {PREVIOUS, LAST_ALERT}:
        return value
    raise MistakeError('expected "previous", "last_alert" or { attribute = "listPrice" }')


def _max_per_hour(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_PER_HOUR:
        raise MistakeError(f"expected a whole number from 1 to {MOST_PER_HOUR}")
    return value


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "at_least": fields.margin,
    "at_most": fields.margin,
    "below": fields.amount,
    "above": fields.amount,
    "rearm": fields.amount,
    "threshold": _threshold,
    "baseline": _baseline,
    "first_sight": fields.yes_or_no,
    "expired": fields.yes_or_no,
    "all_time_low": fields.yes_or_no,
    "all_time_high": fields.yes_or_no,
}
"""What to check where the kind of the rule is not known."""
