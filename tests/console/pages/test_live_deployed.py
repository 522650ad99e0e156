"""Live, of a deployed stage: what its functions logged, and the alerts of its ledger; never its stream."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.aws import logs as source
from console.sources.console import Console
from notifications.alerts.alert import Alert
from notifications.common.errors import DeliveryFailedError
from notifications.publishing.messages import to_message
from operations.logs import function_logs
from tests.aws_in_memory import client_of
from tests.builders import added, rules, sequence_number
from tests.console.pages.test_live import listen
from tests.console.stage import PUBLISHED_AT, RULES, Browser, MemoryStage, console_of, until
from tests.lambda_log import lambda_log, report
from tests.notifications.delivery.handling.test_delivery import Function
from tests.operations.stage import refusal
from tests.rules.scenario import MINUTE, Shop
from tests.service import DOWN, Service

HOSTILE = "<script>document.title='owned'</script>\u202e"


@pytest.fixture
def served(stage: MemoryStage) -> Iterator[tuple[Console, Browser]]:
    """Serve the console of a deployed stage, on the day of the shop's alerts, that may look and change nothing."""
    with console_of(stage, "prod", writes=False) as (console, browser):
        console.now = lambda: PUBLISHED_AT + 60
        yield console, browser


@pytest.fixture
def shop() -> Shop:
    """Give a shop of which two records alert."""
    return Shop().put(name="Mug", price=10, stock=3).put(after=MINUTE, price=8).put(after=2 * MINUTE, stock=0)


def rows(browser: Browser, show: str = "") -> list[str]:
    """Give the rows of the page as texts, the latest first."""
    text = browser.get(f"/live?show={show}").text
    found = re.findall(r"<tr(?: class=\"quiet\")?>(.*?)</tr>", text.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def test_batches_are_listed_with_their_counts_and_time(browser: Browser, stage: MemoryStage) -> None:
    """As the function logged them; one of which nothing came is dim, one that was handed back stands out."""
    with lambda_log() as lines:
        Service(failure_of=lambda _: DOWN).handle(added("a", 3))
        Service().handle(added("a", 4))
        Service().handle()
    stage.logged(lines)
    found = rows(browser, "batches")
    assert len(found) == 3
    assert (
        sum(
            "1 record, 1 handed back, 1 not taken by the topic, in " in row and row.endswith("handed back")
            for row in found
        )
        == 1
    )
    assert sum("1 record, 1 alert, in " in row and row.endswith("done") for row in found) == 1
    assert browser.get("/live?show=batches").text.count('<tr class="quiet">') == 1
    trouble = rows(browser, "trouble")
    assert any("SNS did not answer" in row for row in trouble)
    assert f'href="/records/{sequence_number(3)}"' in browser.get("/live?show=trouble").text


def test_invocations_that_ended_badly_are_listed(browser: Browser, stage: MemoryStage) -> None:
    """By Lambda's own word, of both functions."""
    stage.logged([report("timeout")])
    stage.logged([report("error", errorType="Runtime.ExitError"), report("success")], delivery=True)
    found = rows(browser, "trouble")
    assert len(found) == 2
    assert any("ran out of time after 30.0 s" in row and row.endswith("timeout") for row in found)
    assert any("Invocation of product-alerts-dev-delivery" in row and "Runtime.ExitError" in row for row in found)


def test_deliveries_are_listed_with_their_outcome_and_lead_to_the_records_way(
    browser: Browser, stage: MemoryStage, shop: Shop
) -> None:
    """By the title of their alert, which the ledger knows."""
    drop, sold_out = stage.play(shop, delivered_to="buyers")
    function = Function()
    with lambda_log() as lines:
        for alert, error in ((drop, DeliveryFailedError("503 <b>busy</b>")), (drop, None), (sold_out, None)):
            function.fail(error)
            function.receive(_body(alert))
    stage.logged(lines, delivery=True)
    found = rows(browser, "deliveries")
    assert len(found) == 3
    assert sum(drop.title in row and "to shop: " in row and row.endswith("failing") for row in found) == 1
    assert sum(drop.title in row and "to shop, attempt 2" in row and row.endswith("delivered") for row in found) == 1
    text = browser.get("/live?show=deliveries").text
    assert text.count(f'href="/records/{drop.sequence_number.lstrip("0")}?product=mug"') == 2
    assert "<b>busy" not in text


def _body(alert: Alert) -> str:
    return to_message(alert).body


def test_alerts_are_those_of_the_ledger_each_once(
    served: tuple[Console, Browser], stage: MemoryStage, shop: Shop
) -> None:
    """Also where the function logs at debug level: then the ledger's row says more."""
    _, browser = served
    alerts = stage.play(shop)
    with lambda_log(level=logging.DEBUG) as lines:
        service = Service(rules(RULES))
        service.handle(*shop.records)
    assert [alert.id for alert in service.alerts] == [alert.id for alert in alerts]
    stage.logged(lines)
    found = rows(browser, "alerts")
    assert len(found) == len(alerts) == 2
    assert {alert.title for alert in alerts} == {title for title in map(_title, found) if title}
    text = browser.get("/live").text
    assert all(f"/records/{alert.sequence_number.lstrip('0')}?product=mug" in text for alert in alerts)


def _title(row: str) -> str:
    found = re.search(r"(?:info|critical) (.*) rule ", row)
    return found[1] if found else ""


def test_the_page_hears_of_what_is_logged_from_then_on(
    served: tuple[Console, Browser], stage: MemoryStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody looks; a line that was shown is not shown again."""
    console, browser = served
    monkeypatch.setattr(source, "LOOK_SECONDS", 0.1)
    stage.logged([report("timeout", "r-1")])
    assert len(rows(browser)) == 1
    connection, answer = listen(browser, console.logs.position)
    try:
        stage.logged([report("timeout", "r-2"), report("error", "r-3")])
        said = b""
        while b"2 new" not in said:
            said += answer.read1(1000)
    finally:
        connection.close()
    assert len(rows(browser)) == 3


def test_nobody_looking_costs_no_call(
    served: tuple[Console, Browser], stage: MemoryStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a page that is loaded again and again costs one every few seconds."""
    _, browser = served
    calls: list[Any] = []

    def note(*given: Any) -> function_logs.LogReading:
        calls.append(given)
        return function_logs.LogReading((), whole=True)

    monkeypatch.setattr(source, "read_log", note)
    time.sleep(0.3)
    assert calls == []
    for _ in range(5):
        assert browser.get("/live").status == 200
    assert len(calls) == 2 * len(
        source.BACK
    )  # a first look, of two functions, that finds nothing goes all the way back
    assert stage.looked_up == 1


def test_after_a_while_in_which_nobody_looked_the_latest_lines_come_first(
    served: tuple[Console, Browser], stage: MemoryStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS gives the oldest first: those of the gap may be more than are read at once."""
    console, browser = served
    stage.logged([report("timeout", "r-1", 1000)])
    assert len(rows(browser)) == 1
    monkeypatch.setattr(console.logs, "read_until", datetime.now(UTC) - timedelta(hours=2))
    monkeypatch.setattr(function_logs, "MOST_LINES", 10)
    stage.logged([report("timeout", f"r-{number}") for number in range(30)], at=time.time() - 3600)
    stage.logged([report("timeout", "r-99", 99_000)])
    console.logs._next_look = 0.0
    found = rows(browser)
    assert "ran out of time after 99.0 s" in found[0]
    assert len(found) == 12


def test_logs_that_take_long_are_waited_for_by_the_page_and_not_by_its_answer(
    served: tuple[Console, Browser], stage: MemoryStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the ledger has is there at once; the page asks again until the logs are read."""
    _, browser = served
    go_on = threading.Event()
    plain = function_logs.read_log
    monkeypatch.setattr(source, "read_log", lambda *given: (go_on.wait(20), plain(*given))[1])
    stage.logged([report("timeout")])
    began = time.monotonic()
    text = browser.get("/live").text
    assert time.monotonic() - began < 10
    assert "logs are being read" in text
    assert "Nothing was logged" not in text
    go_on.set()
    until(lambda: "being read" not in browser.get("/live").text)
    assert len(rows(browser)) == 1


def test_logs_that_cannot_be_read_are_said_and_what_was_read_stays(
    served: tuple[Console, Browser], stage: MemoryStage, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Throttled, or not allowed: the alerts of the ledger are there, and AWS is left alone longer each time."""
    console, browser = served
    stage.play(shop)
    stage.logged([report("timeout")])
    assert len(rows(browser)) == 3
    client = console.stage.stack().client("logs")
    monkeypatch.setattr(client, "filter_log_events", _refuse)
    pauses = []
    for _ in range(6):
        console.logs._next_look = 0.0
        text = browser.get("/live").text
        pauses.append(console.logs._pause)
    assert "could not be read since" in text
    assert "ThrottlingException" in text
    assert "logs:FilterLogEvents" in text
    assert len(rows(browser)) == 3
    assert pauses == [10, 20, 40, 60, 60, 60]


def _refuse(**_: Any) -> Any:
    raise refusal("ThrottlingException")


def test_what_is_left_out_is_said(browser: Browser, stage: MemoryStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """With where all of it is."""
    monkeypatch.setattr(function_logs, "MOST_LINES", 10)
    stage.logged([report("timeout", f"r-{number}") for number in range(30)])
    text = browser.get("/live").text
    assert "a part of the logs was left out" in text
    assert "sls logs" in text


def test_few_of_a_kind_are_found_behind_many_of_another(
    browser: Browser, stage: MemoryStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far back as logs are read at all: a busy stage does not hide its trouble."""
    monkeypatch.setattr(source, "MOST_ENTRIES", 65)
    function, earlier = Function(), time.time() - 300
    with lambda_log() as lines:
        logging.getLogger("notifications").error("the table is gone")
    stage.logged([*lines, report("timeout")], at=earlier)
    with lambda_log() as lines:
        function.receive(_body(stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8))[0]))
    stage.logged(lines, delivery=True, at=earlier)
    with lambda_log() as lines:
        for number in range(70):
            Service().handle(added("a", number + 1))
    stage.logged(lines)
    assert len(rows(browser, "all")) == 60
    trouble = rows(browser, "trouble")
    assert len(trouble) == 2
    assert any("the table is gone" in row for row in trouble)
    assert any("ran out of time" in row for row in trouble)
    assert len(rows(browser, "deliveries")) == 1
    assert "of this kind" not in browser.get("/live?show=trouble").text


def test_what_was_logged_earlier_is_not_told_as_news(served: tuple[Console, Browser], stage: MemoryStage) -> None:
    """Another page that looked further back for its kind found it."""
    console, browser = served
    stage.logged([report("timeout")], at=time.time() - 300)
    with lambda_log() as lines:
        for number in range(70):
            Service().handle(added("a", number + 1))
    stage.logged(lines)
    assert len(rows(browser)) == 60
    position = console.logs.position
    assert len(rows(browser, "trouble")) == 1
    assert console.logs.count_since(position) == 0


def test_a_page_says_how_far_back_was_read(browser: Browser, stage: MemoryStage) -> None:
    """Where that is less than six hours: nothing is said of hours that were not read."""
    with lambda_log() as lines:
        for number in range(70):
            Service().handle(added("a", number + 1))
    stage.logged(lines)
    assert "From what the functions logged from <time" in browser.get("/live").text
    assert "logged from" not in browser.get("/live?show=trouble").text
    assert "Nothing of this kind in the last six hours" in browser.get("/live?show=trouble").text


def test_nothing_is_said_of_hours_that_are_too_full_to_be_read(
    browser: Browser, stage: MemoryStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says since when there is nothing, and that a part was left out."""
    monkeypatch.setattr(function_logs, "MOST_LINES", 10)
    with lambda_log() as lines:
        for number in range(30):
            Service().handle(added("a", number + 1))
    stage.logged(lines)
    text = browser.get("/live?show=trouble").text
    assert "Nothing of this kind since <time" in text
    assert "last six hours" not in text
    assert "a part of the logs was left out" in text


def test_lines_that_are_too_long_are_counted(browser: Browser, stage: MemoryStage) -> None:
    """In Live, and on the page of the record that one names; each once, however often the page is loaded."""
    stage.logged([_long(777001), _long(777002)])
    for show in ("all", "trouble"):
        text = browser.get(f"/live?show={show}").text
        assert "2 lines are left out: longer than is read here." in text
        assert "in what was read of the last six hours" in text
    answer = browser.get("/records/777001")
    assert answer.status == 200
    assert "1 line that names it is left out" in answer.text
    assert "Nothing in the logs names this record" not in answer.text
    assert "1 line that names it is left out" in browser.get("/records/777001/logged").text
    assert browser.get("/records/777003").status == 404


def _long(number: int) -> str:
    return json.dumps({"level": "ERROR", "message": "x" * 150_000, "sequenceNumber": str(number)})


def test_a_search_that_was_cut_is_said(browser: Browser, stage: MemoryStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """More lines name the record than are read at once."""
    monkeypatch.setattr(function_logs, "MOST_LINES", 10)
    line = json.dumps({"level": "ERROR", "message": "it broke", "sequenceNumber": "777001"})
    stage.logged([line] * 30)
    assert "a part of the lines that name it was left out" in browser.get("/records/777001").text


def test_a_record_is_not_shown_as_one_of_a_product_that_only_the_address_names(
    browser: Browser, stage: MemoryStage, shop: Shop
) -> None:
    """The ledger's product is shown, and where only the logs know the record, there is none."""
    drop, _ = stage.play(shop)
    text = browser.get(f"/records/{drop.sequence_number.lstrip('0')}?product=somebody-else").text
    assert "Alerts about mug" in text
    assert f"/alerts/{drop.id}" in text
    stage.logged([json.dumps({"level": "ERROR", "message": "it broke", "sequenceNumber": "123456"})])
    text = browser.get("/records/123456?product=somebody-else").text
    assert "it broke" in text
    assert "<h1>A record</h1>" in text
    assert "Alerts about" not in text


def test_a_hostile_line_is_shown_as_text(browser: Browser, stage: MemoryStage) -> None:
    """Whoever wrote it."""
    with lambda_log() as lines:
        logging.getLogger("notifications").error(HOSTILE, extra={"errorType": HOSTILE, "sequenceNumber": HOSTILE})
    stage.logged([*lines, "not JSON", HOSTILE, "[" * 50_000])
    text = browser.get("/live").text
    assert "<script>document" not in text
    assert "&lt;script&gt;document" in text
    assert "\u202e" not in text


def test_a_quiet_stage_says_so(browser: Browser) -> None:
    """And that the stream is not read."""
    text = browser.get("/live").text
    assert "Nothing was logged or alerted in the last six hours" in text
    assert "not read here" in text
    assert "Show all" in browser.get("/live?show=trouble").text
    assert browser.get("/live?show=%3Cb%3E").status == 200


def test_a_records_way_has_what_the_functions_logged_of_it(browser: Browser, stage: MemoryStage, shop: Shop) -> None:
    """Each attempt of its deliveries, and nothing of other records; the page need not wait for it."""
    drop, sold_out = stage.play(shop, delivered_to="buyers")
    function = Function()
    with lambda_log() as lines:
        function.fail(DeliveryFailedError("503 busy"))
        function.receive(_body(drop), _body(sold_out))
        function.fail(None)
        function.receive(_body(drop))
    stage.logged(lines, delivery=True)
    with lambda_log() as lines:
        Service(rules(RULES), failure_of=lambda _: DOWN).handle(*shop.records)
    stage.logged(lines)
    number = drop.sequence_number.lstrip("0")
    page = browser.get(f"/records/{number}?product=mug").text
    (address,) = set(re.findall(r'href="(/records/[^"]+/logged[^"]*)"', page))
    part = until(lambda: (text := browser.part(address).text) and "<li" in text and text)
    assert part.count("<li") == 3
    assert "attempt 1 failed, next in 5 s: 503 busy" in part
    assert "attempt 2" in part
    assert "SNS did not answer" in part
    assert sold_out.id not in part
    assert "<h1>" in browser.get(address).text


def test_a_record_without_an_alert_is_known_by_what_was_logged_of_it(browser: Browser, stage: MemoryStage) -> None:
    """It was given up, say: the ledger knows nothing of it."""
    with lambda_log() as lines:
        Service().handle({"dynamodb": {"SequenceNumber": "4200000000000000000001"}})
    stage.logged(lines)
    text = browser.get("/records/4200000000000000000001").text
    assert "given up, sequence number 4200000000000000000001" in text
    assert "It raised no alert that the ledger has" in text
    assert browser.get("/records/4200000000000000000002").status == 404


def test_the_logs_of_the_laptop_are_not_asked(stage: MemoryStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its activity log says more."""
    monkeypatch.setattr(source, "read_log", lambda *_: pytest.fail("they were"))
    with console_of(stage) as (_, browser):
        assert browser.get("/live").status == 200
        assert browser.get("/records/42?product=mug").status == 404


def test_boto3_knows_the_call() -> None:
    """What is asked for is what FilterLogEvents takes; moto would not mind."""
    shape = client_of("logs").meta.service_model.operation_model("FilterLogEvents")
    assert {"logGroupName", "startTime", "endTime", "filterPattern", "limit", "nextToken"} <= set(
        shape.input_shape.members
    )
    assert len(function_logs.EVERYTHING) <= shape.input_shape.members["filterPattern"].metadata["max"]
