"""Every page: accessible, at phone width, in the dark, by keyboard, without scripts, and small."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from tests.console.browser.conftest import EMPTY, OpenPage, in_both_widths
from tests.console.stage import TOKEN, Browser, MemoryStage, until
from tests.rules.scenario import MINUTE, Shop

pytestmark = pytest.mark.end_to_end

HOSTILE = "<img src=x onerror=document.title='owned'>\"'</script><script>document.title='owned'</script>{{7*7}}"
LARGEST_FIRST_PAGE = 100_000  # bytes over the wire
QUICKEST = 0.2  # seconds
SAMPLE_SECONDS = 0.03  # of CPU
LEAST_LOADS, MOST_LOADS = 8, 40


@pytest.fixture
def paths(browser: Browser, stage: MemoryStage) -> list[str]:
    """Fill the stage with something for each page, its names hostile, and give the pages' addresses."""
    shop = Shop().put(name=HOSTILE, price=10, stock=3).put(after=MINUTE, price=8).put(after=2 * MINUTE, stock=0)
    alerts = stage.play(shop, delivered_to="everyone")
    stage.activity.mapping({"outcome": "retry"}, HOSTILE)
    stage.park(shop.records[0], HOSTILE)
    stage.put("mug", name=HOSTILE, price=8, stock=0)
    number = shop.records[1]["dynamodb"]["SequenceNumber"]
    until(lambda: browser.get(f"/records/{number}?product=mug").status == 200 and "7*7" in browser.get("/").text)
    return [
        "/",
        "/product?k=mug",
        f"/records/{number}?product=mug",
        "/live",
        "/alerts",
        "/alerts?product=nobody",
        f"/alerts/{alerts[0].id}",
        f"/alerts/{alerts[0].id}?as=buyers",
        f"/alerts/{alerts[0].id}?as=stock-system",
        "/failures",
        "/rules",
        "/rules?file=receivers",
        "/health",
        "/nowhere",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_passes_the_accessibility_check(
    browser: Browser, paths: list[str], open_page: OpenPage, axe: str, scheme: str
) -> None:
    """In both schemes, contrast included, wide and at phone width."""
    said = []
    for page, _, _, found in in_both_widths(browser, paths, open_page, axe, scheme):
        said += found
        page.complaints[:] = [said for said in page.complaints if "404" not in said]
    assert said == []


def test_no_page_is_wider_than_a_phone(browser: Browser, paths: list[str], open_page: OpenPage) -> None:
    """Nothing is cut off: what is wide scrolls within the page."""
    page = open_page(browser, width=375)
    for path in paths:
        page.goto(browser.origin + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path
    page.complaints[:] = [said for said in page.complaints if "404" not in said]


def test_the_chart_can_be_read_on_a_phone(browser: Browser, paths: list[str], open_page: OpenPage) -> None:
    """Its texts stay as large as elsewhere: it scrolls by itself."""
    assert paths
    page = open_page(browser, "/health", width=375)
    drawn, wide = page.evaluate(
        "(() => { const chart = document.querySelector('svg.chart');"
        " return [chart.getBoundingClientRect().width, chart.viewBox.baseVal.width]; })()"
    )
    assert drawn >= wide


def test_a_hostile_name_runs_nowhere(browser: Browser, paths: list[str], open_page: OpenPage) -> None:
    """It is shown as it is, on every page."""
    page = open_page(browser)
    shown = 0
    for path in paths:
        page.goto(browser.origin + path)
        page.wait_for_timeout(50)
        assert page.title() != "owned"
        assert page.locator("main img, main script").count() == 0
        shown += "{{7*7}}" in page.content()
    assert shown > 5
    page.complaints[:] = [said for said in page.complaints if "404" not in said]


def test_the_dark_scheme_is_dark(browser: Browser, paths: list[str], open_page: OpenPage) -> None:
    """By the reader's own setting."""
    assert paths
    grounds = [
        open_page(browser, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    light, dark = ([int(part) for part in re.findall(r"\d+", ground)] for ground in grounds)
    assert min(light) > 200
    assert max(dark) < 60


def test_every_page_can_be_read_without_scripts(browser: Browser, paths: list[str], open_page: OpenPage) -> None:
    """The same text as with them, and the ways to the other pages."""
    page = open_page(browser, java_script_enabled=False)
    for path in paths:
        page.goto(browser.origin + path)
        assert page.locator("h1").count() == 1
        assert page.locator("nav a").count() == 6
    page.goto(browser.origin + "/alerts")
    page.locator("tbody th a").first.click()
    assert "What changed" in page.content()
    page.complaints.clear()


def test_the_console_is_used_by_keyboard(browser: Browser, stage: MemoryStage, open_page: OpenPage) -> None:
    """/ searches, arrows go through a list, Enter opens, Esc goes back."""
    for number in range(3):
        stage.put(f"prod-{number}", name=f"No {number}", price=10)
    until(lambda: "No 2" in browser.get("/").text)
    page = open_page(browser)
    page.keyboard.press("/")
    page.keyboard.type("No 1")
    until(lambda: page.locator("tbody tr").count() == 1)
    assert page.url.endswith("/?q=No%201")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/product?k=prod-1")
    page.keyboard.press("Escape")
    page.wait_for_url("**/?q=No%201")
    page.goto(browser.origin + "/")
    page.get_by_label("Price of No 0").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Price of No 1"


def times_longer() -> float:
    """Tell how many times as long as its CPU time work takes now: 1 on an idle machine."""
    started, worked = time.perf_counter(), time.thread_time()
    while time.thread_time() - worked < SAMPLE_SECONDS:
        pass
    return (time.perf_counter() - started) / (time.thread_time() - worked)


def test_the_first_page_is_small_and_quick(
    browser: Browser, stage: MemoryStage, open_page: OpenPage, request: pytest.FixtureRequest
) -> None:
    """Under 100 KB over the wire with all that it loads, and under 200 ms, by a browser that has nothing of it yet.

    The bytes are what they are. The machine has other tests to run at the same time: a load may take as many times
    longer as other work does at that moment, and the best one counts.
    """
    for number in range(50):
        stage.put(f"prod-{number:03}", name=f"No {number}", price=10, stock=number)
    until(lambda: "50 products" in browser.get("/").text)
    seconds: list[float] = []
    while len(seconds) < LEAST_LOADS or (min(seconds) >= QUICKEST and len(seconds) < MOST_LOADS):
        page = open_page(browser, EMPTY)
        longer = times_longer()
        loaded: dict[str, int] = {}
        requests: list[Any] = []
        page.on("requestfinished", lambda each, requests=requests: requests.append(each))
        page.goto(f"{browser.origin}/?launch={TOKEN}", wait_until="load")
        page.wait_for_timeout(200)
        for each in requests:
            sizes = each.sizes()
            loaded[each.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]
        assert len(loaded) >= 5
        assert all(address.startswith(browser.origin) for address in loaded)
        assert sum(loaded.values()) < LARGEST_FIRST_PAGE
        took = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
        seconds.append(took / longer)
        page.close()
    measured = f"{sum(loaded.values()):,} bytes over the wire; seconds of each load: {sorted(seconds)}"
    request.node.add_report_section("call", "first page", measured)  # -rA shows it
    assert min(seconds) < QUICKEST, seconds
