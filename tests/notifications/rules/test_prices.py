"""Rules about prices: at their edges, where off by one hides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.rules.prices import Moved
from tests.builders import image, modified, priced, raw
from tests.notifications.rules.examples import fires, judged


@pytest.mark.parametrize(
    ("old", "new", "margin", "fired"),
    [
        ("100", "90", '"10%"', True),
        ("100", "90.01", '"10%"', False),
        ("100", "89.99", '"10%"', True),
        ("25.99", "23.391", '"10%"', True),
        ("25.99", "23.3911", '"10%"', False),
        ("0.3", "0.2", '"0.1"', True),  # in floats the difference is 0.09999999999999998
        ("0.3", "0.2", "0.1", True),
        ("0.3", "0.2000001", '"0.1"', False),
        ("1.1", "1.0", '"0.10"', True),
        ("10", "5", "5", True),
        ("10", "5.01", "5", False),
        ("10", "9.99", '"0.1%"', True),
        ("10", "0", '"100%"', True),
        ("10", "0.01", '"100%"', False),
        ("10", "-5", '"100%"', True),
    ],
)
def test_at_least_is_inclusive_and_exact(old: str, new: str, margin: str, fired: bool) -> None:
    """A drop of exactly the margin fires, one that is the least bit smaller does not."""
    assert fires("price_drop", priced(old, new), f"at_least = {margin}") is fired


@pytest.mark.parametrize(
    ("old", "new", "fired"), [("100", "110", True), ("100", "109.99", False), ("100", "90", False), ("1", "2", True)]
)
def test_a_rise_is_measured_from_the_old_price(old: str, new: str, fired: bool) -> None:
    """10% up is 10% of what it was."""
    assert fires("price_rise", priced(old, new), 'at_least = "10%"') is fired


@pytest.mark.parametrize("when", ["price_drop", "price_rise"])
def test_a_price_that_stays_is_not_a_move(when: str) -> None:
    """5 and 5.00 are one price."""
    assert not fires(when, priced("5", "5"))
    assert not fires(when, priced("5", "5.00"))


def test_the_directions_do_not_fire_for_each_other() -> None:
    """A drop is not a rise."""
    assert fires("price_drop", priced(2, 1))
    assert not fires("price_rise", priced(2, 1))
    assert fires("price_rise", priced(1, 2))
    assert not fires("price_drop", priced(1, 2))


NINES = "9" * 38


WIDE = "1" + "0" * 36 + "1"  # 38 digits


def test_the_last_of_38_digits_counts() -> None:
    """A price that differs in its 38th digit has moved, by exactly that."""
    one_less = NINES[:-1] + "8"
    judgement = judged("price_drop", priced(NINES, one_less), "at_least = 1")
    assert judgement.fired
    assert judgement.baseline == Decimal(NINES)
    assert not fires("price_drop", priced(NINES, one_less), 'at_least = "1.000000001"')


def test_a_percentage_of_38_digits_is_exact() -> None:
    """What misses the margin in the 38th digit misses it."""
    just_short = "9" + "0" * 35 + "1"  # WIDE less 10^36: one tenth of one short of 10%
    assert not fires("price_drop", priced(WIDE, just_short), 'at_least = "10%"')
    assert fires("price_drop", priced(WIDE, "9" + "0" * 36), 'at_least = "10%"')


def test_the_amount_of_a_move_of_38_digits_is_exact() -> None:
    """What a text says of the difference is the difference."""
    assert Moved(Decimal(WIDE), Decimal(1)).amount == Decimal("1" + "0" * 37)
    assert Moved(Decimal(WIDE), Decimal(0)).amount == Decimal(WIDE)


def test_the_smallest_number_and_the_largest_can_be_compared() -> None:
    """1E-130 and 9.9E+125 stand 255 digits apart, and none is lost."""
    assert fires("price_drop", priced("9.9E+125", "1E-130"), 'at_least = "99%"')
    assert fires("price_rise", priced("1E-130", "2E-130"), 'at_least = "100%"')
    assert not fires("price_rise", priced("1E-130", "1.9E-130"), 'at_least = "100%"')


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.integers(1, 10000))
def test_a_percentage_agrees_with_whole_numbers(old: int, new: int, margin: int) -> None:
    """In hundredths of a percent and cents the margin is a comparison of integers."""
    entry = priced(Decimal(old).scaleb(-2), Decimal(new).scaleb(-2))
    expected = old > new and (old - new) * 10000 >= margin * abs(old)
    assert fires("price_drop", entry, f'at_least = "{Decimal(margin).scaleb(-2)}%"') is expected


def test_from_a_price_of_zero_any_rise_is_enough_of_a_percentage() -> None:
    """A percentage of nothing is nothing, and no division by zero."""
    judgement = judged("price_rise", priced(0, "0.01"), 'at_least = "50%"')
    assert judgement.fired
    assert judgement.reason == "rose 0.01 from 0, needs 50%"


def test_of_a_negative_price_the_percentage_counts_from_its_size() -> None:
    """From -100 to -110 is a drop of 10%."""
    assert fires("price_drop", priced(-100, -110), 'at_least = "10%"')
    assert not fires("price_drop", priced(-100, "-109.99"), 'at_least = "10%"')


@pytest.mark.parametrize(
    ("old", "new", "fired"),
    [("20", "19.99", True), ("20.01", "20", False), ("19.99", "19.98", False), ("25", "15", True), ("19", "21", False)],
)
def test_below_fires_when_the_price_crosses_it(old: str, new: str, fired: bool) -> None:
    """Baseline ≥ target > new: at the target is not below it."""
    assert fires("price_drop", priced(old, new), 'below = "20"') is fired


@pytest.mark.parametrize(
    ("old", "new", "fired"),
    [("20", "20.01", True), ("19.99", "20", False), ("20.01", "20.02", False), ("15", "25", True), ("21", "19", False)],
)
def test_above_fires_when_the_price_crosses_it(old: str, new: str, fired: bool) -> None:
    """Baseline ≤ target < new: at the target is not above it."""
    assert fires("price_rise", priced(old, new), 'above = "20"') is fired


def test_a_margin_and_a_target_both_have_to_be_met() -> None:
    """With at_least and below a drop has to be big enough and to cross."""
    more = 'at_least = "10%"\nbelow = 20'
    assert fires("price_drop", priced(21, 18), more)
    assert not fires("price_drop", priced(21, "19.5"), more)
    assert not fires("price_drop", priced(40, 30), more)


@pytest.mark.parametrize("when", ["price_drop", "price_rise"])
def test_a_price_that_comes_or_goes_fires_nothing(when: str) -> None:
    """From no price to a price is not a move."""
    assert not fires(when, modified({}, {"price": 5}))
    assert not fires(when, modified({"price": 5}, {}))


def test_after_a_change_of_currency_prices_are_not_compared() -> None:
    """From 10 USD to 9 EUR is not a drop."""
    entry = modified({"price": 10, "currency": "USD"}, {"price": 9, "currency": "EUR"})
    judgement = judged("price_drop", entry, product='currency = "currency"')
    assert not judgement.fired
    assert judgement.reason == "currency changed, so the prices cannot be compared"
    same = modified({"price": 10, "currency": "USD"}, {"price": 9, "currency": "USD"})
    assert fires("price_drop", same, product='currency = "currency"')


def test_a_fixed_currency_is_never_a_change() -> None:
    """With one currency for the table, an attribute of that name means nothing."""
    entry = modified({"price": 10, "currency": "USD"}, {"price": 9, "currency": "EUR"})
    assert fires("price_drop", entry, product='currency = { value = "USD" }')


def test_the_price_is_where_the_product_table_says() -> None:
    """A nested price under another name works as any other."""
    old, new = {"offers": [{"price": 10}]}, {"offers": [{"price": 5}]}
    assert fires("price_drop", modified(old, new), product='price = "offers[0].price"')


@pytest.mark.parametrize(
    ("entry", "more", "reason"),
    [
        (priced("25.99", "24.99"), 'at_least = "10%"', "dropped 3.8% from 25.99, needs 10%"),
        (priced("25.99", "24.99"), "at_least = 5", "dropped 1 from 25.99, needs 5"),
        (priced("25.99", "19.99"), 'at_least = "10%"', "dropped 23.1% from 25.99, needs 10%"),
        (priced("5", "6"), "", "price went from 5 to 6"),
        (priced("25", "22"), "below = 20", "dropped 12.0% from 25, does not cross 20"),
        (priced("1E+2", "90"), "", "dropped 10.0% from 100"),
    ],
)
def test_the_reason_shows_the_numbers_compared(entry: dict[str, Any], more: str, reason: str) -> None:
    """Fired or not, people see which numbers decided."""
    assert judged("price_drop", entry, more).reason == reason


@pytest.mark.parametrize(
    ("more", "threshold"),
    [("", None), ('at_least = "10%"', "10%"), ('at_least = "5.00"', "5"), ("below = 20", "20")],
)
def test_a_fired_price_rule_carries_what_it_compared(more: str, threshold: str | None) -> None:
    """Baseline and threshold go with the judgement."""
    judgement = judged("price_drop", priced(21, 15), more)
    assert (judgement.baseline, judgement.latest, judgement.threshold) == (Decimal(21), Decimal(15), threshold)


@pytest.mark.parametrize(
    ("old", "new", "percent"),
    [
        ("100", "90", "10.0%"),
        ("3", "2", "33.3%"),
        ("0", "5", None),
        ("-4", "-5", "25.0%"),
        ("8", "8", "0.0%"),
        ("1", "3", "200.0%"),
    ],
)
def test_a_percentage_has_one_decimal(old: str, new: str, percent: str | None) -> None:
    """People read 33.3%, and a percentage of zero does not exist."""
    assert Moved(Decimal(old), Decimal(new)).percent == percent


def test_an_image_of_the_same_numbers_written_differently_makes_no_drop() -> None:
    """Numbers are compared as numbers, not as texts."""
    assert not fires("price_drop", raw("MODIFY", old=image(price=10), new={"price": {"N": "1E+1"}}))
