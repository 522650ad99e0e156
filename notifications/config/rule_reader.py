"""One `[[rules]]` entry of alerts.toml, turned into a rule."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from notifications.config.fields import template
from notifications.config.rule_keys import COMMON_KEYS, KEYS_BY_WHEN, NEEDS_TARGET, RULE_KEYS, TARGETS
from notifications.config.toml_table import TomlTable
from notifications.rules.conditions import Added, Changed, Condition, Removed
from notifications.rules.never_fires import contradictions
from notifications.rules.prices import PriceMoved
from notifications.rules.product import Product
from notifications.rules.rule import Rule
from notifications.rules.stocks import StockMoved
from notifications.rules.where import WhereClause
from notifications.stream.attributes import Path
from notifications.text.formatting import Template, decimal_text
from notifications.text.wording import DEFAULT_TEXTS, DEFAULT_TITLES, RECORD_TEXTS, RECORD_TITLES, known_names


def read_rule(table: TomlTable, name: str, product: Product) -> Rule | None:
    """Read one rule called `name`; mistakes are reported to the table. Return None if not even its `when` is known."""
    when = table.get(RULE_KEYS["when"]) or ""
    if when:
        table.check_keys(COMMON_KEYS + KEYS_BY_WHEN[when], _belongs_to(when))
    else:  # any key may be right; the values can still be checked
        table.check_keys(RULE_KEYS)
    where: tuple[WhereClause, ...] = table.get(RULE_KEYS["where"]) or ()
    watched: tuple[Path, ...] = table.get(RULE_KEYS["attributes"]) or ()
    known = known_names(
        (
            *product.roles.values(),
            *product.message_attributes,
            *watched,
            *(path for each in where for path in each.paths),
        )
    )
    condition = _condition(when, table, product, watched)
    is_record = isinstance(condition, PriceMoved) and condition.all_time
    title, text = (RECORD_TITLES, RECORD_TEXTS) if is_record else (DEFAULT_TITLES, DEFAULT_TEXTS)
    as_template = partial(template, known=known)
    rule = Rule(
        name=name,
        when=when,
        condition=condition,
        severity=table.get(RULE_KEYS["severity"]),
        title=table.read("title", as_template, Template(title.get(when, ""))),
        text=table.read("text", as_template, Template(text.get(when, ""))),
        where=where,
        cooldown=table.get(RULE_KEYS["cooldown"]) or 0.0,
        max_per_hour=table.get(RULE_KEYS["max_per_hour"]),
    )
    if not when:
        return None
    for key, message in contradictions(rule):
        table.problem(key, message, table.content.get(key))
    return rule


def _condition(when: str, table: TomlTable, product: Product, watched: tuple[Path, ...]) -> Condition:
    if when == "added":
        return Added()
    if when == "removed":
        return Removed(table.get(RULE_KEYS["expired"]))
    if when == "changed":
        return Changed(watched or None)
    if when in TARGETS:
        return _price(when, table, product)
    if when:
        return _stock(when, table, product)
    for key in RULE_KEYS.values():
        if key.of and key.name != "attributes":  # those are read already
            table.get(key)
    return Added()


def _price(when: str, table: TomlTable, product: Product) -> PriceMoved:
    down = when == "price_drop"
    target_key = TARGETS[when]
    target = table.get(RULE_KEYS[target_key])
    rearm = table.get(RULE_KEYS["rearm"])
    if target_key not in table:
        for key in NEEDS_TARGET:
            if key in table:
                table.problem(
                    key,
                    f"needs {target_key}: it has no meaning without a target price; "
                    f"write {target_key} = 20, say, or leave {key} out",
                )
    elif target is not None and rearm is not None and (rearm < target if down else rearm > target):
        limit = "at least" if down else "at most"
        table.problem(
            "rearm",
            f"expected {limit} the value of {target_key}, the price at which the rule fires; "
            f"write rearm = {decimal_text(target)} or {'more' if down else 'less'}",
            rearm,
        )
    all_time: bool | Path = table.get(RULE_KEYS["all_time_low" if down else "all_time_high"])
    return PriceMoved(
        price=product.price,
        form=product.price_form,
        fixed_currency=product.currency if isinstance(product.currency, str) else None,
        currency=product.currency_path,
        direction=-1 if down else 1,
        at_least=table.get(RULE_KEYS["at_least"]),
        at_most=table.get(RULE_KEYS["at_most"]),
        target=target,
        rearm=rearm,
        all_time=bool(all_time),
        record=all_time if isinstance(all_time, Path) else None,
        baseline=table.get(RULE_KEYS["baseline"]),
        first_sight=table.get(RULE_KEYS["first_sight"]),
    )


def _stock(when: str, table: TomlTable, product: Product) -> StockMoved:
    threshold: Decimal = table.get(RULE_KEYS["threshold"]) or Decimal(0)
    rearm: Decimal | None = table.get(RULE_KEYS["rearm"])
    if when == "low_stock":
        if "threshold" not in table:
            table.problem("threshold", RULE_KEYS["threshold"].missing)
        elif rearm is not None and rearm < threshold:
            table.problem(
                "rearm",
                "expected at least the threshold: it is the stock to come back to; "
                f"write rearm = {decimal_text(threshold)} or more",
                rearm,
            )
    first_sight = table.get(RULE_KEYS["first_sight"])
    includes_zero = table.get(RULE_KEYS["includes_zero"])
    rearm = None if rearm == threshold else rearm
    return StockMoved(product.stock, when, threshold, rearm, first_sight, includes_zero)


def _belongs_to(when: str) -> dict[str, str]:
    """Say of each key that another `when` has to which ones it belongs."""
    keys = (key for key in RULE_KEYS.values() if key.of)
    return {key.name: f"{key.name} belongs to {' and '.join(key.of)}, not to {when}" for key in keys}
