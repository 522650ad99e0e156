"""What docs/rules.md says of memory, read naively: crossings, mutes, first sight, values that come back, removals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import rules
from tests.rules.scenario import HOUR, MINUTE, Shop, fired, play, reasons, rule
from tests.service import Service

EXCEPTIONS = '[product]\noverrides = "alertRules"\n'
BASELINES = ['"previous"', '"last_alert"', '{ attribute = "listPrice" }']


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("list_price", [1, 50, None])
def test_a_target_is_crossed_from_the_price_before(baseline: str, list_price: int | None) -> None:
    """25 → 18 alerts, 18 → 25 is quiet, 25 → 19 alerts again, whatever the baseline is."""
    text = rule("price_drop", f'below = "20"\nbaseline = {baseline}')
    shop = Shop().put(price=25, listPrice=list_price).put(price=18).put(price=25).put(price=19).put(price=17)
    assert fired(text, shop) == [2, 4]
    assert reasons(text, shop)[4].endswith("does not cross 20")


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_product_first_seen_below_its_target_alerts_when_it_crosses_it(baseline: str) -> None:
    """First seen at 15, then 100, then 19."""
    text = rule("price_drop", f'below = "20"\nbaseline = {baseline}')
    (alert,) = play(text, Shop().prices(15, 100, 19))
    assert alert.data["text"] == "The price of mug dropped by 81.0%, from 100 to 19."


def test_a_target_upward_is_crossed_from_the_price_before() -> None:
    """The mirror."""
    assert fired(rule("price_rise", 'above = "20"\nbaseline = "last_alert"'), Shop().prices(15, 25, 15, 22)) == [2, 4]


def test_a_margin_beside_a_target_counts_from_the_baseline() -> None:
    """All that a rule asks for has to hold: the crossing from the price before, the margin from the last alert."""
    text = rule("price_drop", 'below = "20"\nat_least = "10%"\nbaseline = "last_alert"')
    shop = Shop().prices(25, 18, 25, 17, 25, 16)
    assert fired(text, shop) == [2, 6]
    assert reasons(text, shop)[3] == "dropped 5.6% from 18, needs 10%"


def test_a_refill_while_muted_arms_again() -> None:
    """The mute holds back what would be said; the stock was at 12 all the same."""
    text = EXCEPTIONS + rule("low_stock", "threshold = 5\nrearm = 10")
    shop = Shop().put(stock=12).put(stock=4).put(stock=12, alertRules={"r": "mute"})
    shop.put(stock=11, alertRules=None).put(stock=4)
    assert fired(text, shop) == [2, 5]


def test_a_price_seen_while_muted_is_remembered() -> None:
    """10 was the lowest, muted or not."""
    text = EXCEPTIONS + rule("price_drop", "all_time_low = true")
    shop = Shop().put(price=20).put(price=10, alertRules={"r": "mute"}).put(price=30).put(price=15, alertRules=None)
    shop.put(price=9)
    assert fired(text, shop) == [5]
    assert reasons(text, shop)[1] == "muted for this product"


def test_a_mute_is_not_an_alert() -> None:
    """Nobody was told of 50: it is not the last alerted price, and no cool-down began."""
    text = EXCEPTIONS + rule("price_drop", 'at_least = "10%"\nbaseline = "last_alert"\ncooldown = "1h"')
    shop = Shop().put(price=100).put(price=50, alertRules={"r": "mute"}).put(price=45, alertRules=None)
    (alert,) = play(text, shop)
    assert alert.data["baseline"] == "100"
    assert "heldBack" not in alert.data


def test_a_refill_during_a_cool_down_arms_again() -> None:
    """4, back to 12 within the hour, and 4 again after it."""
    text = rule("low_stock", 'threshold = 5\nrearm = 10\ncooldown = "1h"')
    shop = Shop().put(stock=12).put(stock=4).put(after=MINUTE, stock=12).put(after=2 * HOUR, stock=4)
    assert fired(text, shop) == [2, 4]


@pytest.mark.parametrize(
    ("when", "more", "attribute", "values"),
    [
        ("price_drop", "below = 20", "price", (15, None, 16)),
        ("price_rise", "above = 20", "price", (25, None, 24)),
        ("low_stock", "threshold = 5", "stock", (3, None, 2)),
        ("out_of_stock", "", "stock", (0, None, 0)),
    ],
)
def test_a_value_that_comes_back_is_not_at_first_sight(
    when: str, more: str, attribute: str, values: tuple[Any, ...]
) -> None:
    """The first value fires, its return does not: nothing was crossed since."""
    shop = Shop()
    for value in values:
        shop.put(**dict[str, Any]({attribute: value}))
    assert fired(rule(when, f"{more}\nfirst_sight = true"), shop) == [1]


@pytest.mark.parametrize(
    ("when", "more", "attribute", "values", "reason"),
    [
        ("price_drop", "below = 20", "price", (25, None, 15), "dropped 40.0% from 25, crosses 20"),
        ("price_rise", "above = 20", "price", (15, None, 25), "rose 66.7% from 15, crosses 20"),
        ("low_stock", "threshold = 5", "stock", (8, None, 2), "stock went from 8 to 2, the threshold is 5"),
        ("out_of_stock", "", "stock", (8, None, 0), "stock went from 8 to 0"),
    ],
)
def test_a_value_that_comes_back_is_compared_with_the_last_one_known(
    when: str, more: str, attribute: str, values: tuple[Any, ...], reason: str
) -> None:
    """Away at 25 and back at 15, it crossed 20 meanwhile."""
    text = rule(when, f"{more}\nfirst_sight = true")
    shop = Shop()
    for value in values:
        shop.put(**dict[str, Any]({"name": "Mug", attribute: value}))
    assert fired(text, shop) == [3]
    assert reasons(text, shop)[2] == reason


@pytest.mark.parametrize("more", ["all_time_low = true", 'baseline = "last_alert"'])
def test_a_gap_hides_no_price(more: str) -> None:
    """10 → none → 15 → 12 is neither an all-time low nor a drop from 10; 9 is both."""
    text = rule("price_drop", more)
    assert fired(text, Shop().prices(10, None, 15, 12, 9)) == [5]
    assert fired(text, Shop().put(name="Mug").prices(10, None, 15, 12, 9)) == [6]


def test_a_return_obeys_rearm_and_the_lowest_price() -> None:
    """It fired at 15 and waits for 22; and 14 was lower."""
    rearmed = rule("price_drop", "below = 20\nrearm = 22\nfirst_sight = true")
    assert fired(rearmed, Shop().prices(15, 21, None, 14, 22, None, 14)) == [1, 7]
    lowest = rule("price_drop", "below = 20\nall_time_low = true\nfirst_sight = true")
    assert fired(lowest, Shop().prices(14, 30, None, 15, 30, None, 13)) == [1, 7]


def test_a_price_that_comes_back_in_another_currency_is_not_compared() -> None:
    """25 USD and 15 EUR cross nothing."""
    text = '[product]\ncurrency = "currency"\n' + rule("price_drop", "below = 20\nfirst_sight = true")
    shop = Shop().put(price=25, currency="USD").put(price=None, currency=None).put(price=15, currency="EUR")
    shop.put(price=25).put(price=None, currency=None).put(price=15, currency="EUR")
    assert fired(text, shop) == [6]
    assert reasons(text, shop)[2] == "currency changed, so the prices cannot be compared"


def test_first_sight_asks_the_ledger_only_where_a_value_comes_or_goes() -> None:
    """A price that moves and crosses nothing costs no call."""
    service = Service(rules(rule("price_drop", "below = 20\nfirst_sight = true")))
    service.handle(*Shop().prices(25, 24, 23, 30).records)
    assert service.ledger.calls == 0


def test_a_removal_forgets_the_cool_down_of_the_rule_that_it_fires() -> None:
    """Added again and removed again within the hour, it is another product that is gone."""
    text = rule("removed", 'cooldown = "1h"')
    shop = Shop().put(price=1).remove(after=MINUTE).put(after=2 * MINUTE, price=1).remove(after=3 * MINUTE)
    assert fired(text, shop) == [2, 4]


def test_a_removal_forgets_the_cool_down_of_an_exception_that_is_gone() -> None:
    """The product asked for a day of silence, withdrew it, and was removed: the next one of its id is new."""
    text = EXCEPTIONS + rule("price_drop")
    day = {"r": {"cooldown": "1d"}}
    shop = Shop().put(price=100, alertRules=day).put(price=80).put(alertRules=None).remove(after=MINUTE)
    shop.put(after=2 * MINUTE, price=100, alertRules=day).put(after=3 * MINUTE, price=80)
    assert fired(text, shop) == [2, 6]
