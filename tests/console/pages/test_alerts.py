"""Alerts: the history with its filters, and one of them as its receivers see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_in_memory import LEDGER
from tests.console.stage import PUBLISHED_AT, Browser, MemoryStage, as_json, console_of, until
from tests.rules.scenario import MINUTE, Shop


@pytest.fixture
def alerts(stage: MemoryStage) -> dict[str, str]:
    """Have two drops and a sold-out product in the history; give the ids by title."""
    shop = Shop().put(name="Mug", price=10, stock=3).put(after=MINUTE, price=8).put(after=2 * MINUTE, stock=0)
    shop.put("lamp", after=3 * MINUTE, name="Lamp", price=20).put("lamp", after=4 * MINUTE, price=10)
    return {alert.title: alert.id for alert in stage.play(shop, delivered_to="everyone")}


DROP, SOLD_OUT, LAMP = "Mug: 8.00 USD, was 10.00", "Mug is out of stock", "Lamp: 10.00 USD, was 20.00"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {DROP, SOLD_OUT, LAMP}),
        ("?product=mug", {DROP, SOLD_OUT}),
        ("?rule=sold-out", {SOLD_OUT}),
        ("?type=product.price_dropped", {DROP, LAMP}),
        ("?severity=critical", {SOLD_OUT}),
        ("?product=mug&rule=price-drop", {DROP}),
        ("?product=nobody", set()),
        ("?rule=%3Cscript%3E", set()),
    ],
)
def test_alerts_are_found_by_what_the_filters_say(
    browser: Browser, alerts: dict[str, str], query: str, expected: set[str]
) -> None:
    """As a page and as the part of one; each leads to its record and to itself."""
    for answer in (browser.get(f"/alerts{query}"), browser.part(f"/alerts{query}")):
        assert answer.status == 200
        shown = set(re.findall(r'<a href="/records/[^"]+">([^<]+)</a>', answer.text))
        assert shown == expected
        assert all(alerts[title] in answer.text for title in expected)
        assert "<script>" not in answer.text


def test_alerts_of_the_last_hour_leave_older_ones_out(browser: Browser, alerts: dict[str, str]) -> None:
    """These are of another day."""
    assert alerts
    assert "No alert fits these filters" in browser.get("/alerts?span=1h").text
    assert DROP in browser.get("/alerts?span=nonsense").text


@pytest.mark.parametrize("odd", [{"publishedAt": {"S": "x"}}, {"title": {"N": "7"}}], ids=str)
def test_an_alert_that_cannot_be_read_is_left_out_and_said(
    browser: Browser, stage: MemoryStage, alerts: dict[str, str], odd: dict[str, Any]
) -> None:
    """On Alerts and Health, which show the others."""
    dynamodb, ledger = stage.dynamodb, LEDGER
    whole = next(item for item in dynamodb.scan(TableName=ledger)["Items"] if "publishedAt" in item)
    dynamodb.put_item(TableName=ledger, Item={**whole, "alert": {"S": "1#odd"}, **odd})
    said = "1 item of the ledger cannot be read and is left out."
    for address in ("/alerts", "/health", "/alerts?product=" + whole["productId"]["S"]):
        answer = browser.get(address)
        assert answer.status == 200
        assert said in answer.text
    assert all(alert_id in browser.get("/alerts").text for alert_id in alerts.values())


def test_an_alert_that_was_muted_was_sent_to_nobody(
    browser: Browser, stage: MemoryStage, alerts: dict[str, str]
) -> None:
    """So there is no text to look at as it was sent."""
    item = next(found for found in stage.dynamodb.scan(TableName=LEDGER)["Items"] if "title" in found)
    sent = [title for title in alerts if title != item["title"]["S"]]
    stage.dynamodb.put_item(TableName=LEDGER, Item={**item, "mutedUntil": {"N": str(PUBLISHED_AT + 3600)}})
    shown = browser.get("/alerts").text
    assert item["title"]["S"] in shown
    assert {title for title in alerts if f'aria-label="as sent: {title}"' in shown} == set(sent)


def test_an_empty_history_says_how_an_alert_comes_about(browser: Browser) -> None:
    """With the command."""
    assert "npm run change" in browser.get("/alerts").text


def test_an_alert_is_shown_as_each_receiver_sees_it(browser: Browser, alerts: dict[str, str]) -> None:
    """Mail, chat and JSON; the deliveries beside it."""
    address = f"/alerts/{alerts[DROP]}"
    text = browser.get(address).text
    assert "<h1>Mug is 20% cheaper</h1>" in text
    assert 'sandbox title="The alert as a mail' in text
    assert ">delivered</span>" in text
    body = re.search(r"The alert as JSON</summary><pre[^>]*>(.*?)</pre>", text, re.DOTALL)
    assert body
    assert as_json(body[1].replace("&#34;", '"'))["id"] == alerts[DROP]
    for receiver in set(re.findall(r"as=([\w-]+)&amp;scheme", text)):
        answer = browser.get(f"{address}?as={receiver}")
        assert answer.status == 200
        assert "8.00" in answer.text or "8 USD" in answer.text
    assert "<s>10.00</s>" in browser.get(f"{address}?as=buyers").text


def test_the_mail_runs_nothing_and_leads_nowhere(browser: Browser, alerts: dict[str, str]) -> None:
    """Sandboxed by its own policy too, whoever opens it outside of the frame."""
    answer = browser.get(f"/alerts/{alerts[DROP]}/mail?as=merchandising")
    assert answer.status == 200
    assert "8.00" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "sandbox;" in policy
    assert "default-src 'none'" in policy
    assert "href=" not in answer.text


def test_the_mail_is_shown_in_both_schemes_whatever_the_readers_device_is_set_to(
    browser: Browser, alerts: dict[str, str]
) -> None:
    """Its rules for dark apply always, or never."""
    address = f"/alerts/{alerts[DROP]}/mail?as=merchandising&scheme="
    light, dark = browser.get(address + "light").text, browser.get(address + "dark").text
    assert "prefers-color-scheme: dark" not in light + dark
    assert "@media not all" in light
    assert "@media all" in dark


@pytest.mark.parametrize("name", ["nobody", "../../etc/passwd", "x" * 5000, "%00"])
def test_an_alert_that_nobody_has_is_said_to_be_gone(browser: Browser, name: str) -> None:
    """Status 404."""
    assert browser.get(f"/alerts/{name.replace('/', '%2F')}").status == 404


def test_an_alert_just_made_is_shown_before_anybody_has_it(browser: Browser, stage: MemoryStage) -> None:
    """From the record that passed."""
    alerts = stage.play(Shop().put(name="Mug", price=10).put(after=MINUTE, price=8))
    answer = until(lambda: (found := browser.get(f"/alerts/{alerts[0].id}")).status == 200 and found)
    assert "No receiver has it" in answer.text


@pytest.fixture
def prod(stage: MemoryStage, alerts: dict[str, str]) -> Iterator[Browser]:
    """Serve a console of a deployed stage."""
    assert alerts
    with console_of(stage, "prod", writes=False) as (_, browser):
        yield browser


def test_a_deployed_stages_history_is_the_ledgers(prod: Browser, alerts: dict[str, str]) -> None:
    """With the stage unmistakable on every page."""
    text = prod.get("/alerts").text
    assert set(alerts) <= set(re.findall(r'<a href="/records/[^"]+">([^<]+)</a>', text))
    assert 'class="prod"' in text
    assert "read-only" in text


def test_a_test_is_sent_to_a_receiver_of_the_stage(
    browser: Browser, stage: MemoryStage, alerts: dict[str, str]
) -> None:
    """By the delivery function, which marks it; what went wrong is said."""
    address = f"/alerts/{alerts[DROP]}"
    assert "Send a test to merchandising" in browser.get(address).text
    stage.function.answers = [{"delivered": True}, {"delivered": False, "error": "answered <410>"}]
    assert "merchandising took it" in browser.post(f"{address}/test", {"receiver": "merchandising"}).text
    (event,) = stage.function.events
    assert (event["test"], event["alert"]["id"]) == ("merchandising", alerts[DROP])
    assert "answered &lt;410&gt;" in browser.post(f"{address}/test", {"receiver": "merchandising"}).text
    for nobody in ("sample-teams", "nobody", ""):
        assert browser.post(f"{address}/test", {"receiver": nobody}).status == 400
    assert len(stage.function.events) == 2
