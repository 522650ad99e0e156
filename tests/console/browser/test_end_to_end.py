"""The console on the laptop's own stack: a price edited in the browser goes through stream, function and topic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.aws.stage import Stage
from operations.deployed.running import Running
from tests.conftest import DeployedService
from tests.console.browser.conftest import OpenPage
from tests.console.stage import Browser, serving, until

pytestmark = pytest.mark.end_to_end


@pytest.fixture
def browser(deployed_service: DeployedService, tmp_path: Path) -> Iterator[Browser]:
    """Serve a console of the deployed stack."""
    service = deployed_service
    run = Running(service.aws.endpoint_url, service.outputs.products_table_name, directory=service.directory)
    with serving(Stage("local", running=lambda: run), tmp_path) as (_, served):
        yield served


def test_an_edited_price_becomes_an_alert_and_a_delivered_mail(
    deployed_service: DeployedService, browser: Browser, open_page: OpenPage
) -> None:
    """On the screen without a reload, each delivery with its outcome; the history and the failures page know of it."""
    outputs = deployed_service.outputs
    item = {"productId": {"S": "console-1"}, "name": {"S": "Tea Pot"}, "price": {"N": "25.99"}, "stock": {"N": "12"}}
    deployed_service.aws.client("dynamodb").put_item(TableName=outputs.products_table_name, Item=item)
    until(lambda: "Price of Tea Pot" in browser.get("/?q=Tea+Pot").text, 30)
    until(lambda: _is_done(browser), 90)  # the function has started
    page = open_page(browser, "/?q=Tea+Pot")
    page.set_default_timeout(60_000)
    page.get_by_label("Price of Tea Pot").fill("19.99")
    page.keyboard.press("Enter")
    began = time.monotonic()
    followed = page.locator("#followed")
    followed.get_by_text("dropped 23.1% from 25.99, needs 10%").wait_for()
    page.frame_locator("#followed iframe").get_by_text("Tea Pot is 23% cheaper").first.wait_for()
    seconds = time.monotonic() - began
    followed.get_by_role("row", name="merchandising delivered").wait_for(timeout=110_000)
    page.goto(browser.origin + "/alerts?product=console-1")
    page.get_by_role("link", name="Tea Pot: 19.99 USD, was 25.99", exact=True).click()
    page.get_by_text("published").first.wait_for()
    for path in ("/failures", "/health", "/live"):
        assert browser.get(path).status == 200
    assert seconds < 30, "on a laptop that does nothing else it is under two seconds"


def _is_done(browser: Browser) -> bool:
    """Tell whether the new product has raised its alert."""
    return "New product: Tea Pot" in browser.get("/alerts?product=console-1").text
