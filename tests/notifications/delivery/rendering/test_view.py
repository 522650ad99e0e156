"""One view of an alert: what happened, in words and numbers, from a message that nobody vouches for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from notifications.common.errors import MalformedAlertError
from notifications.config import rules_file
from notifications.delivery.rendering.view import as_test, view_of
from notifications.delivery.rendering.what_changed import ChangeLine
from notifications.publishing.messages import to_message
from notifications.rules.price_form import CENTS, MINOR, TEXT, PriceForm
from notifications.rules.product import Product
from notifications.stream.attributes import Path
from operations.evaluation.recorded_events import records_in
from operations.evaluation.verdicts import judge
from tests.builders import EVENTS, ROOT
from tests.notifications.delivery.rendering.examples import BERLIN, HOSTILE, PRODUCT, event, receiver, view


@pytest.mark.parametrize(
    ("sample", "subject", "moved", "reason"),
    [
        ("price-drop", "Wireless Mouse is 23% cheaper: 19.99 USD", "25.99 → 19.99\u00a0USD",
         "Rule price-drop: needs 10%"),
        ("price-rise", "Wireless Mouse is 30% more expensive: 25.99 USD", "19.99 → 25.99\u00a0USD",
         "Rule price-rise: needs 10%"),
        ("low-stock", "Wireless Mouse is running low: 3 left", "12 → 3", "Rule low-stock: fewer than 5"),
        ("sold-out", "Wireless Mouse is sold out", "1 → 0", "Rule sold-out"),
        ("back-in-stock", "Wireless Mouse is back in stock", "0 → 20", "Rule back-in-stock"),
        ("new-product", "New: Wireless Mouse: 25.99 USD", "25.99\u00a0USD", "Rule new-product"),
        ("details-changed", "Wireless Mouse: dimensions.weight changed", "95 → 90", "Rule details-changed"),
        ("removed", "Wireless Mouse was removed", "", "Rule removed"),
        ("ttl-expiry", "Advent Mug has expired", "", "Rule removed"),
    ],
)  # fmt: skip
def test_every_kind_of_alert_is_said_in_words_of_a_shop(sample: str, subject: str, moved: str, reason: str) -> None:
    """As the function publishes it for the project's own samples and rules."""
    ruleset = rules_file.load(ROOT / "alerts.toml")
    (alert,) = [alert for verdict in judge(ruleset, records_in(EVENTS / f"{sample}.json")) for alert in verdict.alerts]
    seen = view_of(to_message(alert).body, ruleset.product, receiver(), "dev")
    assert (seen.subject, seen.moved, seen.reason) == (subject, moved, reason)
    assert seen.body == to_message(alert).body


def test_what_else_changed_and_what_was_held_back_is_listed() -> None:
    """Without the number above; at most eight, and how many more."""
    lines = [{"attribute": f"a{number}", "old": None, "new": str(number)} for number in range(10)]
    changes = [{"attribute": "price", "old": "25.99", "new": "19.99"}, *lines]
    seen = view(changes=changes, heldBack={"count": 1, "latest": {"title": "Mouse: 24.99"}})
    assert seen.changes == tuple(ChangeLine(f"a{number}", "", str(number)) for number in range(8))
    assert seen.more_changes == 2
    assert seen.held_back == "1 change before this was held back, the latest: Mouse: 24.99"


NESTED = Product(
    currency=Path.parse("pricing.currency"),
    price=Path.parse("pricing.amount"),
    stock=Path.parse("shelves[0].units"),
    price_form=PriceForm(MINOR),
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ()),
        ({"currency": "USD"}, (("pricing.currency", "EUR", "USD"),)),
        ({"was": None, "vat": "19"}, (("pricing.was", "4990", ""), ("pricing.vat", "", "19"))),
        ({"was": {"amount": "1"}}, (("pricing.was", "4990", "amount: 1"),)),
    ],
)
def test_a_nested_price_is_not_shown_again(changed: dict[str, Any], expected: tuple[tuple[str, str, str], ...]) -> None:
    """Of its map only what else differs is listed, by its path."""
    old = {"amount": "3990", "currency": "EUR", "was": "4990"}
    new = {**old, "amount": "2990", **changed}
    whole = event(baseline="39.9", product={"pricing": new}, changes=[{"attribute": "pricing", "old": old, "new": new}])
    seen = view_of(whole, NESTED, receiver(), "dev")
    assert (seen.label, seen.before) == ("Price", "39.90")
    assert seen.changes == expected


def test_a_nested_stock_is_not_shown_again() -> None:
    """In a list, too; what became another kind of value is shown whole, and so is the price's map."""
    old, new = [{"units": "5", "place": "A"}], [{"units": "3", "place": "A"}, {"units": "1"}]
    changes = [
        {"attribute": "shelves", "old": old, "new": new},
        {"attribute": "pricing", "old": {"amount": "1"}, "new": {"amount": "2"}},
    ]
    sold: dict[str, Any] = {"type": "product.low_stock", "baseline": "5", "product": {"shelves": new}}
    seen = view_of(event(changes=changes, **sold), NESTED, receiver(), "dev")
    assert (seen.label, seen.moved) == ("Stock", "5 → 3")
    assert seen.changes == (("shelves[1]", "", "units: 1"), ("pricing", "amount: 1", "amount: 2"))
    changes = [{"attribute": "shelves", "old": "many", "new": new}]
    seen = view_of(event(changes=changes, **sold), NESTED, receiver(), "dev")
    assert [line.old for line in seen.changes] == ["many"]


def test_a_title_of_the_rules_own_is_shown() -> None:
    """It may be all that says why; one that says what the headline does is not repeated."""
    assert view(title="Discontinued", own_titles=("price-drop",)).own_title == "Discontinued"
    assert view(title="Discontinued", own_titles=("another",)).own_title == ""


def test_the_rules_with_words_of_their_own_are_known() -> None:
    """A title in alerts.toml, and the default of an all-time low; neither other defaults nor those that ship."""
    text = """
        [[rules]]
        name = "low"
        when = "price_drop"
        all_time_low = true
        [[rules]]
        name = "gone"
        when = "changed"
        attributes = ["status"]
        title = "{name} was discontinued"
        [[rules]]
        name = "plain"
        when = "changed"
    """
    assert rules_file.parse(text).own_titles == {"low", "gone"}
    assert rules_file.load(ROOT / "alerts.toml").own_titles == frozenset()


def test_the_number_is_what_the_rule_compared_with() -> None:
    """A baseline that is not the price before the change."""
    seen = view(baseline="39.98")
    assert (seen.headline, seen.before) == ("Wireless Mouse is 50% cheaper", "39.98")


def test_a_price_at_first_sight_has_nothing_to_compare_with() -> None:
    """So it says what the product costs."""
    seen = view(baseline=None, threshold="20", changes=[])
    assert (seen.headline, seen.moved) == ("Wireless Mouse costs 19.99\u00a0USD", "19.99\u00a0USD")
    assert seen.subject == "Wireless Mouse costs 19.99 USD"
    assert seen.reason == "Rule price-drop: threshold 20"


@pytest.mark.parametrize(
    ("form", "currency", "kept", "shown"),
    [
        (PriceForm(CENTS), "USD", "1999", "19.99\u00a0USD"),
        (PriceForm(MINOR), "JPY", "1999", "1,999\u00a0JPY"),
        (PriceForm(MINOR), "KWD", "1999", "1.999\u00a0KWD"),
        (PriceForm(type=TEXT), "USD", " 19.9 ", "19.90\u00a0USD"),
        (PriceForm(), "USD", "19.9", "19.90\u00a0USD"),
    ],
)
def test_a_price_is_shown_in_whole_units_however_the_table_keeps_it(
    form: PriceForm, currency: str, kept: str, shown: str
) -> None:
    """In cents, in the currency's smallest unit, or as a text; the baseline is in whole units already."""
    product = Product(currency=currency, price_form=form)
    seen = view_of(event(product={"price": kept}), product, receiver(), "dev")
    assert seen.after == shown


def test_the_summary_of_a_rule_at_its_limit_is_said_as_it_is() -> None:
    """Its title has no number of a product."""
    seen = view(summary={"limit": 5, "until": "2026-11-21T10:00:00Z"}, title="{x}: 5 alerts this hour")
    assert (seen.headline, seen.moved, seen.changes) == ("{x}: 5 alerts this hour", "", ())


def test_an_alert_that_was_shortened_is_shown_with_what_it_has() -> None:
    """Without the item there is no name, no price and no picture."""
    seen = view(product={}, shortened=["product", "changes"], changes=[{"attribute": "price"}])
    whole = event(shortened=["product", "changes"], changes=[{"attribute": "price"}])
    whole["data"]["product"] = {}
    seen = view_of(whole, PRODUCT, receiver(), "dev")
    assert (seen.headline, seen.moved) == ("prod-123 is cheaper", "")


def test_the_time_is_the_readers() -> None:
    """And says its zone; without a time there is none."""
    assert view().moment == "21 Nov 2026, 10:02 CET"
    assert view(receiver(digest=None)).moment == "21 Nov 2026, 09:02 UTC"
    assert view(receiver(language="de")).moment == "21.11.2026, 10:02 CET"
    assert view(time="2026-07-01T09:02:00Z").moment == "1 Jul 2026, 11:02 CEST"
    assert (view(time="yesterday").moment, view(time="9999-99-99T99:99:99Z").moment) == ("", "")
    assert view().happened == datetime(2026, 11, 21, 10, 2, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize("length", [1, 30, 60, 120, 10_000])
def test_the_subject_shows_what_happened_within_60_characters(length: int) -> None:
    """A long name gives way; the new value is never cut off."""
    subject = view(product={"name": "M" * length}).subject
    assert len(subject) <= 60
    assert subject.endswith(" is 23% cheaper: 19.99 USD")


@pytest.mark.parametrize("link", [
    "javascript:alert(1)", "data:text/html,x", "//shop.example", "https://", "https://shop.example/a b",
    'https://shop.example/"onclick=', "https://user:pass@shop.example", "https://shop.example/\n", "https://[::1",
    "https://shop.example/" + "x" * 3000, "https://shop.exämple", 5, ["https://shop.example"],
])  # fmt: skip
def test_only_links_to_the_web_are_kept(link: Any) -> None:
    """Neither script nor half an address, nor one that breaks out of where it stands."""
    seen = view(link=link, product={"photo": link})
    assert (seen.link, seen.picture) == ("", "")


def test_a_picture_has_to_be_https() -> None:
    """A link may be http."""
    assert view(link="http://shop.example/p", product={"photo": "http://shop.example/p.png"}).picture == ""
    assert view(link="http://shop.example/p").link == "http://shop.example/p"
    assert view(product={"photo": "https://shop.example/p.png"}).picture == "https://shop.example/p.png"


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_every_text_is_one_printable_line(name: str) -> None:
    """Of limited length, whatever a product is called; nothing is evaluated."""
    changes = [{"attribute": name or "x", "old": name, "new": [name, {name: name}]}]
    seen = view(product={"name": name}, title=name, text=name, changes=changes, subject=name.strip() or "x")
    texts = [seen.name, seen.headline, seen.phrase, seen.subject, seen.title, *seen.text.split("\n"), *seen.changes[0]]
    for text in texts:
        assert not set(text) & set("\n\r\x00")
        assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029")
        assert len(text) <= 1000
        text.encode()
    assert seen.name


def test_emoji_and_scripts_survive() -> None:
    """Families, flags, and the joiners that Persian is misspelt without."""
    for name in ("Mouse 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "می‌خواهم", "शक्ति", "マウス"):
        assert view(product={"name": name}).name == name


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "null", "{", "\ufeff{}", b"\xff\xfe", "[" * 100_000, '{"a":' + "9" * 5000 + "}",
        json.dumps(event(text="x" * 300_000)),
        json.dumps(event(type="order.placed")), json.dumps(event(severity="loud")), json.dumps(event(changes="x")),
        json.dumps(event(changes=[5])), json.dumps(event(rule=7)), json.dumps(event(specversion="2.0")),
        json.dumps(event(id="")), json.dumps(event(id="x" * 257)), json.dumps(event(id="a b")),
        json.dumps(event(id="\u202e")), json.dumps(event(id="größe")), json.dumps(event(id="x\r\nBcc: y")),
        json.dumps({**event(), "data": None}), json.dumps(event(subject=None)),
    ],
)  # fmt: skip
def test_what_is_no_alert_is_refused(body: str | bytes) -> None:
    """With an error that no retry follows, and never with another."""
    with pytest.raises(MalformedAlertError):
        view_of(body, PRODUCT, receiver(), "dev")


@pytest.mark.parametrize(
    "value", [{}, [], 5, True, None, "NaN", "Infinity", "1E+999999", "9" * 500, "\uff11\uff12", "-0"]
)
def test_a_number_that_is_none_is_left_out(value: Any) -> None:
    """The alert is shown without it."""
    seen = view(baseline=value, threshold=value, product={"price": value}, heldBack={"count": value})
    assert seen.headline.startswith("Wireless Mouse")
    assert len(seen.subject) <= 99


def test_an_alert_of_256_kb_is_shown() -> None:
    """With its values cut, in about the time of a small one."""
    big = event(product={"description": "x" * 250_000})
    body = json.dumps(big)
    assert len(body) > 250_000
    assert view_of(body, PRODUCT, receiver(), "dev").headline == "Wireless Mouse is 23% cheaper"


def test_a_test_is_marked() -> None:
    """In every line that is seen first."""
    seen = as_test(view())
    assert all(text.startswith("Test: ") for text in (seen.subject, seen.headline, seen.title))
