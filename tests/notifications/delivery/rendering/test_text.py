"""Plain words, and what fits into one SMS."""

from __future__ import annotations

import pytest

from notifications.delivery.rendering.digest import digest_of
from notifications.delivery.rendering.kinds import render
from notifications.delivery.rendering.text import TextMessage, plain_part, sms_of
from tests.notifications.delivery.rendering.examples import HOSTILE, many, receiver, view

LINK = "https://shop.example/p/prod-123"


def test_title_text_changes_and_link() -> None:
    """In this order; the title, which the rule writes, is the subject."""
    made = render(view(), receiver("text"))
    assert isinstance(made, TextMessage)
    assert made.subject == "Wireless Mouse: 19.99 USD, was 25.99"
    assert made.text == (
        "The price of Wireless Mouse (prod-123) dropped by 23.1%, from 25.99 to 19.99 USD.\n\n"
        "Price: 25.99 → 19.99\u00a0USD\nRule price-drop: needs 10%\nhttps://shop.example/p/prod-123\n\n"
        '21 Nov 2026, 10:02 CET · receiver "merchandising" · stage dev\n6368a060-4129-5cbb-907e-f140c7dc9bd3\n'
    )
    assert made.sms == f"Wireless Mouse: 19.99 USD, was 25.99\n{LINK}"


def test_the_rules_own_title_is_said_once() -> None:
    """It is the subject already, and the first line of no mail: there it stands among the facts."""
    shown = view(title="Discontinued", own_titles=("price-drop",))
    made = render(shown, receiver("text"))
    assert isinstance(made, TextMessage)
    assert (made.subject, made.text.count("Discontinued")) == ("Discontinued", 0)
    assert "\nDiscontinued\nRule price-drop: needs 10%\n" in plain_part(shown, receiver())


def test_a_digest_has_one_line_a_change() -> None:
    """By product, the newest first."""
    digest = digest_of(many(2, 2), receiver("text", most_products=1))
    assert digest
    made = render(digest, receiver("text"))
    assert isinstance(made, TextMessage)
    assert made.text.startswith(
        "Wireless Mouse 001\n  10:01  warning: 23% cheaper  25.99 → 19.99\u00a0USD\n  10:00  warning: 23% cheaper"
    )
    assert "and 2 more alerts about 1 other product\n" in made.text


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_subject_is_one_that_sns_takes(name: str) -> None:
    """One line of at most 99 characters, whatever the product is called."""
    made = render(view(title=name), receiver("text"))
    assert isinstance(made, TextMessage)
    assert len(made.subject) <= 99
    assert "\n" not in made.subject
    made.text.encode()


@pytest.mark.parametrize(
    "title", ["x" * 300, "ä" * 300, "{" * 300, "😀" * 200, "日本" * 100, "日" * 45, "short", "€" * 40]
)
def test_title_and_link_fit_into_one_segment(title: str) -> None:
    """160 of the GSM alphabet, of which some count twice, or 70 of UTF-16; the link is whole."""
    sms = sms_of(title, LINK)
    gsm = all(character in "xä{short€\n" or character.isascii() for character in sms)
    units = sum(2 if character in "{€" else 1 for character in sms) if gsm else len(sms.encode("utf-16-le")) // 2
    assert units <= (160 if gsm else 70)
    assert sms.endswith(f"\n{LINK}")


def test_a_link_that_is_too_long_is_left_out() -> None:
    """Half a link leads nowhere."""
    assert sms_of("Mouse", f"https://shop.example/{'x' * 200}") == "Mouse"
