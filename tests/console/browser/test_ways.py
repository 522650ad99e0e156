"""The ways through the console that people take."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from console.sources import settings
from console.sources.console import Console
from operations.settings.editing import version_of
from tests.builders import ROOT
from tests.console.browser.conftest import OpenPage, violations
from tests.console.stage import RULES, Browser, MemoryStage, until
from tests.rules.scenario import MINUTE, Shop

pytestmark = pytest.mark.end_to_end

MANY = 10_000
A_SECOND = 100
SECONDS = 5


def test_an_edited_price_leads_to_the_verdicts_the_alert_and_its_mail(
    browser: Browser, stage: MemoryStage, open_page: OpenPage
) -> None:
    """Without a reload, beside the table; and from there to the record's own page."""
    shop = Shop().put(name="Mug", price=10, stock=3)
    stage.play(shop)
    stage.put("mug", name="Mug", price=10, stock=3)
    until(lambda: "Price of Mug" in browser.get("/").text)
    page = open_page(browser)
    page.get_by_label("Price of Mug").fill("8")
    page.keyboard.press("Enter")
    page.get_by_text("Waiting for the record of").wait_for()
    item = stage.dynamodb.get_item(TableName="products", Key={"productId": {"S": "mug"}})["Item"]
    assert item["price"] == {"N": "8"}
    stage.play(Shop(records=shop.put(after=MINUTE, price=8).records[1:]), delivered_to="merchandising")
    followed = page.locator("#followed")
    followed.get_by_text("dropped 20.0% from 10, needs 10%").wait_for()
    followed.get_by_text("delivered").wait_for()
    mail = page.frame_locator("#followed iframe")
    mail.get_by_text("Mug is 20% cheaper").first.wait_for()
    followed.get_by_role("link", name="Mug: the record's way").click()
    page.get_by_role("heading", name="What changed").wait_for()
    page.get_by_role("link", name="Mug: 8.00 USD, was 10.00").click()
    page.get_by_role("link", name="Dark").click()
    frame = page.frame_locator("iframe.mail")
    frame.get_by_text("Mug is 20% cheaper").first.wait_for()
    ground = frame.locator("body").evaluate("element => getComputedStyle(element).backgroundColor")
    assert ground == "rgb(17, 20, 24)"


def test_a_value_that_cannot_be_stored_is_refused_beside_the_table(
    browser: Browser, stage: MemoryStage, open_page: OpenPage
) -> None:
    """In words, and nothing is changed."""
    stage.put("mug", name="Mug", price=10)
    until(lambda: "Price of Mug" in browser.get("/").text)
    page = open_page(browser)
    page.get_by_label("Price of Mug").fill("cheap")
    page.keyboard.press("Enter")
    page.get_by_text("price takes a number").wait_for()


def test_a_value_that_somebody_else_has_changed_is_shown_beside_ones_own(
    browser: Browser, stage: MemoryStage, open_page: OpenPage, axe: str
) -> None:
    """One's own changes are no surprise, one after the other; another's is, and one decides again."""

    def price() -> str:
        item = stage.dynamodb.get_item(TableName="products", Key={"productId": {"S": "mug"}})["Item"]
        return str(item["price"]["N"])

    stage.put("mug", name="Mug", price=10)
    until(lambda: "Price of Mug" in browser.get("/").text)
    page = open_page(browser)
    field = page.get_by_label("Price of Mug")
    for value in ("9", "8.50"):
        field.fill(value)
        field.press("Enter")
        until(lambda value=value: price() == value)
        page.get_by_text("Waiting for the record of").wait_for()
    stage.put("mug", name="Mug", price=20)
    field.fill("7")
    field.press("Enter")
    page.get_by_text("was changed meanwhile: it is 20.00, and the page showed 8.5.").wait_for()
    assert violations(page, axe) == []
    assert price() == "20"
    page.get_by_role("button", name="Set it to 7 all the same").click()
    page.get_by_text("Waiting for the record of").wait_for()
    assert price() == "7"
    field.fill("6")
    field.press("Enter")
    until(lambda: price() == "6")


def test_a_rule_is_muted_and_unmuted(browser: Browser, stage: MemoryStage, open_page: OpenPage) -> None:
    """On the Health page, where an alert leads; what the button calls is said before."""
    (alert,) = stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8), delivered_to="everyone")
    until(lambda: browser.get(f"/alerts/{alert.id}").status == 200)
    page = open_page(browser, f"/alerts/{alert.id}")
    page.get_by_role("link", name="Mute rule price-drop about this product").click()
    assert page.get_by_text("dynamodb:PutItem").is_visible()
    page.get_by_role("button", name="Mute", exact=True).click()
    page.get_by_text("price-drop about mug is muted until").wait_for()
    page.get_by_role("button", name="Unmute price-drop about mug").click()
    page.get_by_text("price-drop about mug is not muted any more").wait_for()
    assert page.get_by_role("button", name="Unmute").count() == 0


def test_what_was_given_up_is_played_again(browser: Browser, stage: MemoryStage, open_page: OpenPage) -> None:
    """One by one, and the rest at once; each with its outcome, and the count beside the page's name goes."""
    for record in Shop().put(name="Mug", price=10).put("lamp", name="Lamp", price=20).put("cup", price=3).records:
        stage.park(record, "the ledger refuses it")
    page = open_page(browser, "/failures")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Play the chosen again").click()
    page.get_by_text("1 played; 2 left.").wait_for()
    page.get_by_role("link", name="Look again").click()
    page.get_by_text("Play 2 again …").click()
    assert page.get_by_role("group").get_by_text("lambda:Invoke").is_visible()
    page.get_by_role("button", name="Play all 2 again").click()
    page.get_by_text("2 played; 0 left.").wait_for()
    assert len(stage.function.events) == 3
    page.get_by_role("link", name="Look again").click()
    page.get_by_text("Nothing was given up").wait_for()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a project of the test's own."""
    folder = tmp_path / "project"
    for name in ("serverless.yml", "infrastructure/products-table.yml", "local/receivers.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "alerts.toml").write_text(RULES, "utf-8")
    monkeypatch.setattr(settings, "PROJECT", folder)
    return folder


def test_a_mistake_in_the_rules_is_shown_at_its_line_and_mended(
    browser: Browser, stage: MemoryStage, project: Path, open_page: OpenPage
) -> None:
    """While one types; then what would change, and saving."""
    stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8))
    until(lambda: "price-drop" in browser.get("/live").text)
    page = open_page(browser, "/rules")
    text = page.get_by_label("alerts.toml", exact=True)
    wrong = RULES.replace('at_least = "10%"', 'at_least = "cheap"')
    line = wrong.split("\n").index('at_least = "cheap"') + 1
    text.fill(wrong)
    page.locator(".gutter li.wrong").wait_for()
    assert page.locator(".gutter li.wrong").all_text_contents() == [str(line)]
    page.get_by_role("link", name=f"Line {line}").click()
    chosen = "(field) => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert text.evaluate(chosen) == 'at_least = "cheap"'
    page.get_by_role("button", name="Save alerts.toml").click()
    page.get_by_text("Not saved: there is 1 mistake").wait_for()
    text.fill(RULES.replace('at_least = "10%"', 'at_least = "30%"'))
    page.get_by_text("1 fewer").wait_for()
    until(lambda: page.locator(".gutter li.wrong").count() == 0)
    page.get_by_role("button", name="Save alerts.toml").click()
    page.get_by_text("saved", exact=True).wait_for()
    page.get_by_text("not deployed to the local stage yet").wait_for()
    saved = (project / "alerts.toml").read_bytes()
    assert b'at_least = "30%"' in saved
    stage.activity.deployment("rules", "", "deploying")
    page.get_by_text("Being deployed").wait_for()
    stage.activity.deployment("rules", version_of(saved), "deployed")
    page.get_by_text("The next record is judged by these rules").wait_for()
    assert page.get_by_text("not deployed to the local stage yet").count() == 0
    text.fill(RULES)
    page.get_by_role("button", name="Save alerts.toml").click()
    page.get_by_text("not deployed to the local stage yet").wait_for()
    stage.activity.deployment("rules", version_of(RULES.encode()), "refused", "alerts.toml: 1 mistake")
    page.get_by_text("alerts.toml: 1 mistake").wait_for()


def test_new_records_come_in_while_nobody_points_at_the_list(
    browser: Browser, stage: MemoryStage, open_page: OpenPage
) -> None:
    """With the pointer on it nothing moves: a pill says how many there are, and takes them in when it is pressed."""
    shop = Shop().put(name="Mug", price=10)
    stage.play(shop)
    until(lambda: "Mug" in browser.get("/live").text)
    page = open_page(browser, "/live")
    page.locator("tbody tr").first.wait_for()
    page.mouse.move(5, 880)
    stage.play(Shop(records=shop.put(after=MINUTE, price=8).records[1:]))
    page.get_by_text("price 10 → 8").wait_for()
    page.locator("tbody tr").first.hover()
    stage.play(Shop(records=shop.put(after=2 * MINUTE, price=7).records[2:]))
    pill = page.get_by_role("button", name="1 new")
    pill.wait_for()
    assert page.get_by_text("price 8 → 7").count() == 0
    pill.click()
    page.get_by_text("price 8 → 7").wait_for()


def test_ten_thousand_products_and_a_hundred_changes_a_second_leave_the_page_quick(
    served: tuple[Console, Browser], stage: MemoryStage, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search answers, and the list of what passes keeps up: what happened last is on it within a few seconds."""
    console, browser = served
    items = [
        {"productId": {"S": f"prod-{number:05}"}, "name": {"S": f"Product {number}"}, "price": {"N": "10"}}
        for number in range(MANY)
    ]
    table = console.products.table()
    monkeypatch.setattr(table, "pages", lambda: iter([items]))
    console.products.refresh()
    until(lambda: "10,000 products" in browser.get("/").text)
    page = open_page(browser, "/live")
    done = threading.Event()
    thread = threading.Thread(target=_change, args=(stage, done), daemon=True)
    thread.start()
    search = open_page(browser)
    waits = []
    for number in range(8):
        asked = time.monotonic()
        search.get_by_role("searchbox").fill(f"Product 99{number}")
        search.get_by_role("link", name=f"Product 99{number}", exact=True).wait_for()
        waits.append(time.monotonic() - asked)
    thread.join(60)
    assert done.is_set()
    page.mouse.move(5, 880)
    page.get_by_text(f"price 10 → {A_SECOND * SECONDS}").wait_for(timeout=5000)
    assert len(console.records.latest(MANY)) >= A_SECOND * SECONDS
    assert sorted(waits)[len(waits) // 2] < 2, waits


def _change(stage: MemoryStage, done: threading.Event) -> None:
    """Let a hundred records a second pass, in batches of ten."""
    number = 0
    began = time.monotonic()
    for _ in range(SECONDS * A_SECOND // 10):
        batch: list[dict[str, Any]] = []
        for _ in range(10):
            number += 1
            shop = Shop().put(f"prod-{number:05}", name=f"Product {number}", price=10)
            record = shop.put(f"prod-{number:05}", price=number).records[1]
            record["dynamodb"]["SequenceNumber"] = str(10**21 + number)
            batch.append(record)
        stage.activity.invoking(batch)
        stage.activity.invoked([each["dynamodb"]["SequenceNumber"] for each in batch], (), "")
        time.sleep(max(began + number / A_SECOND - time.monotonic(), 0))
    done.set()
