"""The keys of a `[[rules]]` entry: the one place that knows them.

The rules are read by this table. The JSON Schema for editors and the key reference in docs/rules.md are generated from
it, by `npm run generate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from notifications.config.fields import (
    Key,
    MistakeError,
    OneOf,
    WholeNumber,
    amount,
    by_name,
    duration,
    margin,
    path,
    paths,
    template,
    text,
    yes_or_no,
)  # fmt: skip
from notifications.config.where_reader import where
from notifications.rules.prices import LAST_ALERT, PREVIOUS
from notifications.stream.attributes import Path

LONGEST_NAME = 100
WHEN = OneOf({
    "added": "an item is new",
    "removed": "an item is gone, deleted by somebody or expired by the table's time to live",
    "changed": "one of `attributes` differs, or any attribute if the rule names none",
    "price_drop": "the price is below the baseline",
    "price_rise": "the price is above the baseline",
    "out_of_stock": "the stock was above 0 and is 0 or less",
    "back_in_stock": "the stock was 0 or less and is above 0",
    "low_stock": "the stock was at the threshold or above and is below it",
})  # fmt: skip
SEVERITY = OneOf(dict.fromkeys(("info", "warning", "critical"), ""))


def rule_name(value: Any) -> str:
    """Read a rule's name: short enough for a message attribute that people filter by."""
    name = text(value)
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise MistakeError(f"expected at most {LONGEST_NAME} printable characters")
    return name


def threshold(value: Any) -> Decimal:
    """Read a stock above 0."""
    size = amount(value)
    if size <= 0:
        raise MistakeError("expected more than 0; for a stock of 0 there is out_of_stock")
    return size


def baseline(value: Any) -> str | Path:
    """Read what a price is compared with: PREVIOUS, LAST_ALERT or an attribute."""
    if isinstance(value, dict) and set(value) == {"attribute"}:
        return path(value["attribute"])
    if isinstance(value, str) and value in {PREVIOUS, LAST_ALERT}:
        return value
    raise MistakeError('expected "previous", "last_alert" or { attribute = "listPrice" }')


def all_time(value: Any) -> bool | Path:
    """Read whether a price has to be a record, or which attribute keeps the record so far."""
    if isinstance(value, dict) and set(value) == {"attribute"}:
        return path(value["attribute"])
    if isinstance(value, bool):
        return value
    raise MistakeError('expected true or false, or { attribute = "lowestPrice" }')


_PRICES = ("price_drop", "price_rise")
RULE_KEYS = by_name(
    Key("name", rule_name, "a name that no other rule has, at most 100 characters", required=True),
    Key("when", WHEN, "the kind of change to alert about", required=True),
    Key("enabled", yes_or_no, "`false` silences the rule: it is checked, and then left out", default=True),
    Key("where", where, "conditions on attributes, all of which have to hold; of a list of tables, those of one",
        unset="any item"),
    Key("severity", SEVERITY, "how much the alert matters; subscribers can filter by it", default="info"),
    Key("title", template, "one line for people, the subject of an e-mail", unset="a title for each `when`"),
    Key("text", template, "the message itself, several lines if you like", unset="a text for each `when`"),
    Key("cooldown", duration, "how long after an alert further ones about the product are suppressed",
        unset="no cool-down"),
    Key("max_per_hour", WholeNumber(1, 1000), "the most alerts in an hour of the clock (UTC), all products together",
        unset="no limit"),
    Key("attributes", paths, "the attributes that count", ("changed",), unset="all attributes"),
    Key("expired", yes_or_no, "`true` for items that expired only, `false` for items that were deleted only",
        ("removed",), unset="both"),
    Key("at_least", margin, "the smallest move that alerts, in percent of the baseline or as an amount", _PRICES,
        unset="any move"),
    Key("at_most", margin, "the biggest move that alerts; a bigger one is taken for a mistake in the data", _PRICES,
        unset="no limit"),
    Key("below", amount, "the target: the price has to fall below it, from at or above it", ("price_drop",),
        unset="no target"),
    Key("above", amount, "the target: the price has to rise above it, from at or below it", ("price_rise",),
        unset="no target"),
    Key("threshold", threshold, "the stock below which to alert, such as 5", ("low_stock",), required=True),
    Key("includes_zero", yes_or_no, "whether a stock of 0 is low, too; `false` leaves it to an out_of_stock rule",
        ("low_stock",), default=True),
    Key("rearm", amount, "the price or stock to come back to before the rule can fire again", (*_PRICES, "low_stock"),
        unset="the target or threshold"),
    Key("baseline", baseline, "what the price is compared with", _PRICES, default=PREVIOUS),
    Key("all_time_low", all_time, "whether the price has to be the lowest that the rule has seen of the product",
        ("price_drop",), default=False),
    Key("all_time_high", all_time, "whether the price has to be the highest that the rule has seen of the product",
        ("price_rise",), default=False),
    Key("first_sight", yes_or_no, "whether to alert about a product that appears already beyond the target",
        (*_PRICES, "out_of_stock", "low_stock"), default=False),
)  # fmt: skip

COMMON_KEYS = tuple(key.name for key in RULE_KEYS.values() if not key.of)
KEYS_BY_WHEN: Mapping[str, tuple[str, ...]] = {
    when: tuple(key.name for key in RULE_KEYS.values() if when in key.of) for when in WHEN.words
}
TARGETS: Mapping[str, str] = {"price_drop": "below", "price_rise": "above"}
NEEDS_TARGET = ("rearm", "first_sight")
"""Of a rule about prices: the keys that mean nothing without a target."""
DEFAULTS_KEYS = tuple(key for key in RULE_KEYS if key not in {"name", "when", "enabled", "title", "text", "attributes"})
"""What `[defaults]` can hold."""
OVERRIDABLE_KEYS = (
    "at_least", "at_most", "below", "above", "threshold", "rearm", "cooldown", "severity",
)  # fmt: skip
"""What a product can replace for itself."""
