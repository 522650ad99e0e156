"""Mutes: listed, made and taken back on the Health page, by the code of the commands."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from operations.ledger.mutes import mute, mutes_of
from tests.console.stage import Browser, MemoryStage, console_of, until
from tests.rules.scenario import MINUTE, Shop

HOSTILE = "<script>1</script>\u202e"


def muted(stage: MemoryStage) -> list[tuple[str | None, str | None]]:
    """Give the rules and products that the ledger has as muted."""
    found = mutes_of(stage.find("local", None, None), datetime.now(UTC))
    return [(each["rule"], each["product"]) for each in found]


@pytest.mark.parametrize(
    ("form", "expected", "said"),
    [
        ({"rule": "price-drop", "until": "2h"}, ("price-drop", None), "price-drop is muted until 20"),
        ({"product": "mug", "until": "3d"}, (None, "mug"), "every rule about mug is muted until 20"),
        ({"rule": "sold-out", "product": "mug", "until": "2h"}, ("sold-out", "mug"), "sold-out about mug is muted"),
    ],
)
def test_a_rule_a_product_or_both_are_muted_and_unmuted(
    browser: Browser, stage: MemoryStage, form: dict[str, str], expected: tuple[str, str], said: str
) -> None:
    """As the command does; the row has the way back."""
    answer = browser.post("/health/mute", form)
    assert said in answer.text
    assert muted(stage) == [expected]
    assert browser.get("/health").text.count(">Unmute</button>") == 1
    back = browser.post("/health/unmute", {"rule": expected[0] or "", "product": expected[1] or ""})
    assert "is not muted any more" in back.text
    assert muted(stage) == []
    assert "was not muted any more" in browser.post("/health/unmute", {"rule": "price-drop"}).text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"until": "2h"}, "Choose a rule, name a product, or both."),
        ({"rule": "price-drop"}, "expected a span such as"),
        ({"rule": "price-drop", "until": "yesterday"}, "Until yesterday: expected a span"),
        ({"rule": "price-drop", "until": "2020-01-01"}, "has to end in the future"),
        ({"rule": "price-drop", "until": "9999d"}, "may last 366 days"),
        ({"rule": "price-dorp", "until": "2h"}, "did you mean price-drop?"),
        ({"product": "x" * 5000, "until": "2h"}, "cannot be muted"),
    ],
    ids=str,
)
def test_what_cannot_be_muted_is_refused_in_words(
    browser: Browser, stage: MemoryStage, form: dict[str, str], said: str
) -> None:
    """And nothing is changed; without scripts the refusal is a page."""
    answer = browser.post("/health/mute", form)
    assert said in answer.text
    assert "Nothing was changed" in answer.text
    assert muted(stage) == []
    page = browser.post("/health/mute", form, **{"HX-Request": ""})
    assert page.status == 400
    assert said in page.text


def test_without_scripts_the_page_is_shown_again(browser: Browser, stage: MemoryStage) -> None:
    """With the mute on it."""
    answer = browser.post("/health/mute", {"rule": "price-drop", "until": "2h"}, **{"HX-Request": ""})
    assert (answer.status, answer.headers["location"]) == (303, "/health#mutes")
    assert muted(stage) == [("price-drop", None)]


def test_an_alert_leads_to_the_mute_of_its_rule_and_product(browser: Browser, stage: MemoryStage) -> None:
    """The form is filled in, and says what the button calls."""
    (alert,) = stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8), delivered_to="everyone")
    text = until(lambda: (found := browser.get(f"/alerts/{alert.id}").text) and "Mute rule" in found and found)
    (address,) = re.findall(r'<a href="([^"]+)">Mute rule price-drop', text)
    assert address == "/health?rule=price-drop&amp;product=mug#muted"
    page = browser.get("/health?rule=price-drop&product=mug").text
    assert "<option selected>price-drop</option>" in page
    assert 'name="product" value="mug"' in page
    assert '<details class="ask" open>' in page
    assert "dynamodb:PutItem" in page


def test_a_hostile_product_is_shown_as_text(browser: Browser, stage: MemoryStage) -> None:
    """And can be unmuted by its own name."""
    now = datetime.now(UTC)
    mute(stage.find("local", None, None), "", HOSTILE, now + timedelta(hours=1), now)
    for text in (browser.get("/health").text, browser.get("/health?product=%3Cscript%3E1").text):
        assert "<script>1" not in text
    browser.post("/health/unmute", {"product": HOSTILE})
    assert muted(stage) == []


def test_a_deployed_stage_is_muted_with_write_alone(stage: MemoryStage) -> None:
    """Else the page has the command."""
    form = {"rule": "price-drop", "until": "2h"}
    with console_of(stage, "prod", writes=False) as (_, browser):
        text = browser.get("/health").text
        assert "operations mute --rule NAME --until 2h --stage prod" in text
        assert "/health/mute" not in text
        assert browser.post("/health/mute", form).status == 403
        assert browser.post("/health/unmute", form).status == 403
    assert muted(stage) == []
    with console_of(stage, "prod") as (console, browser):
        (name, *_) = [rule.name for rule in console.rules.rules]
        assert "is muted until" in browser.post("/health/mute", {"rule": name, "until": "2h"}).text
        assert browser.post("/health/mute", form, origin="http://shop.example").status == 403


ALIKE = ("prod-123", " prod-123 ", "prod-123\u200b", "two\nlines", "50%25", "x" * 512)


@pytest.mark.parametrize("product", ALIKE)
def test_a_mute_is_about_the_product_that_was_named_and_no_other(
    browser: Browser, stage: MemoryStage, product: str
) -> None:
    """Typed, or from the address of an alert's page; and taken back from its row, as browsers send it."""
    browser.post("/health/mute", {"product": product, "until": "2h"})
    assert muted(stage) == [(None, product)]
    text = browser.get("/health").text
    assert unmute_from_row(browser, text)
    assert muted(stage) == []
    page = browser.get(f"/health?{urlencode({'rule': 'price-drop', 'product': product})}").text
    form = page.partition('action="/health/mute"')[2].partition("</form>")[0]
    ((name, value),) = re.findall(r'name="(product|exact)" value="([^"]*)"', form)
    sent = re.sub(r"\r?\n", "\r\n" if name == "exact" else "", unescape(value))
    assert "is muted until" in browser.post("/health/mute", {name: sent, "until": "2h"}).text
    assert muted(stage) == [(None, product)]


def unmute_from_row(browser: Browser, text: str) -> bool:
    """Press the button of the only row."""
    (form,) = re.findall(r'action="/health/unmute".*?</form>', text, re.DOTALL)
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    sent = {name: re.sub(r"\r?\n", "\r\n", value) for name, value in fields.items()}
    return "is not muted any more" in browser.post("/health/unmute", sent).text


def test_mutes_of_products_that_look_alike_are_told_apart(browser: Browser) -> None:
    """In the list, and in what is said of each."""
    for product in ALIKE[:3]:
        browser.post("/health/mute", {"product": product, "until": "2h"})
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>', browser.get("/health").text.partition('id="mutes"')[2])
    assert len({row for row in rows if "prod-123" in row}) == 3


def test_an_alert_leads_to_the_mute_of_its_very_product(browser: Browser, stage: MemoryStage) -> None:
    """And to its record's way."""
    shop = Shop().put(" mug ", name="Mug", price=10).put(" mug ", after=MINUTE, price=8)
    (alert,) = stage.play(shop, delivered_to="everyone")
    text = browser.get(f"/alerts/{alert.id}").text
    assert text.count("product=+mug+") == 2
