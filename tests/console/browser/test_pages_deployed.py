"""What pages show of a deployed stage alone: accessible, at phone width, without scripts, and hostile to nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from console.sources import settings
from notifications.common.errors import DeliveryFailedError
from notifications.publishing.messages import to_message
from operations.ledger.mutes import mute
from tests.builders import added, rules
from tests.console.browser.conftest import OpenPage, in_both_widths
from tests.console.browser.test_pages import HOSTILE
from tests.console.stage import PUBLISHED_AT, RULES, Browser, MemoryStage, console_of
from tests.lambda_log import lambda_log, report
from tests.notifications.delivery.handling.test_delivery import Function
from tests.rules.scenario import MINUTE, Shop
from tests.service import DOWN, Service

pytestmark = pytest.mark.end_to_end

GIVEN_UP = "4200000000000000000001"


@pytest.fixture
def shop(stage: MemoryStage) -> Shop:
    """Have a shop whose functions logged of all kinds, and whose ledger has its alerts."""
    shop = Shop().put(name=HOSTILE, price=10, stock=3).put(after=MINUTE, price=8).put(after=2 * MINUTE, stock=0)
    function = Function()
    with lambda_log() as lines:
        for alert in stage.play(shop, delivered_to="everyone"):
            for error in (DeliveryFailedError(HOSTILE), None):
                function.fail(error)
                function.receive(to_message(alert).body)
    stage.logged(lines, delivery=True)
    with lambda_log(level=logging.DEBUG) as lines:
        Service(rules(RULES)).handle(*shop.records)
        Service(failure_of=lambda _: DOWN).handle(added("a", 3))
        Service().handle({"dynamodb": {"SequenceNumber": GIVEN_UP}})
        Service().handle()
        logging.getLogger("notifications").error(HOSTILE)
    stage.logged([*lines, report("timeout"), report("error", errorType=HOSTILE)])
    stage.put("mug", name=HOSTILE, price=8, stock=0)
    now = datetime.now(UTC)
    mute(stage.find("prod", None, None), "", HOSTILE, now + timedelta(hours=2), now)
    return shop


@pytest.fixture
def browser(stage: MemoryStage, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """Serve a console of stage prod that may write."""
    assert shop
    monkeypatch.setattr(settings, "HISTORY_DAYS", 3000)
    with console_of(stage, "prod") as (console, browser):
        console.now = lambda: PUBLISHED_AT + 60
        yield browser


@pytest.fixture
def paths(shop: Shop) -> list[str]:
    """Give the addresses of the pages."""
    number = shop.records[1]["dynamodb"]["SequenceNumber"]
    return [
        "/",
        "/live",
        "/live?show=deliveries",
        "/live?show=trouble",
        f"/records/{number}?product=mug",
        f"/records/{number}/logged?product=mug",
        f"/records/{GIVEN_UP}",
        "/rules?on=history",
        "/health?rule=price-drop&product=%3Cb%3E",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_passes_the_accessibility_check_and_fits_a_phone(
    browser: Browser, paths: list[str], open_page: OpenPage, axe: str, scheme: str
) -> None:
    """In both schemes, wide and at phone width; a hostile name runs nowhere."""
    said = []
    for page, path, width, found in in_both_widths(browser, paths, open_page, axe, scheme):
        said += found
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.title() != "owned"
        assert page.locator("main img, main script").count() == 0
    assert said == []


def test_every_page_can_be_read_without_scripts(browser: Browser, paths: list[str], open_page: OpenPage) -> None:
    """What was logged of a record is a page of its own then."""
    page = open_page(browser, java_script_enabled=False)
    for path in paths:
        page.goto(browser.origin + path)
        assert page.locator("h1").count() == 1
    page.goto(browser.origin + "/live?show=deliveries")
    page.locator("tbody th a").first.click()
    page.get_by_role("link", name="Look into the logs").click()
    page.locator("ol.logged li").nth(1).wait_for()


def test_a_delivery_leads_to_the_records_way_and_its_attempts(browser: Browser, open_page: OpenPage) -> None:
    """By the keyboard alone; what was logged comes by itself."""
    page = open_page(browser, "/live?show=deliveries")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/records/**")
    page.get_by_text("attempt 1 failed, next in 5 s").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_url("**/live?show=deliveries")


def test_what_is_logged_comes_in_by_itself(browser: Browser, stage: MemoryStage, open_page: OpenPage) -> None:
    """While nobody points at the list."""
    page = open_page(browser, "/live?show=trouble")
    page.locator("tbody tr").first.wait_for()
    page.mouse.move(5, 880)
    stage.logged([report("timeout", "r-9", 77_000)])
    page.get_by_text("ran out of time after 77.0 s").wait_for()
