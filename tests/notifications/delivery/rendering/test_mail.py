"""The mail: what it says, how it is put together, and what cannot get into it."""

from __future__ import annotations

import email
import re
from email import policy
from email.message import EmailMessage
from html.parser import HTMLParser
from itertools import product

import pytest

from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import DigestView, digest_of
from notifications.delivery.rendering.kinds import render
from notifications.delivery.rendering.mail import DARK, LIGHT, TEMPLATE, MailMessage
from notifications.delivery.rendering.view import BARS, AlertView
from tests.notifications.delivery.rendering.examples import HOSTILE, receiver, ten_thousand, view


def mail(shown: AlertView | DigestView | None, to: Receiver | None = None) -> MailMessage:
    """Render a mail."""
    assert shown
    message = render(shown, to or receiver(), "digest-1")
    assert isinstance(message, MailMessage)
    return message


def sent(message: MailMessage) -> EmailMessage:
    """Read the bytes of a mail as the server of an addressee does."""
    return email.message_from_bytes(message.to_email(receiver()).as_bytes(), policy=policy.default)


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += data


def test_both_parts_say_what_happened() -> None:
    """Headline, old and new, reason and link, in HTML and in plain text; the time and the stage below."""
    message = mail(view())
    for text in (Page(message.html).text, message.text):
        for said in ("Wireless Mouse is 23% cheaper", "25.99", "19.99\u00a0USD", "Rule price-drop: needs 10%",
                     "21 Nov 2026, 10:02 CET", "stage dev", "write to alerts@shop.example"):  # fmt: skip
            assert said in text
    links = [attributes["href"] for tag, attributes in Page(message.html).elements if tag == "a"]
    assert links == ["https://shop.example/p/prod-123"]
    assert "https://shop.example/p/prod-123" in message.text


def test_prod_is_not_mentioned() -> None:
    """It is what is meant where nothing is said."""
    assert "stage" not in mail(view(stage="prod")).text


def test_the_email_is_one_that_servers_take() -> None:
    """Both parts, seven bits, an id that a repeat has again; unsubscribing is a mail, and not a click."""
    message = mail(view())
    raw = message.to_email(receiver()).as_bytes()
    raw.decode("ascii")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    read = sent(message)
    assert read["Subject"] == "Wireless Mouse is 23% cheaper: 19.99 USD"
    assert (read["From"], read["To"]) == ("Product alerts <alerts@shop.example>", "merch@shop.example")
    assert read["Message-ID"] == "<6368a060-4129-5cbb-907e-f140c7dc9bd3@shop.example>"
    assert str(read["List-Unsubscribe"]).strip() == "<mailto:alerts@shop.example?subject=unsubscribe%20merchandising>"
    assert "List-Unsubscribe-Post" not in read
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert mail(view()).message_id == message.message_id


def _id_of(text: str) -> str:
    """Keep what an id may be made of."""
    return "".join(character for character in text if "!" <= character <= "~")[:256] or "x"


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_products_name_is_never_markup_or_a_header(name: str) -> None:
    """The elements of the page and the headers of the mail are those of a harmless product."""
    harmless, harmful = (
        view(product={"name": each}, changes=[{"attribute": each, "old": each, "new": each}], title=each, text=each,
             rule=each.strip() or "r", id=_id_of(each), heldBack={"count": 1, "latest": {"title": each}})
        for each in ("Mouse", name)
    )  # fmt: skip
    for one, other in ((harmless, harmful), (digest_of([harmless], receiver()), digest_of([harmful], receiver()))):
        expected, found = mail(one), mail(other)
        shapes = [[(tag, sorted(attrs)) for tag, attrs in Page(each.html).elements] for each in (expected, found)]
        assert shapes[0] == shapes[1]
        assert sent(found).keys() == sent(expected).keys()
        assert "\n" not in sent(found)["Subject"]
        assert "49" not in Page(found.html).text


def test_a_name_is_shown_as_it_is() -> None:
    """Escaped once, and no more."""
    assert "Fish & <Chips> is 23% cheaper" in Page(mail(view(product={"name": "Fish & <Chips>"})).html).text


def test_picture_changes_and_what_was_held_back_are_shown() -> None:
    """A picture has the product's name for those who do not see it."""
    changes = [{"attribute": f"a{number}", "old": "1", "new": "2"} for number in range(10)]
    shown = view(product={"photo": "https://shop.example/p.png"}, changes=changes,
                 heldBack={"count": 2, "latest": {"title": "t"}})  # fmt: skip
    page = Page(mail(shown).html)
    (image,) = [attributes for tag, attributes in page.elements if tag == "img"]
    assert (image["src"], image["alt"]) == ("https://shop.example/p.png", "Wireless Mouse")
    assert "and 2 more" in page.text
    assert "2 changes before this were held back, the latest: t" in page.text


def test_a_digest_is_not_clipped() -> None:
    """Gmail cuts a mail off at 102 KB; one with the usual number of products stays below, from 10,000 alerts, too."""
    message = mail(ten_thousand())
    assert len(message.html.encode()) < 102_000
    assert "and 9600 more about 480 other products" in Page(message.html).text
    assert message.message_id == "digest-1"


def test_the_owners_template_takes_the_place() -> None:
    """It gets the same values, escaped."""
    folder = TEMPLATE.parent
    message = render(view(), receiver(template=TEMPLATE.name), "", folder)
    assert isinstance(message, MailMessage)
    assert message.html == mail(view()).html


# How it looks


def test_it_is_readable_in_both_schemes_and_loads_nothing() -> None:
    """Both metas, a background of its own for every scheme, no script, font or style from elsewhere, 600 px."""
    html = mail(view()).html
    page = Page(html)
    metas = {attributes.get("name"): attributes.get("content") for tag, attributes in page.elements if tag == "meta"}
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    assert not {"script", "link", "iframe", "form"} & {tag for tag, _ in page.elements}
    assert "@import" not in html
    assert "prefers-color-scheme: dark" in html
    assert "max-width:600px" in html
    for colour in (LIGHT["ground"], LIGHT["card"], DARK["ground"], DARK["card"]):
        assert colour in html
    assert not re.search(r"{[{%]", html)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 to 21, as WCAG 2.2 has it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_wcag_has_it() -> None:
    """Black on white is 21, a colour on itself 1."""
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert contrast("#777777", "#777777") == 1


@pytest.mark.parametrize(
    ("palette", "text"), list(product((LIGHT, DARK), ("text", "dim", "accent", "info", "warning", "critical")))
)
def test_text_can_be_read(palette: dict[str, str], text: str) -> None:
    """At least 4.5 to 1 on the card and on the ground, in both schemes."""
    assert min(contrast(palette[text], palette[ground]) for ground in ("card", "ground")) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_button_and_the_bars_can_be_seen(palette: dict[str, str]) -> None:
    """The button's text as any text; what is not text at least 3 to 1."""
    assert contrast(palette["on_button"], palette["button"]) >= 4.5
    assert min(contrast(bar, palette["card"]) for bar in BARS.values()) >= 3
