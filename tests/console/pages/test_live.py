"""Live: what passes, and how the page hears of it."""

from __future__ import annotations

import http.client

from tests.console.stage import Browser, MemoryStage, console_of, until
from tests.rules.scenario import MINUTE, Shop


def listen(browser: Browser, after: int) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Open the stream of events."""
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=10)
    connection.request("GET", f"/live/stream?after={after}", headers={"cookie": browser.cookie})
    return connection, connection.getresponse()


def test_records_are_listed_the_latest_first_with_what_came_of_them(browser: Browser, stage: MemoryStage) -> None:
    """Each leads to its way."""
    shop = Shop().put(name="Mug", price=10).put(after=MINUTE, price=8).put(after=2 * MINUTE, price="7.9")
    stage.play(shop)
    text = until(lambda: (found := browser.get("/live").text) and found.count(">no alert</span>") == 2 and found)
    assert text.index("price 8 → 7.9") < text.index("price 10 → 8") < text.index(">new</span>")
    assert text.count('href="/records/') == 3
    assert text.count(">price-drop</span>") == 1


def test_alerts_and_records_can_be_shown_alone(browser: Browser, stage: MemoryStage) -> None:
    """What the mapping does stands among all."""
    stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8))
    stage.activity.mapping({"outcome": "retry"}, "retry 1: the same records")
    until(lambda: "retry 1" in browser.get("/live").text)
    assert "retry 1" not in browser.get("/live?show=records").text
    alerts = browser.get("/live?show=alerts").text
    assert alerts.count('href="/records/') == 1
    assert browser.get("/live?show=%3Cb%3E").status == 200


def test_a_failed_record_does_not_look_as_if_it_had_alerted(browser: Browser, stage: MemoryStage) -> None:
    """What the rules say of it goes out when it is done."""
    shop = Shop().put(name="Mug", price=10).put(after=MINUTE, price=8)
    stage.activity.invoking(shop.records[1:])
    stage.activity.invoked([shop.records[1]["dynamodb"]["SequenceNumber"]], (), "Crash: it")
    text = until(lambda: (found := browser.get("/live").text) and "failed, 1 time" in found and found)
    assert ">price-drop</span>" not in text


def test_the_page_hears_how_much_is_new(browser: Browser, stage: MemoryStage) -> None:
    """A pill with the count, which takes the rows in when it is pressed: nothing moves by itself."""
    connection, answer = listen(browser, 0)
    try:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stage.play(Shop().prices(10, 8, 6))
        said = b""
        while b"3 new" not in said:
            said += answer.read1(1000)
        assert b"event: news\n" in said
    finally:
        connection.close()


def test_the_stream_ends_with_the_console(stage: MemoryStage) -> None:
    """An open page does not keep it from ending."""
    with console_of(stage) as (_, browser):
        connection, answer = listen(browser, 0)
        answer.read1(100)
    connection.close()


def test_a_deployed_stages_stream_is_not_read(stage: MemoryStage) -> None:
    """The page says why."""
    with console_of(stage, "prod") as (_, browser):
        assert "not read here" in browser.get("/live").text


def test_another_npm_start_begins_anew(browser: Browser, stage: MemoryStage) -> None:
    """What the one before did is gone with it."""
    from operations.activity.activity_log import ActivityLog  # noqa: PLC0415

    stage.play(Shop().put(name="Mug", price=10))
    until(lambda: "Mug" in browser.get("/live").text)
    stage.activity.close()
    stage.activity = ActivityLog(stage.directory)
    until(lambda: "Nothing has passed yet" in browser.get("/live").text)
