"""Products: found, changed in place, and followed."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from console.pages.products import PAGE
from console.sources.console import Console
from console.sources.product_rows import kept_text
from tests.console.stage import RULES, Browser, MemoryStage, console_of, until
from tests.rules.scenario import MINUTE, Shop

HOSTILE = "<script>alert(1)</script>\"'\u202e\x1b[31m{{7*7}}"


def test_products_are_listed_with_price_and_stock(browser: Browser, stage: MemoryStage) -> None:
    """A price has the digits of its currency, which the table drops."""
    stage.put("prod-1", name="Desk Lamp", price=49.9, stock=7)
    text = until(lambda: (found := browser.get("/").text) and "1 product" in found and found)
    assert 'aria-label="Price of Desk Lamp"' in text
    assert 'value="49.90"' in text
    assert 'value="7"' in text
    assert "1 product" in text


def test_an_empty_table_says_how_to_fill_it(browser: Browser) -> None:
    """With the command."""
    assert "npm run change" in until(lambda: (text := browser.get("/").text) and "is empty" in text and text)


def test_products_are_found_by_a_part_of_the_name_or_the_id(browser: Browser, stage: MemoryStage) -> None:
    """Whatever the case; the address keeps what was asked for."""
    stage.put("prod-1", name="Desk Lamp")
    stage.put("prod-2", name="Advent Mug")
    until(lambda: "Advent Mug" in browser.get("/").text)
    for asked, found, other in (("LAMP", "Desk Lamp", "Advent Mug"), ("od-2", "Advent Mug", "Desk Lamp")):
        text = browser.get(f"/?q={asked}").text
        assert f'value="{asked}"' in text
        assert found in text
        assert other not in text
        assert "<html" not in browser.part(f"/?q={asked}").text
    assert "No product has “nothing like it”" in browser.get("/?q=nothing+like+it").text


def test_many_products_have_pages(browser: Browser, stage: MemoryStage) -> None:
    """Each product is on one of them."""
    for number in range(PAGE + 5):
        stage.put(f"prod-{number:03}", name=f"No {number:03}")
    until(lambda: f"{PAGE + 5} products" in browser.get("/").text)
    pages = [browser.get(f"/?page={number}").text for number in (1, 2)]
    names = [re.findall(r">(No \d+)</a>", page) for page in pages]
    assert [len(found) for found in names] == [PAGE, 5]
    assert sorted(names[0] + names[1]) == [f"No {number:03}" for number in range(PAGE + 5)]
    assert "page=2" in pages[0]
    for asked in ("0", "-1", "x", "9" * 40, "%D9%A3"):
        assert browser.get(f"/?page={asked}").status == 200


def test_a_hostile_name_is_shown_as_text(browser: Browser, stage: MemoryStage) -> None:
    """Markup stays text, templates are not filled, and marks of direction are gone."""
    stage.put("prod-1", name=HOSTILE, price=1, stock='"><img src=x>')
    text = until(lambda: (found := browser.get("/").text) and "alert(1)" in found and found)
    for page in (text, browser.get("/product?k=prod-1").text):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "{{7*7}}" in page
        assert "\u202e" not in page
        assert "\x1b" not in page


@pytest.mark.parametrize(("role", "value"), [("price", "19.99"), ("stock", "0"), ("price", " 5 ")])
def test_a_value_is_changed_in_place(browser: Browser, stage: MemoryStage, role: str, value: str) -> None:
    """And nothing else of the product."""
    stage.put("prod-1", name="Desk Lamp", price=49.9, stock=7)
    kept = {"price": "N 49.9", "stock": "N 7"}[role]
    answer = browser.post("/product/set", {"k": "prod-1", "role": role, "kept": kept, "value": value})
    assert answer.status == 200
    assert "Waiting for the record" in answer.text
    item = stage.dynamodb.get_item(TableName="products", Key={"productId": {"S": "prod-1"}})["Item"]
    before = {"productId": {"S": "prod-1"}, "name": {"S": "Desk Lamp"}, "price": {"N": "49.9"}, "stock": {"N": "7"}}
    assert item == {**before, role: {"N": value.strip()}}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"k": "prod-1", "role": "price", "value": "cheap"}, "price takes a number"),
        ({"k": "prod-1", "role": "price", "value": ""}, "price takes a number"),
        ({"k": "prod-1", "role": "price", "value": "1" * 39}, "at most 38 digits"),
        ({"k": "prod-1", "role": "price", "value": "1e999"}, "exponent"),
        ({"k": "nobody", "role": "price", "value": "5"}, "not in the table any more"),
        ({"k": ["prod-1", "x"], "role": "price", "value": "5"}, "does not name a product"),
        ({"role": "price", "value": "5"}, "does not name a product"),
        ({"k": "", "role": "price", "value": "5"}, "must not be empty"),
        ({"k": "x" * 2049, "role": "price", "value": "5"}, "has 2048 bytes at the most"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_stored_is_refused_in_words(
    browser: Browser, stage: MemoryStage, form: dict[str, str], said: str
) -> None:
    """And nothing is changed."""
    stage.put("prod-1", price=10)
    answer = browser.post("/product/set", {"kept": "N 10", **form})
    assert answer.status == 200
    assert said in answer.text
    assert "Nothing was changed" in answer.text
    table = stage.dynamodb.scan(TableName="products")["Items"]
    assert table == [{"productId": {"S": "prod-1"}, "price": {"N": "10"}}]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/product?k=", "productId is part of the table&#39;s key and must not be empty."),
        (f"/product?k={'x' * 2049}", "has 2048 bytes at the most"),
        (f"/product?k={'%C3%BC' * 1025}", "has 2048 bytes at the most"),
        ("/product", "does not name a product"),
        ("/product?k=a&k=b", "does not name a product"),
    ],
    ids=lambda value: value[:30],
)
def test_an_address_that_can_be_no_product_is_not_found(browser: Browser, address: str, said: str) -> None:
    """AWS is not asked for what it would refuse."""
    answer = browser.get(address)
    assert answer.status == 404
    assert "The address does not name a product" in answer.text
    assert said in answer.text
    assert browser.get(f"/product?k={'x' * 2048}").status == 200


def item(stage: MemoryStage, product_id: str = "prod-1") -> Any:
    """Read what the table has."""
    return stage.dynamodb.get_item(TableName="products", Key={"productId": {"S": product_id}}).get("Item")


def hidden(text: str) -> dict[str, str]:
    """Give the form of a price as the page has it."""
    form = next(form for form in re.findall(r"<form.*?</form>", text, re.DOTALL) if 'value="price"' in form)
    inputs = re.findall(r'<input type="hidden" name="(\w+)"[^>]* ?value="([^"]*)"', form)
    return {name: unescape(value) for name, value in inputs}


def test_a_value_that_somebody_else_has_changed_is_not_overwritten(browser: Browser, stage: MemoryStage) -> None:
    """Both values are shown, and the change can be made all the same; with scripts and without."""
    stage.put("prod-1", name="Desk <Lamp>", price=49.9)
    shown = until(lambda: (found := browser.get("/").text) and "Desk" in found and hidden(found))
    assert shown == {"k": "prod-1", "role": "price", "kept": "N 49.9"}
    stage.put("prod-1", name="Desk <Lamp>", price=45)
    for headers, status in (({}, 200), ({"HX-Request": ""}, 409)):
        answer = browser.post("/product/set", {**shown, "value": "39"}, **headers)
        assert answer.status == status
        assert "it is <b>45.00</b>, and the page showed 49.9. Nothing was changed." in answer.text
        assert "Desk &lt;Lamp&gt;" in answer.text
        assert item(stage)["price"] == {"N": "45"}
    again = hidden(answer.text)
    assert again == {"k": "prod-1", "role": "price", "kept": "N 45", "value": "39"}
    written = browser.post("/product/set", again)
    assert item(stage)["price"] == {"N": "39"}
    (element,) = re.findall(
        r'<input type="hidden" name="kept" id="[^"]+" value="([^"]*)" hx-swap-oob="true">', written.text
    )
    assert browser.post("/product/set", {**shown, "kept": element, "value": "38"}).status == 200
    assert item(stage)["price"] == {"N": "38"}


def test_the_same_number_in_another_form_is_no_other_value(browser: Browser, stage: MemoryStage) -> None:
    """The list may have it as the stream wrote it."""
    stage.put("prod-1", price=49.9)
    for value in ("50.00", "0.000000000000000000000000000000000001", "5e10"):
        form = {"k": "prod-1", "role": "price", "kept": kept_text(item(stage)["price"]), "value": value}
        assert "Waiting" in browser.post("/product/set", form).text
    assert Decimal(item(stage)["price"]["N"]) == Decimal("5e10")
    assert kept_text({"N": "49.90"}) == kept_text({"N": "4.99e1"}) == "N 49.9"


def test_a_product_that_is_gone_is_not_brought_back_in_part(browser: Browser, stage: MemoryStage) -> None:
    """An update would make an item of one attribute."""
    answer = browser.post("/product/set", {"k": "gone", "role": "price", "kept": "N 10", "value": "5"})
    assert "not in the table any more" in answer.text
    assert item(stage, "gone") is None


def test_a_form_that_does_not_say_what_it_was_made_with_changes_nothing(browser: Browser, stage: MemoryStage) -> None:
    """Nobody can tell what it would overwrite."""
    stage.put("prod-1", price=10)
    answer = browser.post("/product/set", {"k": "prod-1", "role": "price", "value": "5"})
    assert "Reload the page" in answer.text
    assert item(stage)["price"] == {"N": "10"}


def test_a_text_stays_a_text(browser: Browser, stage: MemoryStage) -> None:
    """Also where the new one looks like a number: rules and other readers of the table know it as a text."""
    stage.put("prod-1", price="9.99 EUR")
    browser.post("/product/set", {"k": "prod-1", "role": "price", "kept": "S 9.99 EUR", "value": "8"})
    assert item(stage)["price"] == {"S": "8"}


@pytest.mark.parametrize(
    ("unit", "heading"), [("cents", "Price, in cents"), ("minor", "Price, in the currency&#39;s smallest unit")]
)
def test_prices_of_a_smaller_unit_are_whole_numbers(
    browser: Browser, stage: MemoryStage, unit: str, heading: str
) -> None:
    """The column says the unit; a fraction of it is refused with an example, and so is less than nothing."""
    stage.activity.rules(RULES.replace("[product]", f'[product]\nprice_unit = "{unit}"'))
    stage.put("prod-1", price=1999)
    until(lambda: heading in browser.get("/").text)
    for value in ("19.99", "-5", "abc", ""):
        refused = browser.post("/product/set", {"k": "prod-1", "role": "price", "kept": "N 1999", "value": value})
        assert "a whole number, such as 1999" in refused.text
    assert item(stage)["price"] == {"N": "1999"}
    browser.post("/product/set", {"k": "prod-1", "role": "price", "kept": "N 1999", "value": "1499"})
    assert item(stage)["price"] == {"N": "1499"}


def test_only_a_price_or_a_stock_is_changed(browser: Browser, stage: MemoryStage) -> None:
    """Whatever a form names."""
    stage.put("prod-1", price=10)
    assert browser.post("/product/set", {"k": "prod-1", "role": "name", "value": "x"}).status == 400
    assert browser.post("/product/set", {"k": "prod-1", "role": "price", "value": "5" * 3_000_000}).status == 413


def test_what_follows_a_change_is_shown_as_it_comes(browser: Browser, stage: MemoryStage) -> None:
    """First that it is waited for, then the record with its verdicts, its alert, and the mail."""
    stage.put("mug", name="Mug", price=10)
    changed = browser.post("/product/set", {"k": "mug", "role": "price", "kept": "N 10", "value": "8"})
    again = re.search(r'hx-get="([^"]+)"', changed.text)
    assert again
    stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8))
    address = again[1].replace("&amp;", "&")
    text = until(lambda: (found := browser.part(address).text) and "published" in found and found)
    assert "Mug: 8.00 USD, was 10.00" in text
    assert "dropped 20.0% from 10, needs 10%" in text
    assert "/mail?as=" in text


def test_a_product_leads_to_its_records_and_alerts(browser: Browser, stage: MemoryStage) -> None:
    """Also when it is gone from the table."""
    stage.play(Shop().put(name="Mug", price=10, stock=3).put(after=MINUTE, price=8))
    text = until(lambda: (found := browser.get("/product?k=mug").text) and "price-drop" in found and found)
    assert "The table does not have it any more" in text
    assert text.count("/records/") == 3  # two records, one alert


def test_a_deployed_stage_says_where_the_alerts_appear(stage: MemoryStage) -> None:
    """Records of a deployed stage are not read."""
    stage.put("mug", name="Mug", price=10)
    with console_of(stage, "prod") as (_, browser):
        assert "dynamodb:UpdateItem</code> on the table <code>products" in browser.get("/").text
        form = {"k": "mug", "role": "price", "kept": "N 10", "value": "8"}
        assert "/alerts?product=mug" in browser.post("/product/set", form).text


@pytest.fixture
def broken(stage: MemoryStage) -> Iterator[Browser]:
    """Serve a console whose table is gone."""
    stage.outputs["ProductsTableName"] = "nothing"
    with console_of(stage) as (_, browser):
        yield browser


def test_a_table_that_cannot_be_read_is_said_with_the_way_out(broken: Browser) -> None:
    """A list says what AWS said; one product is an error, with what to try."""
    text = until(lambda: (found := broken.get("/").text) and "could not be read" in found and found)
    assert "ResourceNotFoundException" in text
    answer = broken.get("/product?k=mug")
    assert answer.status == 502
    assert "npm start" in answer.text
    assert "ResourceNotFoundException" in answer.text
    assert "Traceback" not in text + answer.text


IDS = ("prod-123", "prod-123\u200b", " prod-123 ", "\u202e", "\r\n", "a" * 300, "two\r\nlines", "50%25", "x\x00")


def titles(text: str) -> list[str]:
    """Give the names in the titles of the alerts that a page lists."""
    return re.findall(r">(No \d): 8", text)


def test_a_products_page_has_its_own_records_and_alerts_and_no_others(browser: Browser, stage: MemoryStage) -> None:
    """Its id is taken as it is: whatever `clean` makes of it, and however long it is; also when it is gone."""
    shop = Shop()
    for number, product_id in enumerate(IDS):
        shop.put(product_id, name=f"No {number}", price=10).put(product_id, after=MINUTE, price=8)
    stage.play(shop)
    until(lambda: browser.get(f"/product?{urlencode({'k': IDS[-1]})}").text.count("/records/") == 3)
    for in_table in (False, True):
        for number, product_id in enumerate(IDS):
            if in_table:
                stage.put(product_id, name=f"No {number}", price=8)
            text = browser.get(f"/product?{urlencode({'k': product_id})}").text
            assert titles(text) == [f"No {number}"]
            assert text.count("/records/") == 3
            assert titles(browser.get(f"/alerts?{urlencode({'product': product_id})}").text) == [f"No {number}"]
    assert "Nothing was alerted about it" in browser.get("/product?k=%00").text


def test_products_that_look_alike_are_told_apart(browser: Browser, stage: MemoryStage) -> None:
    """On the list, on their pages and among the alerts: each has a name of its own, which is not empty."""
    shop = Shop()
    for product_id in IDS:
        stage.put(product_id)
        shop.put(product_id, price=10).put(product_id, after=MINUTE, price=8)
    stage.play(shop)
    text = until(lambda: (found := browser.get("/").text) and f"{len(IDS)} products" in found and found)
    names = re.findall(r'<a href="/product[^"]*">(.*?)</a>', text)
    assert len(set(names)) == len(names) == len(IDS)
    assert all(names)
    assert "\u202e" not in text
    pages = [browser.get(f"/product?{urlencode({'k': product_id})}").text for product_id in IDS]
    assert len({re.findall(r"<h1>(.*?)</h1>", page)[0] for page in pages}) == len(IDS)
    listed = browser.get("/alerts").text
    assert "prod-123\\u200b" in listed
    assert "\u200b" not in listed


@pytest.mark.parametrize("product_id", IDS)
def test_any_product_can_be_changed_in_place(browser: Browser, stage: MemoryStage, product_id: str) -> None:
    """As browsers send the form: a line feed of a hidden field as two characters; again after that, and a text too."""
    stage.put(product_id, price="10\n5")
    text = until(lambda: (found := browser.get("/").text) and "1 product" in found and found)
    form = as_browsers_send(hidden(text))
    assert "Changed" in browser.post("/product/set", {**form, "value": "8"}).text
    assert item(stage, product_id)["price"] == {"S": "8"}
    conflict = browser.post("/product/set", {**form, "value": "7" * 100})
    again = as_browsers_send(hidden(conflict.text))
    answer = browser.post("/product/set", again)
    assert item(stage, product_id)["price"] == {"S": "7" * 100}
    (kept,) = re.findall(
        r'<input type="hidden" name="kept" id="[^"]+" value="([^"]*)" hx-swap-oob="true">', answer.text
    )
    browser.post("/product/set", {**form, "kept": unescape(kept), "value": "6"})
    assert item(stage, product_id)["price"] == {"S": "6"}


def as_browsers_send(form: dict[str, str]) -> dict[str, str]:
    """Normalize the line feeds of a form. Source: HTML Standard, "Constructing the entry list"."""
    return {name: re.sub(r"\r\n|\r|\n", "\r\n", value) for name, value in form.items()}


@pytest.mark.parametrize("form", [{"k": "%ff"}, {"k": "prod-1", "kept": "N%ff"}], ids=str)
def test_a_form_that_no_page_wrote_is_refused(browser: Browser, form: dict[str, str]) -> None:
    """In words."""
    answer = browser.post("/product/set", {"role": "price", "value": "5", "kept": "N 10", **form})
    assert answer.status == 400
    assert "Reload the page" in answer.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"SS": ["19.99", "5"]}, "price is a set of texts in the table"),
        ({"NS": ["1", "2"]}, "price is a set of numbers"),
        ({"BS": [b"1"]}, "price is a set of binary values"),
        ({"M": {"eur": {"N": "5"}}}, "price is a map"),
        ({"L": [{"N": "5"}]}, "price is a list"),
        ({"B": b"7"}, "price is a binary value"),
        ({"BOOL": True}, "price is a yes or no"),
        ({"NULL": True}, "price is NULL"),
    ],
    ids=str,
)
def test_a_value_of_another_type_is_not_replaced(
    browser: Browser, stage: MemoryStage, typed: dict[str, Any], said: str
) -> None:
    """A number in the place of a map would be the end of the map."""
    stage.dynamodb.put_item(TableName="products", Item={"productId": {"S": "prod-1"}, "price": typed})
    before = item(stage)
    text = until(lambda: (found := browser.get("/").text) and "1 product" in found and found)
    answer = browser.post("/product/set", {**hidden(text), "value": "7"})
    assert said in answer.text
    assert "only a number or a text is changed here" in answer.text
    assert "Nothing was changed" in answer.text
    assert item(stage) == before


def test_all_of_an_id_and_a_name_is_searched(browser: Browser, stage: MemoryStage) -> None:
    """What the list cuts off, too; and the whole of what is asked for."""
    stage.put("prod-1", name="a" * 150 + " needle")
    stage.put("b" * 150 + "-needle-2", name="Mug")
    until(lambda: "2 products" in browser.get("/").text)
    assert "2 products with" in browser.get("/?q=needle").text
    assert "1 product with" in browser.get("/?q=NEEDLE-2").text
    assert "1 product with" in browser.get(f"/?q={'a' * 140}").text
    assert "No product has" in browser.get(f"/?q={'b' * 150}-needle-2-and-{'c' * 100}").text


def test_a_list_that_is_read_anew_is_not_said_to_be_a_part(
    served: tuple[Console, Browser], stage: MemoryStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it was read, a moment ago."""
    console, browser = served
    stage.put("prod-1", name="Mug")
    until(lambda: "1 product" in browser.get("/").text and console.products.whole)
    table = console.products.table()
    go_on, plain = threading.Event(), table.pages
    monkeypatch.setattr(table, "pages", lambda: (go_on.wait(20), plain())[1])
    console.products._read_at -= 1000
    try:
        text = browser.get("/").text
        assert console.products._reading
        assert "that were read" not in text
        assert "1 product" in text
    finally:
        go_on.set()
