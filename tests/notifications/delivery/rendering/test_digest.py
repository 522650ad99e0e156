"""Many alerts as one message."""

from __future__ import annotations

import time
from typing import Any

import pytest

from notifications.delivery.rendering.digest import MOST_LINES, digest_of
from notifications.delivery.rendering.view import AlertView
from tests.notifications.delivery.rendering.examples import many, receiver, view


def test_nothing_makes_no_digest() -> None:
    """An empty one is not sent."""
    assert digest_of([], receiver()) is None


def test_the_newest_change_of_a_product_comes_first() -> None:
    """By the sequence number, in whatever order they came; one line a change."""
    alerts = [view(id=str(number), sequenceNumber=str(number), title=f"{number}") for number in (3, 1, 2)]
    first = view(id="4", type="product.removed", sequenceNumber="4")
    made = digest_of([*alerts, first], receiver())
    assert made
    (product,) = made.products
    assert [line.phrase for line in product.lines] == ["removed", *["23% cheaper"] * 3]
    assert product.lines[1].moved == "25.99 → 19.99\u00a0USD"
    assert product.lines[1].clock == "10:02"


def test_a_repeat_counts_once() -> None:
    """SQS delivers at least once."""
    made = digest_of([view(), view()], receiver())
    assert made
    assert (made.count, made.headline) == (1, "1 alert about 1 product")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"subject": "sku-" + "x" * 116 + "-A"}, {"subject": "sku-" + "x" * 116 + "-B"}),
        ({"product": {"name": "Lamp"}}, {"product": {"name": "Mouse"}}),
        ({"subject": "a\u200bb"}, {"subject": "ab"}),
    ],
    ids=["differ behind character 120", "share an id", "look the same"],
)
def test_no_product_vanishes_in_another(first: dict[str, Any], second: dict[str, Any]) -> None:
    """What is shown of an id is cut and cleaned, and an id may be shared: each product stands for itself."""
    made = digest_of([view(id="1", **first), view(id="2", **second), view(id="3", **first)], receiver())
    assert made
    assert [len(product.lines) for product in made.products] in ([1, 1], [2, 1], [1, 2])
    assert made.headline == "3 alerts about 2 products"


def test_two_rules_that_say_the_same_of_a_change_make_one_line() -> None:
    """The more severe one; both are counted."""
    stock: dict[str, Any] = {"type": "product.out_of_stock", "product": {"stock": "0"}, "baseline": "3"}
    made = digest_of([view(id="1", **stock), view(id="2", severity="critical", **stock)], receiver())
    assert made
    assert made.count == 2
    assert [(line.severity, line.phrase) for line in made.products[0].lines] == [("critical", "sold out")]


def test_the_subject_says_how_many_and_the_three_that_matter_most() -> None:
    """The most severe, then the newest."""
    alerts = [
        view(id=name, subject=name, product={"name": name}, severity=severity, time=f"2026-11-21T09:0{minute}:00Z")
        for minute, (name, severity) in enumerate([("A", "info"), ("B", "critical"), ("C", "info"), ("D", "warning")])
    ]
    made = digest_of(alerts, receiver())
    assert made
    assert made.subject == "4 alerts: B is 23% cheaper, D is 23% cheaper, C is 23% cheaper"
    assert [product.name for product in made.products] == ["B", "D", "C", "A"]
    assert made.severity == "critical"


def test_the_subject_names_an_older_alert_that_is_more_severe() -> None:
    """Whatever is newer about the same product; of two as severe, another product's goes first."""
    alerts = [
        view(
            id=str(number),
            subject=name,
            product={"name": name},
            sequenceNumber=str(number),
            severity=severity,
            type=f"product.{kind}",
        )
        for number, (name, severity, kind) in enumerate(
            [
                ("A", "warning", "removed"),
                ("B", "warning", "price_dropped"),
                ("B", "warning", "added"),
                ("A", "info", "price_dropped"),
                ("C", "info", "price_dropped"),
            ],
            1,
        )
    ]
    made = digest_of(alerts, receiver())
    assert made
    named = made.subject.removeprefix("5 alerts: ").split(", ")
    assert sorted(named[:2]) == ["A was removed", "New: B"]
    assert named[2:] == ["B is 23% cheaper"]


def test_a_line_has_the_rules_own_words() -> None:
    """Without the product's name, which stands above."""
    alerts = [
        view(id=str(number), title=title, own_titles=("price-drop",), sequenceNumber=str(number))
        for number, title in enumerate(["Gone: Wireless Mouse", "Wireless Mouse was discontinued"])
    ]
    made = digest_of([*alerts, view(id="9", title="Wireless Mouse", own_titles=("price-drop",))], receiver())
    assert made
    assert sorted(line.phrase for line in made.products[0].lines) == [
        "23% cheaper",
        "Gone: Wireless Mouse",
        "was discontinued",
    ]


def test_as_many_products_are_named_as_the_receiver_wants() -> None:
    """The rest is counted, as are the lines of a product beyond five."""
    made = digest_of(many(30, 7), receiver(most_products=4))
    assert made
    assert (len(made.products), made.more_products, made.more_alerts) == (4, 26, 26 * 7)
    assert [(len(product.lines), product.more_lines) for product in made.products] == [(MOST_LINES, 2)] * 4


@pytest.mark.parametrize(
    ("times", "span"),
    [
        (["2026-11-21T09:02:00Z"] * 2, "21 Nov 2026, 10:02 CET"),
        (["2026-11-21T09:30:00Z", "2026-11-21T09:02:00Z"], "21 Nov 2026, 10:02 to 10:30 CET"),
        (["2026-11-20T09:02:00Z", "2026-11-21T09:02:00Z"], "20 Nov 2026, 10:02 CET to 21 Nov 2026, 10:02 CET"),
        (["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"], "25 Oct 2026, 02:30 CEST to 25 Oct 2026, 02:30 CET"),
        (["", ""], ""),
    ],
)
def test_it_says_from_when_to_when(times: list[str], span: str) -> None:
    """The day once where it is the same; the hour that comes twice in autumn by its zone."""
    made = digest_of([view(id=str(number), time=time) for number, time in enumerate(times)], receiver())
    assert made
    assert made.span == span


def test_ten_thousand_alerts_make_one_digest() -> None:
    """The work grows with their number, not with its square: ten times as many take far less than a hundred times."""

    def seconds(alerts: list[AlertView]) -> float:
        spans = []
        for _ in range(3):  # the shortest: others have the machine, too
            started = time.process_time()
            made = digest_of(alerts, receiver())
            spans.append(time.process_time() - started)
            assert made
            assert made.count == len(alerts)
        return min(spans)

    alerts = many(500, 20)
    assert len(alerts) == 10_000
    assert seconds(alerts) < 40 * max(seconds(alerts[:1000]), 0.001)
