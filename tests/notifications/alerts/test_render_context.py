"""What titles and texts can say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notifications.alerts.composing import RenderContext, held_back_text
from notifications.config.rule_keys import KEYS_BY_WHEN
from notifications.rules.memory import Memory
from notifications.text.formatting import Template
from notifications.text.wording import DEFAULT_TEXTS, DEFAULT_TITLES, PLACEHOLDERS
from tests.builders import (
    added,
    fired,
    modified,
    one_rule,
    priced,
    raw,
    removed,
    rules,
    stocked,
)

PRODUCT = 'id = "productId"\ncurrency = { value = "USD" }\nlink = "https://shop.example/p/{productId}"'


def said(template: str, entry: dict[str, Any], when: str, more: str = "", product: str = PRODUCT) -> str:
    """Fill a template for a record that makes a rule fire."""
    loaded = one_rule(when, more, product)
    (evaluation,) = fired(loaded, entry)
    evaluation.rule = replace(evaluation.rule, text=Template(template))
    return RenderContext(evaluation, loaded.product).text()


def test_every_kind_has_a_default_title_and_text() -> None:
    """A rule of two lines still says something."""
    assert set(DEFAULT_TITLES) == set(DEFAULT_TEXTS) == set(KEYS_BY_WHEN)


def test_every_placeholder_can_be_used_by_every_kind() -> None:
    """A value that an alert has not reads n/a, and never fails."""
    template = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    examples = {
        "added": added(),
        "removed": removed(),
        "changed": modified({}, {"a": 1}),
        "price_drop": priced(2, 1),
        "price_rise": priced(1, 2),
        "out_of_stock": stocked(1, 0),
        "back_in_stock": stocked(0, 1),
        "low_stock": stocked(5, 4),
    }
    for when, entry in examples.items():
        assert "prod-1" in said(template, entry, when, "threshold = 5" if when == "low_stock" else "", product="")


def test_a_role_is_found_where_the_product_table_says() -> None:
    """{new.price} is the price, wherever the table keeps it."""
    entry = modified({"offers": [{"amount": 20}]}, {"offers": [{"amount": 18}]})
    product = 'price = "offers[0].amount"'
    assert said("{price} {new.price} {old.price}", entry, "price_drop", product=product) == "18 18 20"


def test_many_changes_are_counted() -> None:
    """A title names the first five and says how many more there are."""
    old = {f"a{number}": 1 for number in range(8)}
    new = {f"a{number}": 2 for number in range(8)}
    text = said("{changes}", modified(old, new), "changed")
    assert text == "a0 1 → 2, a1 1 → 2, a2 1 → 2, a3 1 → 2, a4 1 → 2, and 3 more"


def test_what_came_and_went_reads_none() -> None:
    """An attribute that was not there before, or is not any more."""
    assert said("{changes}", modified({"a": 1}, {"b": "x"}), "changed") == "a 1 → none, b none → x"


def test_a_link_needs_what_it_is_made_of() -> None:
    """No link rather than one that leads nowhere."""
    loaded = one_rule("added", product='link = "https://shop.example/{category}"\nmessage_attributes = ["category"]')
    for entry, expected in ((added(category="a b"), "https://shop.example/a%20b"), (added(), None)):
        (evaluation,) = fired(loaded, entry)
        assert RenderContext(evaluation, loaded.product).link() == expected


def test_what_was_held_back_is_said() -> None:
    """One or many, with the latest."""
    assert held_back_text(Memory()) == ""
    assert held_back_text(Memory(held=1, held_title="T")) == "1 change before this was held back, the latest: T"
    assert held_back_text(Memory(held=3, held_title="T")) == "3 changes before this were held back, the latest: T"


# What an alert calls a product


def value(name: str, entry: dict[str, Any], text: str = "") -> str | None:
    """Give what an alert about a record calls by a name."""
    loaded = rules(f'[product]\n{text}\n[[rules]]\nname = "a"\nwhen = "added"\n[[rules]]\nname = "r"\nwhen = "removed"')
    (evaluation,) = fired(loaded, entry)
    return RenderContext(evaluation, loaded.product)[name]


def test_the_name_falls_back_to_the_id() -> None:
    """A table without names still makes titles that people understand."""
    assert value("name", added(name="Mouse")) == "Mouse"
    for nameless in (added(), added(name=None), added(name="")):
        assert value("name", nameless) == "prod-1"
    assert value("name", added(sku="S-5"), 'id = "sku"') == "S-5"


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "OLD_IMAGE"])
def test_without_an_image_the_key_is_the_name(view_type: str) -> None:
    """Whatever the stream sends, the product has a name."""
    assert value("name", raw("INSERT", view_type=view_type)) == "prod-1"


def test_name_and_id_stand_together_once() -> None:
    """A product called by its id is not called twice."""
    assert value("product", added(name="Mouse")) == "Mouse (prod-1)"
    assert value("product", added()) == "prod-1"


def test_a_currency_is_fixed_or_an_attribute() -> None:
    """One for the table, one an item, or none."""
    assert value("currency", added(currency="EUR"), 'currency = { value = "USD" }') == "USD"
    assert value("currency", added(currency="EUR"), 'currency = "currency"') == "EUR"
    assert value("currency", added(), 'currency = "currency"') == ""
    assert value("currency", added(currency="EUR")) == ""
