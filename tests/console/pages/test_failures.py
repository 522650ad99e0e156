"""Failures: what waits, why, until when, and the way back."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from moto.sqs.models import sqs_backends

from operations.deployed.given_up import Queue
from operations.deployed.undelivered import UndeliveredQueue
from tests.builders import message
from tests.console.stage import Browser, MemoryStage, console_of, until
from tests.rules.scenario import MINUTE, Shop

HOSTILE = "<img src=x onerror=alert(1)>"
RECORDS = Shop().put(name="Mug", price=10).put("lamp", after=MINUTE, name="Lamp", price=20).records


def ids(text: str) -> list[str]:
    """Give what can be chosen on the page."""
    return re.findall(r'type="checkbox" name="id" value="([^"]+)"', text)


def over(browser: Browser, text: str) -> str:
    """Follow a job to its end."""
    number = re.search(r"/jobs/(\d+)", text)
    if not number:  # it was over at once
        return text
    return str(
        until(lambda: (found := browser.part(f"/jobs/{number[1]}").text) and 'data-job="over"' in found and found)
    )


@pytest.fixture
def parked(stage: MemoryStage) -> list[dict[str, Any]]:
    """Have two parked records."""
    for number, record in enumerate(RECORDS):
        stage.park(record, f"reason {number} {HOSTILE}")
    return RECORDS


@pytest.mark.usefixtures("parked")
def test_what_was_given_up_is_listed_with_its_reason_and_stays(browser: Browser, stage: MemoryStage) -> None:
    """A second look sees the same: a message that is looked at is not taken away."""
    for _ in range(2):
        text = browser.get("/failures").text
        assert len(ids(text)) == 2
        assert "reason 0 &lt;img" in text
        assert "<img" not in text
        assert "kept whole" in text
        assert "ago</td>" in text
    assert not stage.function.events


def test_a_batch_says_how_long_the_stream_holds_it(browser: Browser, stage: MemoryStage) -> None:
    """It comes without its records: 24 hours from when the first of them was made."""

    def batch(first: str) -> str:
        info = {
            "shardId": "shardId-1", "startSequenceNumber": "7", "endSequenceNumber": "9", "batchSize": 3,
            "approximateArrivalOfFirstRecord": first,
        }  # fmt: skip
        return json.dumps({"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": info})

    hour_ago = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    for first in (hour_ago, "2026-01-01T00:00:00Z"):
        stage.sqs.send_message(QueueUrl=stage.outputs["FailuresQueueUrl"], MessageBody=batch(first))
    stage.sqs.send_message(QueueUrl=stage.outputs["FailuresQueueUrl"], MessageBody="<b>no message of ours</b>")
    text = browser.get("/failures").text
    assert "22 hours 59 minutes" in text or "23 hours" in text
    assert "<td>gone</td>" in text
    assert "batch of 3 in shardId-1, from 7" in text
    assert "neither a parked record nor a batch given up" in text


@pytest.mark.parametrize(
    "created", [10**400, -(10**400), 1e308, float("inf"), float("nan"), 10**15, True, "9" * 400, [], None], ids=str
)
def test_a_record_of_an_impossible_time_is_listed_like_any_other(
    browser: Browser, stage: MemoryStage, created: Any
) -> None:
    """With the rest: one message does not take the page away."""
    odd = {**RECORDS[0], "dynamodb": {**RECORDS[0]["dynamodb"], "ApproximateCreationDateTime": created}}
    stage.park(odd, "odd")
    stage.park(RECORDS[1], "plain")
    answer = browser.get("/failures")
    assert answer.status == 200
    assert len(ids(answer.text)) == 2


@pytest.mark.parametrize("first", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00", 10**400, {}, None], ids=str)
def test_a_batch_of_an_impossible_time_is_listed(browser: Browser, stage: MemoryStage, first: Any) -> None:
    """How long the stream holds it may be unknown."""
    info = {
        "shardId": "shardId-1", "startSequenceNumber": "7", "endSequenceNumber": "9", "batchSize": 3,
        "approximateArrivalOfFirstRecord": first,
    }  # fmt: skip
    body = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": info}
    stage.sqs.send_message(QueueUrl=stage.outputs["FailuresQueueUrl"], MessageBody=json.dumps(body))
    answer = browser.get("/failures")
    assert answer.status == 200
    assert "batch of 3" in answer.text


def test_one_is_played_again_and_leaves(browser: Browser, stage: MemoryStage, parked: list[dict[str, Any]]) -> None:
    """The other stays; the record goes to the function as it came."""
    chosen = ids(browser.get("/failures").text)[0]
    text = over(browser, browser.post("/failures/redrive", {"id": chosen}).text)
    assert "1 played; 1 left." in text
    assert [event["Records"] for event in stage.function.events] == [[parked[0]]]
    left = ids(browser.get("/failures").text)
    assert len(left) == 1
    assert chosen not in left


@pytest.mark.usefixtures("parked")
def test_all_are_played_again_and_what_fails_stays_with_the_reason(browser: Browser, stage: MemoryStage) -> None:
    """Each with its outcome, and a sentence in the end."""
    number = RECORDS[0]["dynamodb"]["SequenceNumber"]
    stage.function.answers = [{"batchItemFailures": [{"itemIdentifier": number}]}]
    text = over(browser, browser.post("/failures/redrive", {"all": "1"}).text)
    assert "1 still failing, 1 played; 1 left." in text
    assert f"handed back from sequence number {number}" in text
    assert len(ids(browser.get("/failures").text)) == 1


@pytest.mark.usefixtures("parked")
def test_nothing_is_played_unless_it_is_chosen(browser: Browser, stage: MemoryStage) -> None:
    """Nor for an id that does not wait."""
    assert "Nothing was chosen" in browser.post("/failures/redrive", {}).text
    over(browser, browser.post("/failures/redrive", {"id": "unheard-of"}).text)
    assert not stage.function.events
    assert len(ids(browser.get("/failures").text)) == 2


@pytest.mark.usefixtures("parked")
def test_the_button_says_what_it_would_call_before_it_calls(browser: Browser) -> None:
    """The function, and what becomes of the messages."""
    text = browser.get("/failures").text
    assert "lambda:Invoke" in text
    assert "product-alerts-dev-alerts" in text
    assert "Play all 2 again" in text


@pytest.mark.usefixtures("parked")
def test_where_nothing_may_be_changed_nothing_is_offered(stage: MemoryStage) -> None:
    """But the command that would do it."""
    with console_of(stage, "prod", writes=False) as (_, browser):
        text = browser.get("/failures").text
        assert not ids(text)
        assert "<button" not in text
        assert "python -m operations redrive --stage prod" in text
        assert browser.post("/failures/redrive", {"all": "1"}).status == 403
        assert browser.post("/failures/send", {"all": "1"}).status == 403
    assert not stage.function.events


@pytest.mark.usefixtures("parked")
def test_every_page_counts_what_waits(browser: Browser) -> None:
    """Beside the name of the page."""
    text = until(lambda: (found := browser.get("/live").text) and 'class="count"' in found and found)
    assert re.search(r'class="count">2<', text)


@pytest.fixture
def undelivered(stage: MemoryStage) -> list[str]:
    """Have two alerts that could not be delivered; give their bodies."""
    said = {"receiver": "shop", "error": "ReceiverGoneError", "reason": "answered 410", "attempts": "3"}
    bodies = [message(f"p{at}", at, title=f"Title {at} {HOSTILE}").body for at in (1, 2)]
    for body in bodies:
        stage.sqs.send_message(
            QueueUrl=stage.outputs["UndeliveredQueueUrl"],
            MessageBody=body,
            MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in said.items()},
        )
    return bodies


def queued(stage: MemoryStage) -> list[str]:
    """Receive what is on its way to the receiver again."""
    found = stage.sqs.receive_message(QueueUrl=stage.receiver_queue, MaxNumberOfMessages=10).get("Messages", [])
    return [each["Body"] for each in found]


def test_the_age_of_what_is_undelivered_and_what_each_button_calls_are_said(
    browser: Browser, stage: MemoryStage, undelivered: list[str]
) -> None:
    """Before it is pressed."""
    assert undelivered
    stage.park(Shop().put(name="Mug", price=10).records[0], "why")
    text = browser.get("/failures").text
    assert re.search(r"<td>\d+ seconds? ago</td>", text)
    for call in ("lambda:Invoke", "sqs:SendMessage", "sqs:DeleteMessage"):
        assert call in text.partition("<details")[0] + text.rpartition("<form")[2].partition("<details")[0]


def test_undelivered_alerts_are_listed_and_sent_again(
    browser: Browser, stage: MemoryStage, undelivered: list[str]
) -> None:
    """One, and then the rest."""
    text = browser.get("/failures").text
    assert "ReceiverGoneError: answered 410" in text
    assert "<img" not in text
    chosen = ids(text)
    assert len(chosen) == 2
    assert "1 on the way to their receivers again, 0 left." in over(
        browser, browser.post("/failures/send", {"id": chosen[0]}).text
    )
    assert queued(stage) == [undelivered[0]]
    over(browser, browser.post("/failures/send", {"all": "1"}).text)
    assert queued(stage) == [undelivered[1]]
    assert "Nothing is undelivered" in browser.get("/failures").text


@pytest.mark.usefixtures("parked", "undelivered")
def test_a_console_that_is_killed_while_it_looks_hides_messages_for_half_a_minute_only(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is given back then; a run that plays them may begin soon after."""
    monkeypatch.setattr(Queue, "give_back", lambda *_: None)
    monkeypatch.setattr(UndeliveredQueue, "_give_back", lambda *_: None)
    assert browser.get("/failures").status == 200
    queues = sqs_backends["123456789012"]["us-east-1"].queues
    for name in ("failures", "undelivered"):
        hidden = [(message.visible_at / 1000) - time.time() for message in queues[name]._messages]
        assert len(hidden) == 2
        assert all(0 < seconds <= 30 for seconds in hidden)


def test_a_job_that_is_not_known_is_said_to_be_so(browser: Browser) -> None:
    """Status 404."""
    assert browser.get("/jobs/99").status == 404
    assert browser.get("/jobs/x").status == 404


@pytest.mark.parametrize("number", ["1", "9" * 5000, "-1", "x", "%D9%A3"], ids=lambda number: number[:9])
def test_a_job_that_is_not_known_is_not_found(browser: Browser, number: str) -> None:
    """Whatever the address has in its place."""
    assert browser.get(f"/jobs/{number}").status == 404
