"""The guard: who is answered, who may change something, and what stands on every answer."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from console.safety.guard import HEADERS
from tests.console.stage import TOKEN, Browser, MemoryStage, console_of, until

EDIT = {"k": "prod-1", "role": "price", "kept": "N 10", "value": "5"}
PAGES = ("/", "/live", "/alerts")


@pytest.fixture(autouse=True)
def product(stage: MemoryStage) -> None:
    """Have a product in the table."""
    stage.put("prod-1", name="Mug", price=10)


def price(stage: MemoryStage) -> str:
    """Read what the table has."""
    item = stage.dynamodb.get_item(TableName="products", Key={"productId": {"S": "prod-1"}})["Item"]
    return str(item["price"]["N"])


@pytest.mark.parametrize(
    "host", ["shop.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.nip.io:{port}", "localhost:{port}.", ""]
)
def test_an_unknown_host_is_refused(browser: Browser, host: str) -> None:
    """A name that somebody else lets lead to this machine reads nothing, page or file."""
    for path in (*PAGES, "/static/console.css"):
        answer = browser.ask(
            "GET", path, None, {"host": host.format(port=browser.port) or "x", "cookie": browser.cookie}
        )
        assert answer.status == 421
        assert "Mug" not in answer.text


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_names_are_answered(browser: Browser, name: str) -> None:
    """Whichever of them is in the address bar."""
    assert browser.get("/", host=f"{name}:{browser.port}").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://shop.example"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"cookie": ""},
        {"cookie": "console-{port}=guessed"},
        {"cookie": "console-{port}=" + TOKEN[:-1]},
        {"cookie": "console-1=" + TOKEN},
    ],
    ids=str,
)
def test_a_change_needs_the_pages_own_origin_and_the_launchs_token(
    browser: Browser, stage: MemoryStage, headers: dict[str, str]
) -> None:
    """Each alone is not enough, and nothing is changed."""
    given = {name: value.format(port=browser.port) for name, value in headers.items()}
    assert browser.post("/product/set", EDIT, **given).status == 403
    assert price(stage) == "10"


def test_with_both_the_change_is_made(browser: Browser, stage: MemoryStage) -> None:
    """So the refusals above are for the reason that they name."""
    assert browser.post("/product/set", EDIT).status == 200
    assert price(stage) == "5"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_changes_too(browser: Browser, method: str) -> None:
    """They are refused without the token."""
    assert browser.ask(method, "/", None, {}).status == 403


def test_the_token_comes_with_the_printed_address_and_moves_into_a_strict_cookie(browser: Browser) -> None:
    """It leaves the address bar at once; scripts cannot read it, other sites' requests do not carry it."""
    answer = browser.ask("GET", f"/alerts?launch={TOKEN}&rule=price-drop", None, {})
    assert (answer.status, answer.headers["location"]) == (303, "/alerts?rule=price-drop")
    cookie = answer.headers["set-cookie"]
    assert cookie == f"{browser.cookie}; Path=/; HttpOnly; SameSite=Strict"


def test_a_wrong_token_brings_no_cookie(browser: Browser) -> None:
    """The page is shown, and changes nothing."""
    answer = browser.ask("GET", "/?launch=guessed", None, {})
    assert answer.status == 303
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/\\evil.example", "http://evil.example/"])
def test_the_address_leads_to_this_console_alone(browser: Browser, path: str) -> None:
    """Whatever path stands before the token, no browser takes what comes of it for another host."""
    answer = browser.ask("GET", f"{path}?launch={TOKEN}", None, {})
    location = answer.headers.get("location", "/")
    assert urljoin(f"http://127.0.0.1:{browser.port}/", location).startswith(f"http://127.0.0.1:{browser.port}/")
    assert "\\" not in location


@pytest.mark.parametrize("other", ['prefs={"a":1}', "a[b]=1", "foo", "path=/", 'q="', "=", ";;"])
def test_cookies_of_other_local_servers_are_in_nobodys_way(browser: Browser, other: str) -> None:
    """A browser sends a host's cookies to all of its ports, however odd they are."""
    for cookie in (f"{other}; {browser.cookie}", f"{browser.cookie}; {other}"):
        assert browser.post("/product/set", EDIT, cookie=cookie).status == 200


def test_the_token_stands_on_no_page(browser: Browser) -> None:
    """What could be read of a page would not be enough to make a change."""
    for path in PAGES:
        assert TOKEN not in browser.get(path).text


def test_without_the_token_the_laptops_pages_can_be_read_and_offer_no_change(browser: Browser) -> None:
    """A bookmark outlives a launch."""
    answer = until(lambda: (found := browser.get("/", cookie="")) and "Mug" in found.text and found)
    assert answer.status == 200
    assert "/product/set" not in answer.text


def test_every_answer_has_the_policy(browser: Browser) -> None:
    """Pages, files, refusals, and what is not there: no inline script, nothing from elsewhere, in nobody's frame."""
    answers = [browser.get(path) for path in (*PAGES, "/static/console.css", "/nowhere", "/records/1")]
    answers += [browser.post("/product/set", EDIT, origin="http://shop.example"), browser.get("/", host="x")]
    for answer in answers:
        for name, value in HEADERS.items():
            if name != "Cache-Control":
                assert answer.headers[name.lower()] == value
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_page_needs_nothing_that_the_policy_forbids(browser: Browser) -> None:
    """No inline script or style, no handler in an attribute, nothing of another host."""
    for path in PAGES:
        text = browser.get(path).text
        assert "<script>" not in text
        assert " style=" not in text
        assert " onclick=" not in text
        assert 'src="http' not in text
        assert 'href="http' not in text


def test_a_deployed_stage_is_looked_at_with_the_token_alone(stage: MemoryStage) -> None:
    """What is shown is read with somebody's credentials."""
    with console_of(stage, "prod", writes=False) as (_, browser):
        for path in PAGES:
            answer = browser.get(path, cookie="")
            assert answer.status == 403
            assert "Mug" not in answer.text
            assert browser.get(path).status == 200


def test_a_deployed_stage_is_read_only_unless_it_is_said(stage: MemoryStage) -> None:
    """Whatever a page offers, the change is refused before it reaches one."""
    with console_of(stage, "prod", writes=False) as (_, browser):
        answer = browser.post("/product/set", EDIT)
        assert answer.status == 403
        assert "--write" in answer.text
        page = until(lambda: (found := browser.get("/").text) and "Mug" in found and found)
        assert "/product/set" not in page
    assert price(stage) == "10"
    with console_of(stage, "prod", writes=True) as (_, browser):
        assert browser.post("/product/set", EDIT).status == 200
    assert price(stage) == "5"
