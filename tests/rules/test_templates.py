"""Templates: what a title and a text can say, and that they can say no more."""

from __future__ import annotations

import json

import pytest

from notifications.common.errors import RulesError
from notifications.text.wording import PLACEHOLDERS
from tests.builders import rules
from tests.rules.scenario import Shop, play, rule, titles

PRODUCT = '[product]\ncurrency = { value = "USD" }\nlink = "https://shop.example/p/{id}"\n'


def _title(template: str, shop: Shop, when: str = "price_drop", more: str = "") -> str:
    (found,) = titles(PRODUCT + rule(when, f"title = {json.dumps(template)}\n{more}"), shop)
    return found


@pytest.mark.parametrize(
    ("template", "title"),
    [
        ("{name}", "Mug"),
        ("{id}", "mug"),
        ("{product}", "Mug (mug)"),
        ("{price} {currency}", "7.50 USD"),
        ("{old.price} → {new.price}", "10.00 USD → 7.50 USD"),
        ("{stock}", "4"),
        ("{delta}", "2.50 USD"),
        ("{percent}", "25.0%"),
        ("{baseline}", "10.00 USD"),
        ("{threshold}", "10%"),
        ("{rule}, {severity}", "r, info"),
        ("{link}", "https://shop.example/p/mug"),
        ("{changes}", "price 10 → 7.5"),
        ("{held_back}", "0"),
        ("{new.specs.color}", "red"),
        ("{old.offers[0].seller}", "ours"),
        ("{new.nothing}", "n/a"),
        ("{{name}}", "{name}"),
        ("{name}\n{id}", "Mug mug"),
    ],
)
def test_each_name_has_its_value(template: str, title: str) -> None:
    """Every placeholder, and paths into either image."""
    shop = Shop().put(name="Mug", price=10, stock=4, specs={"color": "red"}, offers=[{"seller": "ours"}])
    assert _title(template, shop.put(price="7.5"), more='at_least = "10%"') == title


def test_the_names_tested_here_are_all_that_there_are() -> None:
    """A new placeholder needs a test above; `removal` has its own below."""
    tested = {"name", "id", "product", "price", "currency", "stock", "delta", "percent", "baseline", "threshold"}
    tested |= {"rule", "severity", "link", "changes", "held_back", "removal"}
    assert set(PLACEHOLDERS) == tested


def test_a_removal_is_distinguished_from_an_expiry() -> None:
    """`{removal}` says which it was."""
    assert _title("{name} {removal}", Shop().put(name="Mug").remove(), "removed") == "Mug was removed"
    assert _title("{name} {removal}", Shop().put(name="Mug").remove(expired=True), "removed") == "Mug has expired"


@pytest.mark.parametrize(
    ("price", "written"), [("1E+3", "1000"), ("0.0000001", "0.0000001"), ("19.90", "19.90"), ("-5", "-5")]
)
def test_numbers_are_written_plainly(price: str, written: str) -> None:
    """No exponent, nothing rounded."""
    assert _title("{price.raw}", Shop().put(price=price), "added") == written


@pytest.mark.parametrize(
    "template",
    [
        "{price.__class__}", "{name.__init__.__globals__}", "{0}", "{}", "{name!r}", "{price:>99999999}", "{nmae}",
        "{new.}", "{name", "name}", "{new.a..b}", "{self}", "{os.environ}",
    ],
)  # fmt: skip
def test_an_unknown_name_fails_the_check(template: str) -> None:
    """Unknown names and all that Python's format could do besides fail when the file is read, not when it alerts."""
    with pytest.raises(RulesError) as raised:
        rules(rule("price_drop", f"title = {json.dumps(template)}"))
    (problem,) = raised.value.problems
    assert (problem.rule, problem.key) == ("r", "title")


def test_a_path_reaches_data_and_nothing_else() -> None:
    """`{new.x.__class__}` is a path into the item: it holds nothing of that name."""
    assert _title("{new.name.__class__}", Shop().put(name="Mug"), "added") == "n/a"


def test_a_value_is_not_a_template() -> None:
    """Braces in a product's name are shown as they are."""
    for name in ("{price} {link}", "{price} {0.__class__} {{"):
        assert _title("{name}", Shop().put(name=name, price=5), "added") == name


def test_a_title_is_one_line() -> None:
    """Whatever a product is called, the title can be an e-mail's subject."""
    assert _title("{name}!", Shop().put(name="Mug\r\nBcc: everyone"), "added") == "Mug Bcc: everyone!"


def test_a_title_is_never_empty() -> None:
    """A name of blanks leaves the rule's name and the id."""
    assert _title("{new.nick}", Shop().put(name="Mug", nick=" \n "), "added") == "r: mug"


def test_the_defaults_read_well() -> None:
    """What a rule says that says nothing about it."""
    text = PRODUCT + "".join(
        rule(when, "threshold = 5" if when == "low_stock" else "", when)
        for when in ("added", "price_drop", "price_rise", "low_stock", "out_of_stock", "back_in_stock", "removed")
    )
    text += rule("changed", 'attributes = ["name"]', "changed")
    shop = Shop().put(name="Mug", price=10, stock=9).put(price="7.5").put(price=8).put(stock=4).put(stock=0)
    shop.put(stock=3).put(name="Cup").remove(expired=True)
    shop.put("lamp", price=0).put("lamp", price=20).remove("lamp")
    assert [(alert.title, alert.data["text"]) for alert in play(text, shop)] == [
        ("New product: Mug", "Mug (mug) is new."),
        ("Mug: 7.50 USD, was 10.00", "The price of Mug (mug) dropped by 25.0%, from 10.00 to 7.50 USD."),
        ("Mug: 8.00 USD, was 7.50", "The price of Mug (mug) rose by 6.7%, from 7.50 to 8.00 USD."),
        ("Mug: only 4 left", "Mug (mug) runs low: 4 left, fewer than 5."),
        ("Mug is out of stock", "Mug (mug) is out of stock; before this change the stock was 4."),
        ("Mug is back in stock", "Mug (mug) is back in stock: 3 available."),
        ("Cup changed: name Mug → Cup", "Cup (mug) changed: name Mug → Cup."),
        ("Cup has expired", "Cup (mug) has expired."),
        ("New product: lamp", "lamp is new."),
        ("lamp: 20.00 USD, was 0.00", "The price of lamp rose by 20.00, from 0.00 to 20.00 USD."),
        ("lamp was removed", "lamp was removed."),
    ]
