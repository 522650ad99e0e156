"""Thresholds: percent and amount, upper bounds, targets, exactness, zero, other currencies, missing values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import ROOT
from tests.rules.scenario import Shop, fired, play, reasons, rule, titles


def test_ten_percent_is_counted_to_the_cent() -> None:
    """In floats 0.7 - 0.07 would fall short of a tenth; in decimals exactly 10% is 10%."""
    drop = rule("price_drop", 'at_least = "10%"')
    assert fired(drop, Shop().prices("0.70", "0.63")) == [2]
    assert fired(drop, Shop().prices("0.70", "0.6300000001")) == []


def test_an_amount_is_counted_to_the_cent() -> None:
    """4.35 - 4.25 is 0.10; in floats it is 0.09999999999999964."""
    assert fired(rule("price_drop", 'at_least = "0.10"'), Shop().prices("4.35", "4.25")) == [2]


def test_a_price_of_38_digits_counts_to_the_last() -> None:
    """One unit in the 38th digit is a drop, is alerted, and is said in full."""
    price = "1234567890123456789012345678901234.5678"
    lower = "1234567890123456789012345678901234.5677"
    (alert,) = play(rule("price_drop", 'at_least = "0.0001"\ntitle = "{delta}"'), Shop().prices(price, lower))
    assert alert.title == "0.0001"
    assert alert.data["baseline"] == price
    assert alert.data["changes"] == [{"attribute": "price", "old": price, "new": lower}]


def test_a_drop_too_good_to_be_true_is_held_for_a_mistake() -> None:
    """`at_most` leaves out a price that fell from 100 to 1, and the next honest drop counts from there."""
    bounded = rule("price_drop", 'at_least = "10%"\nat_most = "50%"')
    shop = Shop().prices(100, 1, 100, 50, "24.99")
    assert fired(bounded, shop) == [4]
    assert reasons(bounded, shop)[1] == "dropped 99.0% from 100, more than the 50% allowed"
    assert reasons(bounded, shop)[4] == "dropped 50.0% from 50, more than the 50% allowed"


def test_a_target_fires_each_time_that_it_is_crossed() -> None:
    """Down through 20, on down, up again, down through 20 again: two alerts."""
    below = rule("price_drop", 'below = "20"')
    shop = Shop().prices(25, 19, 18, 22, 20, "19.99")
    assert fired(below, shop) == [2, 6]
    assert reasons(below, shop)[2] == "dropped 5.3% from 19, does not cross 20"


def test_a_target_upward_fires_each_time_that_it_is_crossed() -> None:
    """`above` is the mirror of `below`."""
    assert fired(rule("price_rise", 'above = "20"'), Shop().prices(15, 21, 22, 18, 20, "20.01")) == [2, 6]


def test_a_product_at_zero_can_rise_by_any_percentage() -> None:
    """A percentage of zero is zero: any rise reaches it, nothing is divided, and the text names the amount."""
    (alert,) = play(rule("price_rise", 'at_least = "1000%"'), Shop().prices(0, "0.01"))
    assert alert.data["text"] == "The price of mug rose by 0.01, from 0 to 0.01."


def test_a_price_that_falls_to_zero_fell_by_all_of_it() -> None:
    """Zero is a price like any other."""
    assert fired(rule("price_drop", 'at_least = "100%"'), Shop().prices(5, 0)) == [2]


def test_prices_in_two_currencies_are_not_compared() -> None:
    """From 30 USD to 20 EUR is not a drop; the next change within EUR is compared again."""
    text = '[product]\ncurrency = "currency"\n' + rule("price_drop", 'at_least = "10%"')
    shop = Shop().put(price=30, currency="USD").put(price=20, currency="EUR").put(price=15)
    assert fired(text, shop) == [3]
    assert reasons(text, shop)[1] == "currency changed, so the prices cannot be compared"
    assert titles(text, shop) == ["mug: 15.00 EUR, was 20.00"]


@pytest.mark.parametrize("when", ["price_drop", "price_rise", "out_of_stock", "back_in_stock", "low_stock"])
@pytest.mark.parametrize(("gap", "is_what"), [(None, "absent"), ("on request", "not a number")], ids=["absent", "text"])
def test_a_missing_value_on_either_side_is_neither_an_alert_nor_an_error(when: str, gap: object, is_what: str) -> None:
    """A price or stock that goes, comes, or is a text fires nothing; the reason says which side, and what it is."""
    text = rule(when, "threshold = 5" if when == "low_stock" else "")
    attribute = "price" if when.startswith("price") else "stock"
    shop = Shop()
    for value in (10, gap, 0):
        given: dict[str, Any] = {attribute: value}
        shop.put(**given)
    assert play(text, shop) == []
    assert reasons(text, shop)[1:] == [f"the new {attribute} is {is_what}", f"the old {attribute} is {is_what}"]


def test_an_item_of_a_list_can_be_the_price() -> None:
    """`offers[0].price` is a path like any other: the first offer counts, the second does not."""
    text = '[product]\nprice = "offers[0].price"\n' + rule("price_drop")
    shop = Shop().put(offers=[{"price": 10}, {"price": 10}])
    shop.put(offers=[{"price": 10}, {"price": 5}]).put(offers=[{"price": 9}, {"price": 5}])
    assert fired(text, shop) == [3]


def test_all_time_low_is_not_fooled_by_a_spike() -> None:
    """After 20, 15, a spike to 40 and back to 16, only a price under 15 is a record."""
    text = rule("price_drop", "all_time_low = true")
    shop = Shop().prices(20, 15, 40, 16, "14.99")
    assert fired(text, shop) == [2, 5]
    assert reasons(text, shop)[3] == "dropped 60.0% from 40, the lowest so far is 15"
    assert fired(text, Shop().prices(10, 8, 20, 9, 8, 7, "7.5", 6)) == [2, 6, 8]


def test_all_time_high_is_not_fooled_by_a_dip() -> None:
    """The mirror of the all-time low."""
    assert fired(rule("price_rise", "all_time_high = true"), Shop().prices(20, 25, 5, 24, 26)) == [2, 5]


def test_an_equal_price_is_not_a_record() -> None:
    """To reach the lowest price again is not to beat it."""
    assert fired(rule("price_drop", "all_time_low = true"), Shop().prices(20, 15, 20, 15)) == [2]
    assert fired(rule("price_rise", "all_time_high = true"), Shop().prices(20, 25, 5, 25, 26)) == [2, 5]


def test_a_record_is_one_of_its_product() -> None:
    """Each product has a lowest price of its own."""
    shop = Shop().prices(20, 10, product="mug").prices(90, 80, product="lamp")
    assert fired(rule("price_drop", "all_time_low = true"), shop) == [2, 4]


def test_records_in_another_currency_begin_anew() -> None:
    """100 JPY is not the lowest price of a product that cost 9 USD; the lowest of its JPY prices counts."""
    text = '[product]\ncurrency = "currency"\n' + rule("price_drop", "all_time_low = true")
    shop = Shop().put(price=10, currency="USD").put(price=9).put(price=900, currency="JPY").put(price=800)
    assert fired(text, shop) == [2, 4]


@pytest.mark.parametrize(
    ("more", "start", "end", "reason"),
    [
        ("at_least = 5", 60, 57, "dropped 3 from 60, needs 5"),
        ("at_least = 5", 60, 54, "dropped 6 from 60, needs 5"),
        ("at_most = 30", 100, 50, "dropped 50 from 100, more than the 30 allowed"),
        ('at_least = "1%"\nat_most = 30', 100, 50, "dropped 50 from 100, more than the 30 allowed"),
        ('at_least = 1\nat_most = "30%"', 100, 50, "dropped 50.0% from 100, more than the 30% allowed"),
    ],
)
def test_a_margin_in_money_is_answered_in_money(more: str, start: int, end: int, reason: str) -> None:
    """A percentage says nothing to somebody who asked for 5."""
    assert reasons(rule("price_drop", more), Shop().prices(start, end))[1] == reason


BOTH = rule("low_stock", "threshold = 5\nincludes_zero = false", "low") + rule("out_of_stock", "", "out")


def test_selling_the_last_is_said_once() -> None:
    """9 → 0 is sold out, and not low as well; 9 → 4 is low."""
    assert [alert.rule for alert in play(BOTH, Shop().stocks(9, 0, 9, 4))] == ["out", "low"]
    assert [alert.rule for alert in play(BOTH, Shop().stocks(9, -1))] == ["out"]


def test_by_default_a_stock_of_zero_is_low() -> None:
    """Who has that rule alone hears of it, and hears that the product is sold out."""
    (alert,) = play(rule("low_stock", "threshold = 5"), Shop().put(name="Mug").stocks(9, 0))
    assert alert.title == "Mug is sold out"
    assert alert.data["text"] == "Mug (mug) is sold out; before this change the stock was 9."


def test_at_first_sight_zero_counts_as_the_rule_says() -> None:
    """A product that appears with nothing."""
    text = rule("low_stock", "threshold = 5\nfirst_sight = true")
    (alert,) = play(text, Shop().put(name="Mug", stock=0))
    assert (alert.title, alert.data["text"]) == ("Mug is sold out", "Mug (mug) is sold out.")
    assert play(text + "includes_zero = false\n", Shop().put(stock=0)) == []


def test_a_rule_that_leaves_zero_out_stays_armed() -> None:
    """It has told nobody, so the next fall below the threshold is news."""
    text = rule("low_stock", "threshold = 5\nrearm = 10\nincludes_zero = false")
    shop = Shop().stocks(12, 0, 6, 4)
    assert fired(text, shop) == [4]
    assert reasons(text, shop)[1] == "stock went from 12 to 0, and includes_zero is false"


def test_own_words_stay_as_they_are() -> None:
    """Only the default changes at 0."""
    assert titles(rule("low_stock", "threshold = 5\ntitle = '{stock} left'"), Shop().stocks(9, 0)) == ["0 left"]


def test_the_rules_that_ship_say_once_that_a_product_is_sold_out() -> None:
    """They have a rule for it."""
    alerts = play((ROOT / "alerts.toml").read_text("utf-8"), Shop().put(productId="mug").stocks(9, 0))
    assert [alert.rule for alert in alerts if alert.rule != "new-product"] == ["sold-out"]
