"""The `[product]` table of alerts.toml: its keys, as `rule_keys` has those of a rule, and its reader."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from notifications.common import sns_limits
from notifications.config.fields import Key, MistakeError, OneOf, by_name, path, paths, template, text
from notifications.config.toml_table import TomlTable
from notifications.rules.price_form import CENTS, MAJOR, MINOR, NUMBER, PLAIN, TEXT, PriceForm
from notifications.rules.product import Product
from notifications.stream.attributes import Path
from notifications.text.wording import ROLES

FIXED_MESSAGE_ATTRIBUTES = ("type", "rule", "severity", "productId")
MOST_MESSAGE_ATTRIBUTES = sns_limits.MOST_ATTRIBUTES - len(FIXED_MESSAGE_ATTRIBUTES)
CURRENCY_CODES = frozenset({
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "INR",
    "JPY", "KRW", "MXN", "NOK", "NZD", "PLN", "SEK", "SGD", "TRY", "USD", "ZAR",
})  # fmt: skip
"""Much-traded currencies of ISO 4217: as the name of an attribute, such a code is a mistake for { value = ... }.

Other words of three capital letters stay possible: an attribute may well be called CCY.
"""


PRICE_UNIT = OneOf({
    MAJOR: "whole units, 39.90 for 39.90 USD",
    CENTS: "hundredths, 3990 for 39.90 USD",
    MINOR: "the smallest unit of the currency by ISO 4217, 3990 for 39.90 USD and for 3990 JPY",
})  # fmt: skip
PRICE_TYPE = OneOf({NUMBER: "numbers", TEXT: 'texts such as "39.90"; numbers too'})


def currency(value: Any) -> Path | str:
    """Read the attribute with the currency's code, or the one code of the whole table."""
    if isinstance(value, dict):
        if set(value) != {"value"}:
            raise MistakeError('expected { value = "USD" }, or the name of an attribute')
        return text(value["value"])
    if isinstance(value, str) and value in CURRENCY_CODES:
        raise MistakeError(f'expected the name of an attribute; for one currency write {{ value = "{value}" }}')
    return path(value)


def message_attributes(value: Any) -> tuple[Path, ...]:
    """Read the attributes that travel as message attributes of SNS."""
    found = paths(value)
    fixed = ", ".join(FIXED_MESSAGE_ATTRIBUTES)
    if len(found) > MOST_MESSAGE_ATTRIBUTES:
        raise MistakeError(
            f"expected at most {MOST_MESSAGE_ATTRIBUTES}: SNS passes ten on to a queue, and {fixed} are always there"
        )
    for each in found:
        if not sns_limits.ATTRIBUTE_NAME.fullmatch(each.text) or each.text in FIXED_MESSAGE_ATTRIBUTES:
            raise MistakeError(
                f"{each.text!r} cannot be the name of a message attribute: "
                f"expected only letters, digits, _ - and ., and none of {fixed}"
            )
    return found


PRODUCT_KEYS = by_name(
    Key("id", path, "the attribute that names the product in the alert's subject", unset="the table's own key"),
    Key("name", path, "the attribute with the name for people", default="name"),
    Key("price", path, "the attribute that price_drop and price_rise watch", default="price"),
    Key("price_unit", PRICE_UNIT, "the unit that prices are kept in", default=MAJOR),
    Key("price_type", PRICE_TYPE, "the type that prices are kept as", default=NUMBER),
    Key("currency", currency, "the attribute with the currency's code, or one code for the whole table",
        unset="no currency"),
    Key("stock", path, "the attribute that out_of_stock, back_in_stock and low_stock watch", default="stock"),
    Key("link", template, "the product's page, with values quoted for a URL", unset="no link"),
    Key("image", path, "the attribute with the https address of a picture, for mails and chats", unset="no picture"),
    Key("message_attributes", message_attributes, "attributes that subscribers can filter by", unset="only "
        + ", ".join(FIXED_MESSAGE_ATTRIBUTES)),
    Key("overrides", path, "the attribute in which a product carries exceptions from the rules",
        unset="no exceptions"),
)  # fmt: skip


def _price_form(table: TomlTable) -> PriceForm:
    form = PriceForm(table.get(PRODUCT_KEYS["price_unit"]), table.get(PRODUCT_KEYS["price_type"]))
    return PLAIN if form == PLAIN else form


def read_product(table: TomlTable) -> Product:
    """Read the table; mistakes are reported to it."""
    table.check_keys(PRODUCT_KEYS)
    plain = Product(
        id=table.get(PRODUCT_KEYS["id"]),
        name=table.get(PRODUCT_KEYS["name"]),
        price=table.get(PRODUCT_KEYS["price"]),
        price_form=_price_form(table),
        stock=table.get(PRODUCT_KEYS["stock"]),
        currency=table.get(PRODUCT_KEYS["currency"]),
        image=table.get(PRODUCT_KEYS["image"]),
        message_attributes=table.get(PRODUCT_KEYS["message_attributes"]) or (),
        overrides=table.get(PRODUCT_KEYS["overrides"]),
    )
    names = (*ROLES, *(path.text for path in (*plain.roles.values(), *plain.message_attributes)))
    return replace(plain, link=table.read("link", partial(template, known=names), None))
