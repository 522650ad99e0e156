"""First sight: a product that appears already beyond its target fires by choice, not by accident."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.scenario import MINUTE, Shop, fired, play, reasons, rule, titles

KINDS = [
    ("price_drop", 'below = "20"', "price", 15, 25),
    ("price_rise", 'above = "20"', "price", 25, 15),
    ("low_stock", "threshold = 5", "stock", 3, 5),
    ("out_of_stock", "", "stock", 0, 1),
    ("price_drop", 'below = "20"', "price", 19, 20),
    ("price_rise", 'above = "20"', "price", 21, 20),
    ("low_stock", "threshold = 5", "stock", 4, 6),
]


@pytest.mark.parametrize(("when", "more", "attribute", "beyond", "_"), KINDS)
def test_by_default_a_product_that_appears_beyond_its_target_does_not_fire(
    when: str, more: str, attribute: str, beyond: int, _: int
) -> None:
    """Nothing was crossed."""
    given: dict[str, Any] = {attribute: beyond}
    assert fired(rule(when, more), Shop().put(**given)) == []


@pytest.mark.parametrize(("when", "more", "attribute", "beyond", "_"), KINDS)
def test_with_first_sight_it_fires(when: str, more: str, attribute: str, beyond: int, _: int) -> None:
    """The key says that its being there is news enough."""
    text = rule(when, f"{more}\nfirst_sight = true")
    given: dict[str, Any] = {attribute: beyond}
    shop = Shop().put(**given)
    assert fired(text, shop) == [1]
    assert reasons(text, shop)[0].startswith(f"{attribute} is {beyond} at first sight")


@pytest.mark.parametrize(("when", "more", "attribute", "_", "short"), KINDS)
def test_with_first_sight_a_product_on_the_right_side_does_not_fire(
    when: str, more: str, attribute: str, _: int, short: int
) -> None:
    """It has to be beyond the target."""
    given: dict[str, Any] = {attribute: short}
    assert fired(rule(when, f"{more}\nfirst_sight = true"), Shop().put(**given)) == []


@pytest.mark.parametrize(("when", "more", "attribute", "beyond", "_"), KINDS)
def test_a_product_that_is_added_again_without_its_removal_was_seen_before(
    when: str, more: str, attribute: str, beyond: int, _: int
) -> None:
    """The record of the removal may be lost; what the rule remembers of the product is not."""
    given: dict[str, Any] = {attribute: beyond}
    shop = Shop().put(**given).remove(after=MINUTE).put(after=2 * MINUTE, **given)
    del shop.records[1]
    assert fired(rule(when, f"{more}\nfirst_sight = true"), shop) == [1]


def test_a_price_that_a_product_gets_later_is_seen_for_the_first_time_then() -> None:
    """From no price to a price below the target is a first sight as well."""
    text = rule("price_drop", 'below = "20"\nfirst_sight = true\ntitle = "{name}: {price}, was {old.price}"')
    shop = Shop().put(name="Mug").put(price=15)
    assert fired(text, shop) == [2]
    assert titles(text, shop) == ["Mug: 15, was n/a"]


@pytest.mark.parametrize(
    ("when", "more", "item", "title", "said"),
    [
        ("price_drop", 'below = "20"', {"price": 15}, "Mug: 15.00 USD", "Mug (mug) costs 15.00 USD, below 20.00."),
        ("price_rise", 'above = "20"', {"price": 25}, "Mug: 25.00 USD", "Mug (mug) costs 25.00 USD, above 20.00."),
        ("low_stock", "threshold = 5", {"stock": 3}, "Mug: only 3 left", "Mug (mug) runs low: 3 left, fewer than 5."),
        ("out_of_stock", "", {"stock": 0}, "Mug is out of stock", "Mug (mug) is out of stock."),
    ],
)
def test_at_first_sight_the_default_words_speak_of_nothing_before(
    when: str, more: str, item: dict[str, Any], title: str, said: str
) -> None:
    """There was no old price: no "was n/a", and no percentage of nothing."""
    text = '[product]\ncurrency = { value = "USD" }\n' + rule(when, f"{more}\nfirst_sight = true")
    (alert,) = play(text, Shop().put(name="Mug", **item))
    assert (alert.title, alert.data["text"]) == (title, said)


def test_what_fired_at_first_sight_is_not_armed() -> None:
    """With `rearm` the flapping after it is silent, too."""
    text = rule("low_stock", "threshold = 5\nrearm = 10\nfirst_sight = true")
    assert fired(text, Shop().stocks(3, 6, 4, 10, 4)) == [1, 5]


def test_first_sight_of_a_price_is_not_armed_either() -> None:
    """The same for a target."""
    text = rule("price_drop", 'below = "20"\nrearm = "22"\nfirst_sight = true')
    assert fired(text, Shop().prices(15, 21, 19, 22, 19)) == [1, 5]
