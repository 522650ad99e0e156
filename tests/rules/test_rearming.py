"""Re-arming: what flaps around a threshold is told once."""

from __future__ import annotations

import pytest

from tests.rules.scenario import Shop, fired, play, reasons, rule

LOW = rule("low_stock", "threshold = 5\nrearm = 10")


def test_a_stock_that_flaps_around_the_threshold_fires_once() -> None:
    """4, 5, 4, 6, 4: one alert, and the reason says at which stock it is armed again."""
    shop = Shop().stocks(12, 4, 5, 4, 6, 4)
    assert fired(LOW, shop) == [2]
    assert reasons(LOW, shop)[3] == "stock went from 5 to 4; armed again only at 10"


def test_after_a_recovery_it_fires_again() -> None:
    """Back at 10 it is armed: the next time below 5 is news."""
    assert fired(LOW, Shop().stocks(12, 4, 9, 4, 10, 4)) == [2, 6]


def test_the_recovery_may_take_several_steps() -> None:
    """It is armed by reaching 10, and stays so on the way down."""
    assert fired(LOW, Shop().stocks(12, 4, 7, 11, 8, 6, 4)) == [2, 7]


def test_without_rearm_each_crossing_fires() -> None:
    """The default is the threshold itself: old ≥ 5 > new."""
    assert fired(rule("low_stock", "threshold = 5"), Shop().stocks(12, 4, 5, 4, 3)) == [2, 4]


def test_a_price_that_flaps_around_its_target_fires_once() -> None:
    """`rearm` on `below`: armed again at 22, not by each crossing."""
    text = rule("price_drop", 'below = "20"\nrearm = "22"')
    shop = Shop().prices(25, 19, 21, 19, 22, 19)
    assert fired(text, shop) == [2, 6]
    assert reasons(text, shop)[3] == "dropped 9.5% from 21, armed again only at 22"


@pytest.mark.parametrize(
    ("more", "alerts"), [("", [2, 4, 6, 8]), ("\nrearm = 22", [2, 6, 8]), ("\nrearm = 30", [2, 8])]
)
def test_the_further_off_it_is_armed_again_the_fewer_alerts(more: str, alerts: list[int]) -> None:
    """One history of prices, and three rules that differ in `rearm` alone."""
    assert fired(rule("price_drop", f"below = 20{more}"), Shop().prices(25, 19, 21, 19, 22, 18, 30, 19)) == alerts


def test_a_price_upward_is_armed_again_further_down() -> None:
    """The mirror: above 20, armed again at 18."""
    assert fired(rule("price_rise", 'above = "20"\nrearm = "18"'), Shop().prices(15, 21, 19, 21, 18, 21)) == [2, 6]


def test_a_crossing_that_the_rule_does_not_want_leaves_it_armed() -> None:
    """What `where` keeps out has alerted nobody, so the next crossing still does."""
    text = rule("low_stock", "threshold = 5\nrearm = 10\nwhere = { active = true }")
    shop = Shop().put(stock=12, active=False).put(stock=4).put(stock=6, active=True).put(stock=4)
    assert fired(text, shop) == [4]


def test_each_product_is_armed_by_itself() -> None:
    """The mug being low says nothing of the lamp."""
    shop = Shop().stocks(12, 4, product="mug").stocks(12, 4, product="lamp")
    assert fired(LOW, shop) == [2, 4]


def test_a_removed_product_comes_back_armed() -> None:
    """A product that is deleted is forgotten; one of the same id is a new product."""
    shop = Shop().stocks(12, 4).remove()
    shop.stocks(12, 4)
    assert [alert.sequence_number for alert in play(LOW, shop)] == [
        shop.records[number - 1]["dynamodb"]["SequenceNumber"] for number in (2, 5)
    ]
