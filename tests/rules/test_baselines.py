"""Baselines: the previous price, the last alerted one, another attribute."""

from __future__ import annotations

from decimal import Decimal

from tests.rules.scenario import Shop, fired, play, reasons, rule, titles

LAST_ALERT = rule("price_drop", 'at_least = "10%"\nbaseline = "last_alert"')


def _two_percent_each(start: str, times: int) -> list[str]:
    prices = [Decimal(start)]
    for _ in range(times):
        prices.append((prices[-1] * Decimal("0.98")).quantize(Decimal("0.0001")))
    return [str(price) for price in prices]


def test_small_drops_add_up_to_one_alert() -> None:
    """Ten drops of 2% fire once, when they have come to 10% of where they began."""
    shop = Shop().prices(*_two_percent_each("100", 10))
    assert fired(LAST_ALERT, shop) == [7]  # six of them make 88.58, the first of them 10% below
    (alert,) = play(LAST_ALERT, shop)
    assert alert.data["baseline"] == "100"
    assert alert.data["text"] == "The price of mug dropped by 11.4%, from 100 to 88.5843."


def test_after_the_alert_small_drops_add_up_anew() -> None:
    """The next drops count from the alerted price."""
    assert fired(LAST_ALERT, Shop().prices(*_two_percent_each("100", 12))) == [7, 13]


def test_small_drops_never_fire_against_the_previous_price() -> None:
    """Without the baseline each drop of 2% stands alone."""
    assert fired(rule("price_drop", 'at_least = "10%"'), Shop().prices(*_two_percent_each("100", 10))) == []


def test_after_an_alert_the_alerted_price_is_the_baseline() -> None:
    """The next alert needs 10% of what the last one said, not of the previous price."""
    shop = Shop().prices(100, 90, 85, "81.01", 81)
    assert fired(LAST_ALERT, shop) == [2, 5]
    assert reasons(LAST_ALERT, shop)[2:4] == ["dropped 5.6% from 90, needs 10%", "dropped 10.0% from 90, needs 10%"]


def test_a_recovery_does_not_move_the_alerted_baseline() -> None:
    """Up to 99 and down to 85 is 5.6% below the alerted 90: nobody hears of it twice."""
    shop = Shop().prices(100, 90, 99, 85)
    assert fired(LAST_ALERT, shop) == [2]
    assert reasons(LAST_ALERT, shop)[2] == "price went from 90 to 99"


def test_the_first_change_seen_sets_the_baseline() -> None:
    """Before any alert it is the price before the first change, whatever direction that change had."""
    shop = Shop().prices(100, 120, 95, "90.01", 90)
    assert fired(LAST_ALERT, shop) == [5]


def test_a_product_first_seen_in_a_change_starts_from_the_price_before_it() -> None:
    """A rule that is younger than the product has not seen it appear."""
    shop = Shop().prices(100, 110, 95, 89)
    del shop.records[0]
    assert fired(LAST_ALERT, shop) == [3]


def test_back_at_the_alerted_price_is_not_a_move() -> None:
    """What was alerted is not alerted again until it is beaten."""
    assert fired(rule("price_drop", 'baseline = "last_alert"'), Shop().prices(100, 90, 95, 90, 89)) == [2, 5]


def test_the_baseline_of_a_removed_product_is_forgotten() -> None:
    """A product of that name that comes back starts anew, though nothing was alerted before it went."""
    text = rule("price_drop", 'at_least = 10\nbaseline = "last_alert"')
    assert fired(text, Shop().prices(100, 95).remove().prices(91, 85)) == []
    assert fired(text, Shop().prices(100, 95, 91, 85)) == [4]


def test_a_target_crossed_again_after_a_recovery_fires_again() -> None:
    """With last_alert, too: 19 was alerted, the price recovered to 25, and 18 is news."""
    text = rule("price_drop", 'below = "20"\nbaseline = "last_alert"')
    assert fired(text, Shop().prices(25, 19, 25, 18)) == [2, 4]


def test_a_crossing_that_where_turned_down_is_over() -> None:
    """Sold out while it crossed, back in stock at 18: nothing is crossed then, whatever the last alert said."""
    text = rule("price_drop", 'below = "20"\nbaseline = "last_alert"\nwhere = { stock = { more_than = 0 } }')
    shop = Shop().put(price=25, stock=0).put(price=19).put(price=18, stock=3)
    assert fired(text, shop) == []


def test_another_attribute_can_be_the_baseline() -> None:
    """25% below the list price fires whatever the previous price was."""
    text = rule("price_drop", 'at_least = "25%"\nbaseline = { attribute = "listPrice" }')
    shop = Shop().put(price=80, listPrice=100).put(price=76).put(price=75)
    assert fired(text, shop) == [3]
    assert titles(text.replace('name = "r"', 'name = "r"\ntitle = "{percent} off {baseline}"'), shop) == [
        "25.0% off 100"
    ]


def test_a_target_is_not_crossed_from_the_baseline() -> None:
    """It is crossed from the price before; a baseline above the new price is what the text speaks of."""
    text = rule(
        "price_drop", 'below = "20"\nbaseline = { attribute = "listPrice" }\ntitle = "{percent} off {baseline}"'
    )
    assert titles(text, Shop().put(price=22, listPrice=25).put(price=19).put(price=18)) == ["24.0% off 25"]
    assert titles(text, Shop().put(price=22, listPrice=17).put(price=18)) == ["18.2% off 22"]


def test_a_product_without_the_baseline_attribute_does_not_fire() -> None:
    """It is not an error either, and the reason says what is missing."""
    text = rule("price_drop", 'baseline = { attribute = "listPrice" }')
    shop = Shop().put(price=80).put(price=40)
    assert fired(text, shop) == []
    assert reasons(text, shop)[1] == "listPrice, the baseline, is absent"
    assert (
        reasons(text, Shop().put(price=80, listPrice="?").put(price=60))[1]
        == "listPrice, the baseline, is not a number"
    )
    assert fired(text, Shop().put(price=80, listPrice=100).put(price=60, listPrice=None)) == []


def test_a_new_currency_begins_a_new_baseline() -> None:
    """The last alerted 90 USD is not a baseline for EUR prices; the first EUR price is."""
    text = '[product]\ncurrency = "currency"\n' + LAST_ALERT
    shop = Shop().put(price=100, currency="USD").put(price=90).put(price=80, currency="EUR").put(price=75).put(price=72)
    assert fired(text, shop) == [2, 5]
