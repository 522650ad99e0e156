"""Money: as a shop shows it, from prices kept in any unit and type; the rules judge the amount that is meant."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.builders import raw, rules
from tests.rules.scenario import Shop, fired, play, reasons, rule
from tests.service import Service


def product(*lines: str) -> str:
    """Write a [product] table."""
    return "\n".join(("[product]", *lines, ""))


USD = 'currency = { value = "USD" }'


@pytest.mark.parametrize(
    ("currency", "price", "shown"),
    [
        ("USD", "39.9", "39.90 USD"),
        ("USD", "40", "40.00 USD"),
        ("JPY", "3990", "3990 JPY"),
        ("KWD", "1.5", "1.500 KWD"),
        ("XXX", "1.5", "1.50 XXX"),
        ("USD", "0.0125", "0.0125 USD"),
    ],
)
def test_a_price_reads_as_a_shop_shows_it(currency: str, price: str, shown: str) -> None:
    """The currency's decimals, its code, and no digit rounded away."""
    text = product(f'currency = {{ value = "{currency}" }}') + rule("price_drop", "title = 'now {new.price}'")
    (alert,) = play(text, Shop().prices(5000, price))
    assert alert.title == f"now {shown}"


def test_where_a_template_names_the_currency_amounts_come_without() -> None:
    """No "USD USD", and the author decides where the code stands."""
    text = product(USD) + rule("price_drop", "title = '{currency} {new.price}, {old.price}'\ntext = '{new.price}'")
    (alert,) = play(text, Shop().prices("49.9", "39.9"))
    assert (alert.title, alert.data["text"]) == ("USD 39.90, 49.90", "39.90 USD")


def test_the_default_words_show_money() -> None:
    """Title and text, without a word of one's own."""
    (alert,) = play(product(USD) + rule("price_drop"), Shop().prices("49.9", "39.9"))
    assert alert.title == "mug: 39.90 USD, was 49.90"
    assert alert.data["text"] == "The price of mug dropped by 20.0%, from 49.90 to 39.90 USD."
    (alert,) = play(product(USD) + rule("price_rise"), Shop().prices(0, "39.9"))
    assert alert.data["text"] == "The price of mug rose by 39.90, from 0.00 to 39.90 USD."


def test_every_amount_is_money_and_has_its_number() -> None:
    """`.raw` is the number; a percentage stays one."""
    names = ["price", "new.price", "old.price", "baseline", "delta", "threshold"]
    title = " ".join(f"{{{name}}}" for name in names)
    numbers = " ".join(f"{{{name}.raw}}" for name in names)
    text = product(USD) + rule("price_drop", f"at_least = 5\ntitle = '{title}'\ntext = '{numbers}'")
    (alert,) = play(text, Shop().prices("49.9", "39.9"))
    assert alert.title == "39.90 USD 39.90 USD 49.90 USD 49.90 USD 10.00 USD 5.00 USD"
    assert alert.data["text"] == "39.9 39.9 49.9 49.9 10 5"
    (alert,) = play(product(USD) + rule("price_drop", "at_least = '5%'\ntitle = '{threshold}'"), Shop().prices(9, 5))
    assert alert.title == "5%"


def test_the_stock_is_not_money() -> None:
    """Nor what a stock rule compares."""
    text = product(USD) + rule("low_stock", "threshold = 5\ntitle = '{baseline} {delta} {threshold} {stock}'")
    (alert,) = play(text, Shop().stocks(9, 2))
    assert alert.title == "9 7 5 2"


def test_the_data_of_an_alert_stay_numbers() -> None:
    """Changes as the table has them, baseline and threshold as decimals."""
    (alert,) = play(product(USD) + rule("price_drop", "below = 40"), Shop().prices("49.9", "39.9"))
    assert alert.data["changes"] == [{"attribute": "price", "old": "49.9", "new": "39.9"}]
    assert (alert.data["baseline"], alert.data["threshold"]) == ("49.9", "40")


def test_a_link_has_the_number() -> None:
    """A blank and a code would break it."""
    text = product(USD, 'link = "https://shop.example/{id}?p={price}"') + rule("price_drop")
    (alert,) = play(text, Shop().prices("49.9", "39.9"))
    assert alert.data["link"] == "https://shop.example/mug?p=39.9"


def test_the_currency_may_be_an_attribute() -> None:
    """Each product in its own."""
    text = product('currency = "currency"') + rule("price_drop", "title = '{new.price}'")
    shop = Shop().put("a", price=5000, currency="JPY").put("a", price=3990)
    shop.put("b", price=50, currency="EUR").put("b", price="39.9").put("c", price=50).put("c", price="39.9")
    assert [alert.title for alert in play(text, shop)] == ["3990 JPY", "39.90 EUR", "39.9"]


KEPT: list[tuple[list[str], Any]] = [
    (['price_unit = "cents"'], lambda price: {"N": str(int(price * 100))}),
    (['price_unit = "minor"'], lambda price: {"N": str(int(price * 100))}),
    (['price_type = "text"'], lambda price: {"S": f"{price:.2f}"}),
    (['price_type = "text"', 'price_unit = "cents"'], lambda price: {"S": f"{price * 100:.0f}"}),
    (['price_type = "text"'], lambda price: {"N": f"{price:.2f}"}),
]


@pytest.mark.parametrize(("lines", "kept"), KEPT)
@pytest.mark.parametrize(
    ("more", "prices", "fires"),
    [
        ('at_least = "10%"', (50, 45, 44), [1]),
        ("at_least = 5", (50, 45, 41), [1]),
        ("below = 20", (25, 20, 19.5, 18), [2]),
        ("below = 20\nrearm = 22\nfirst_sight = true", (25, 19, 21, 19, 22, 19), [1, 5]),
        ("at_least = 5\nbaseline = 'last_alert'", (50, 47, 45, 41), [2]),
        ("at_least = 5\nbaseline = { attribute = 'list' }", (50, 46, 45), [2]),
        ("all_time_low = { attribute = 'list' }", (60, 55, 49), [2]),
    ],
)
def test_rules_judge_the_amount_however_it_is_kept(
    lines: list[str], kept: Any, more: str, prices: tuple[float, ...], fires: list[int]
) -> None:
    """In cents, in the smallest unit, as text: the numbers of a rule are whole units, and so is what it says."""
    text = product(USD, *lines) + rule("price_drop", f"{more}\ntitle = '{{new.price}}'")
    images = [{"price": kept(price), "list": kept(50)} for price in prices]
    service = Service(rules(text))
    for at, (old, new) in enumerate(pairwise(images), 1):
        service.handle(raw("MODIFY", product="mug", old=old, new=new, at=at))
    assert [alert.title for alert in service.alerts] == [f"{prices[at]:.2f} USD" for at in fires]


def test_the_smallest_unit_follows_the_currency() -> None:
    """3990 is 39.90 USD and 3990 JPY; in cents it would be 39.90 of either."""
    shop = Shop().put("a", price=5000, currency="JPY").put("a", price=3990)
    shop.put("b", price=5000, currency="USD").put("b", price=3990)
    more = rule("price_drop", "title = '{new.price}'")
    minor = product('currency = "currency"', 'price_unit = "minor"') + more
    assert [alert.title for alert in play(minor, shop)] == ["3990 JPY", "39.90 USD"]
    cents = product('price_unit = "cents"') + more
    assert [alert.title for alert in play(cents, shop)] == ["39.90", "39.90"]


def test_explain_speaks_of_the_amount() -> None:
    """Whole units, as the rule's own numbers are."""
    text = product('price_unit = "cents"') + rule("price_drop", 'at_least = "10%"')
    assert reasons(text, Shop().prices(2599, 2499))[1] == "dropped 3.8% from 25.99, needs 10%"


@pytest.mark.parametrize("price", ["39,90", "$39", "", "1" * 5000, "1e999999999", "NaN", "1" * 39, "0." + "1" * 40])
def test_a_text_that_is_no_price_is_no_alert_and_no_error(price: str) -> None:
    """Whatever a shop writes there; the next price is compared again."""
    text = product('price_type = "text"') + rule("price_drop", "all_time_low = true")
    old, bad, new = {"price": {"S": "50"}}, {"price": {"S": price}}, {"price": {"S": "40"}}
    service = Service(rules(text))
    service.handle(*(raw("MODIFY", old=a, new=b, at=at) for at, (a, b) in enumerate([(old, bad), (bad, new)], 1)))
    assert [alert.title for alert in service.alerts] == ["prod-123: 40"] or [
        alert.data["baseline"] for alert in service.alerts
    ] == ["50"]
    assert service.failures.parked == []


@pytest.mark.parametrize("code", ["JPY", "jpy", " JPY ", "Jpy\u00a0"])
def test_a_currency_is_the_same_however_it_is_written(code: str) -> None:
    """A blank beside it would make an amount a hundredth of what it is."""
    text = '[product]\nprice_unit = "minor"\ncurrency = "unit"\n' + rule("price_drop", 'title = "{new.price}"')
    (alert,) = play(text, Shop().put(price=3000, unit=code).put(price=2000))
    assert alert.title.split()[0] == "2000"


def test_without_the_key_a_text_is_no_price() -> None:
    """As before."""
    service = Service(rules(rule("price_drop")))
    service.handle(raw("MODIFY", old={"price": {"S": "50"}}, new={"price": {"S": "40"}}))
    assert service.alerts == []
    assert fired(rule("price_drop"), Shop().prices(10, 9)) == [2]
