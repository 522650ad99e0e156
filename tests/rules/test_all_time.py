"""The lowest and highest prices of all time: what they say, and where they begin."""

from __future__ import annotations

import pytest

from tests.rules.scenario import Shop, fired, play, reasons, rule

KINDS = [("price_drop", "all_time_low", "low"), ("price_rise", "all_time_high", "high")]


@pytest.mark.parametrize(("when", "key", "word"), KINDS)
def test_a_record_says_so_in_title_and_text(when: str, key: str, word: str) -> None:
    """By default; a rule without the key speaks of no record."""
    shop = Shop().put(name="Mug").prices(20, 20 + (5 if word == "high" else -5))
    (alert,) = play(rule(when, f"{key} = true"), shop)
    assert f"all-time {word}" in alert.title
    assert f"all-time {word}" in alert.data["text"]
    (alert,) = play(rule(when, f"{key} = false"), shop)
    assert "all-time" not in alert.title + alert.data["text"]


def test_a_record_can_begin_with_what_the_item_keeps() -> None:
    """12 was the lowest before the rule was there."""
    text = rule("price_drop", 'all_time_low = { attribute = "lowest" }')
    shop = Shop().put(price=20, lowest=12).put(price=15).put(price=11).put(price=30).put(price="11.5").put(price=10)
    assert fired(text, shop) == [3, 6]
    assert reasons(text, shop)[1] == "dropped 25.0% from 20, the lowest so far is 12"
    assert reasons(text, shop)[4] == "dropped 61.7% from 30, the lowest so far is 11"


@pytest.mark.parametrize("kept", [12, None])
def test_the_write_that_makes_a_record_may_note_it(kept: int | None) -> None:
    """The shop writes the new lowest price with the price itself: what counts is what stood there before."""
    text = rule("price_drop", 'all_time_low = { attribute = "lowest" }')
    shop = Shop().put(price=20, lowest=kept).put(price=11, lowest=11).put(price=10, lowest=10).put(price=9, lowest=5)
    assert fired(text, shop) == [2, 3, 4]


def test_upward_as_well() -> None:
    """30 was the highest."""
    text = rule("price_rise", 'all_time_high = { attribute = "highest" }')
    assert fired(text, Shop().put(price=20, highest=30).put(price=25).put(price=31)) == [3]


def test_without_the_attribute_it_begins_with_the_present_price() -> None:
    """As `true` does."""
    text = rule("price_drop", 'all_time_low = { attribute = "lowest" }')
    assert fired(text, Shop().prices(20, 15, 40, 16, 14)) == [2, 5]


def test_first_sight_obeys_the_record() -> None:
    """A new product at 15 whose item says that it once cost 12."""
    text = rule("price_drop", 'below = 20\nfirst_sight = true\nall_time_low = { attribute = "lowest" }')
    shop = Shop().put("mug", price=15, lowest=12).put("lamp", price=15, lowest=15).put("bed", price=15)
    assert fired(text, shop) == [2, 3]
    assert reasons(text, shop)[0] == "price is 15 at first sight, below 20, the lowest so far is 12"
