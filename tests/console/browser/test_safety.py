"""What other pages, and other names for this machine, can do to the console: nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.console.browser.conftest import OpenPage
from tests.console.stage import Browser, MemoryStage, until

pytestmark = pytest.mark.end_to_end


@pytest.fixture(autouse=True)
def product(stage: MemoryStage) -> None:
    """Have a product that nobody else may change."""
    stage.put("prod-1", name="Mug", price=10)


def price(stage: MemoryStage) -> str:
    """Read what the table has."""
    return str(stage.dynamodb.get_item(TableName="products", Key={"productId": {"S": "prod-1"}})["Item"]["price"]["N"])


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[str]:
    """Serve a page of somebody else's, which asks the console for things; give its address."""
    target = browser.origin
    script = f"""
      document.title = "trying";
      const body = new URLSearchParams({{ k: "prod-1", role: "price", kept: "N 10", value: "1" }});
      const tries = [
        fetch("{target}/product/set", {{ method: "POST", body, credentials: "include", mode: "no-cors" }}),
        fetch("{target}/product/set", {{ method: "POST", body, credentials: "include" }}),
        fetch("{target}/", {{ credentials: "include" }})
          .then((answer) => answer.text()).then((text) => {{ window.read = text; }}),
      ];
      Promise.allSettled(tries).then(() => {{ document.title = "tried"; }});
    """
    page = (
        f'<!doctype html><title>a shop</title><form id="f" method="post" action="{target}/product/set">'
        '<input name="k" value="prod-1"><input name="role" value="price"><input name="kept" value="N 10">'
        '<input name="value" value="2"></form>'
        f'<iframe id="i" src="{target}/"></iframe><script>{script}</script>'
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://shop.example:{server.server_address[1]}/"
        server.shutdown()
        thread.join(5)


def test_another_page_changes_nothing_and_reads_nothing(
    browser: Browser, stage: MemoryStage, elsewhere: str, open_page: OpenPage
) -> None:
    """By fetch, by a form, or in a frame, in the browser of somebody who uses the console."""
    page = open_page(browser)
    page.goto(elsewhere)
    page.wait_for_function("document.title === 'tried'")
    assert page.evaluate("window.read") is None
    assert "Mug" not in "".join(_text(frame) for frame in page.frames)
    page.evaluate("document.getElementById('f').submit()")
    page.wait_for_url("**/product/set")
    assert "Nothing was changed" in page.content() or "printed" in page.content()
    assert price(stage) == "10"
    page.complaints.clear()


def _text(frame: Any) -> str:
    try:
        return str(frame.content())
    except Exception:  # noqa: BLE001 - a frame that was refused has none
        return ""


def test_another_name_for_this_machine_is_not_answered(browser: Browser, open_page: OpenPage) -> None:
    """As when somebody lets a name of theirs lead here."""
    page = open_page(browser)
    answer = page.goto(f"http://shop.example:{browser.port}/")
    assert answer.status == 421
    assert "Mug" not in page.content()
    page.complaints.clear()


def test_the_token_leaves_the_address_bar_and_scripts_cannot_read_it(browser: Browser, open_page: OpenPage) -> None:
    """It is in a strict cookie from then on."""
    until(lambda: "Mug" in browser.get("/").text)
    page = open_page(browser)
    assert page.url == f"{browser.origin}/"
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["sameSite"], cookie["httpOnly"]) == ("Strict", True)


def test_without_the_token_nothing_can_be_changed(browser: Browser, open_page: OpenPage) -> None:
    """The page says how to get it."""
    until(lambda: "Mug" in browser.get("/").text)
    page = open_page(browser, trusted=False)
    assert page.get_by_text("Mug").count() == 1
    assert page.locator("form.cell").count() == 0
    assert page.get_by_text("open the address that the console printed").count() == 1
