"""What every ledger of deliveries and every set of queues keeps to: in memory and on AWS alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.common.errors import RetryableError, ServiceError
from notifications.delivery.handling.digests import MOST_ALERTS
from notifications.delivery.handling.fakes import MemoryProgress, MemoryQueues
from notifications.delivery.handling.progress import (
    AGAIN,
    DELIVERED,
    FAILING,
    HELD,
    MARK_BYTES,
    UNDELIVERED,
    Delivery,
    Held,
    Progress,
    ProgressLedger,
    ProgressSnapshot,
)
from notifications.delivery.handling.progress_table import DynamoDbProgress
from notifications.delivery.handling.queues import QueuedMessage, Queues, SqsQueues, Undelivered
from tests.aws_in_memory import LEDGER

KINDS = ["memory", "aws"]
DUE = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
EVENT = '{"title": "Größe 🙂"}'.encode()


def delivery(alert_id: str = "a", status: str = DELIVERED, attempts: int = 1, **more: Any) -> Delivery:
    """Make an entry about receiver "shop"."""
    return Delivery(more.pop("receiver", "shop"), alert_id, status, attempts, EVENT, "A title", **more)


@pytest.fixture(params=KINDS)
def progress(request: pytest.FixtureRequest) -> ProgressLedger:
    """Give each kind of ledger."""
    if request.param == "memory":
        return MemoryProgress()
    return DynamoDbProgress(request.getfixturevalue("dynamodb"), LEDGER, 90, "deploy-1", sleep=lambda _: None)


def test_an_empty_ledger_knows_nothing(progress: ProgressLedger) -> None:
    """Neither deliveries nor that the receiver is disabled."""
    known = progress.read("shop", ["a", "b"])
    assert (known.progress, known.disabled) == ({}, "")
    assert list(progress.held("shop", DUE)) == []


@pytest.mark.parametrize("status", [DELIVERED, HELD, FAILING, UNDELIVERED, AGAIN])
def test_the_last_word_on_a_delivery_counts(progress: ProgressLedger, status: str) -> None:
    """And another receiver, or another alert, is another delivery."""
    progress.write(delivery(status=FAILING, attempts=1, error="timeout"))
    progress.write(delivery(status=status, attempts=2))
    progress.write(delivery("b", receiver="other"))
    assert progress.read("shop", ["a", "b"]).progress == {"a": Progress(status, 2)}


def test_it_answers_for_many_alerts_at_once(progress: ProgressLedger) -> None:
    """More than a batch of SQS can have."""
    for number in range(99):
        progress.write(delivery(f"alert-{number}"))
    assert len(progress.read("shop", [f"alert-{number}" for number in range(99)]).progress) == 99


def test_the_outbox_gives_what_is_due_in_its_order(progress: ProgressLedger) -> None:
    """And nothing of what is due later, or for others."""
    later = DUE + timedelta(hours=1)
    progress.hold(delivery("c", HELD), DUE)
    progress.hold(delivery("a", HELD), DUE)
    progress.hold(delivery("b", HELD), DUE - timedelta(hours=9))
    progress.hold(delivery("d", HELD), later)
    progress.hold(delivery("e", HELD, receiver="other"), DUE)
    held = list(progress.held("shop", DUE))
    assert [each.alert_id for each in held] == ["b", "a", "c"]
    assert held[1] == Held(DUE, "a", EVENT)
    assert progress.read("shop", ["a"]).progress == {"a": Progress(HELD, 1)}
    assert [each.alert_id for each in progress.held("shop", later)] == ["b", "a", "c", "d"]


def test_what_is_held_twice_is_held_once(progress: ProgressLedger) -> None:
    """SQS may hand out a message twice."""
    for _ in range(2):
        progress.hold(delivery("a", HELD), DUE)
    assert len(list(progress.held("shop", DUE))) == 1


def test_what_was_released_is_out_of_the_outbox_and_written_down(progress: ProgressLedger) -> None:
    """More than one call takes, and what was not named stays."""
    for number in range(30):
        progress.hold(delivery(f"{number:02}", HELD), DUE)
    held = list(progress.held("shop", DUE))
    progress.release([(each, delivery(each.alert_id)) for each in held[:28]])
    assert [each.alert_id for each in progress.held("shop", DUE)] == ["28", "29"]
    assert progress.read("shop", ["00", "27", "28"]).progress == {
        "00": Progress(DELIVERED, 1),
        "27": Progress(DELIVERED, 1),
        "28": Progress(HELD, 1),
    }


def test_an_outbox_is_opened_by_one_flush_at_a_time(progress: ProgressLedger) -> None:
    """Those of other receivers are others."""
    for _ in range(2):
        progress.open_outbox("shop", 60)
        progress.open_outbox("other", 60)
        with pytest.raises(RetryableError):
            progress.open_outbox("shop", 60)
        progress.close_outbox("shop", crossed_off=False)
        progress.close_outbox("other", crossed_off=True)


def test_what_is_marked_as_sent_is_known_until_it_is_crossed_off(progress: ProgressLedger) -> None:
    """As many alerts as a digest may have, and no others."""
    held = [Held(DUE, f"{number}", EVENT) for number in range(MOST_ALERTS)]
    marks = frozenset(each.mark for each in held)
    assert len(marks) == MOST_ALERTS
    assert progress.open_outbox("shop", 60) == frozenset()
    progress.mark_sent("shop", frozenset({b"x" * MARK_BYTES}))
    progress.mark_sent("shop", marks)
    progress.close_outbox("shop", crossed_off=False)
    assert progress.open_outbox("shop", 60) == marks
    assert progress.open_outbox("other", 60) == frozenset()
    assert Held(DUE + timedelta(days=1), "1", EVENT).mark not in marks
    progress.close_outbox("shop", crossed_off=True)
    assert progress.open_outbox("shop", 60) == frozenset()


def test_a_flush_that_was_killed_keeps_its_outbox_for_no_longer_than_it_said(dynamodb: Any) -> None:
    """And its item is not one of the outbox, nor a delivery."""
    clock = [1000.0]
    ledger = DynamoDbProgress(dynamodb, LEDGER, 90, "deploy-1", now=lambda: clock[0])
    ledger.open_outbox("shop", 60)
    clock[0] += 59
    with pytest.raises(ServiceError, match="another flush has the outbox"):
        ledger.open_outbox("shop", 60)
    clock[0] += 1
    ledger.open_outbox("shop", 60)
    assert list(ledger.held("shop", DUE)) == []
    assert ledger.read("shop", ["a"]) == ProgressSnapshot()


def test_a_disabled_receiver_is_known_as_such(progress: ProgressLedger) -> None:
    """It alone, and with the reason."""
    progress.disable("shop", "answered 410")
    assert progress.read("shop", []).disabled == "answered 410"
    assert progress.read("other", []).disabled == ""


def test_the_next_deploy_enables_it_again(dynamodb: Any) -> None:
    """Somebody looked at it, then."""
    DynamoDbProgress(dynamodb, LEDGER, 90, "deploy-1").disable("shop", "answered 410")
    assert DynamoDbProgress(dynamodb, LEDGER, 90, "deploy-2").read("shop", []).disabled == ""


def test_everything_expires(dynamodb: Any) -> None:
    """The table forgets by itself."""
    ledger = DynamoDbProgress(dynamodb, LEDGER, 2, "deploy-1", now=lambda: 1000.0)
    ledger.write(delivery("a"))
    ledger.hold(delivery("b", HELD), DUE)
    ledger.disable("shop", "gone")
    ledger.open_outbox("shop", 60)
    items = dynamodb.scan(TableName=LEDGER)["Items"]
    assert len(items) == 5
    assert {item["expiresAt"]["N"] for item in items} == {str(1000 + 2 * 86_400)}


# Queues


@pytest.fixture(params=KINDS)
def queues(request: pytest.FixtureRequest) -> tuple[Queues, Callable[[], list[Undelivered]]]:
    """Give each kind, and a way to see what is undelivered."""
    if request.param == "memory":
        memory = MemoryQueues()
        return memory, lambda: memory.undelivered
    sqs = request.getfixturevalue("sqs")
    url = sqs.create_queue(QueueName="undelivered")["QueueUrl"]

    def found() -> list[Undelivered]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
        return [
            Undelivered(
                **{name: message["MessageAttributes"][name]["StringValue"] for name in ("receiver", "error", "reason")},
                body=message["Body"],
                attempts=int(message["MessageAttributes"]["attempts"]["StringValue"]),
            )
            for message in messages
        ]

    return SqsQueues(sqs, url), found


def test_what_is_undelivered_is_kept_whole_with_the_reason(
    queues: tuple[Queues, Callable[[], list[Undelivered]]],
) -> None:
    """In any language, and of any length that a topic takes."""
    kept = Undelivered("shop", "ü" * 120_000, "ReceiverGoneError", "answered 410: größer", 3)
    queues[0].keep(kept)
    assert queues[1]() == [kept]


def test_a_delayed_message_comes_again_when_its_time_is_over(sqs: Any, queue_url: str) -> None:
    """The message stays where it is, unseen."""
    sqs.send_message(QueueUrl=queue_url, MessageBody="x")
    (found,) = sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=1000)["Messages"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    message = QueuedMessage(found["MessageId"], found["ReceiptHandle"], arn, "x", 1)
    adapter = SqsQueues(sqs, queue_url)
    adapter.delay(message, 500)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue_url)
    adapter.delay(message, 0)
    assert sqs.receive_message(QueueUrl=queue_url)["Messages"][0]["MessageId"] == found["MessageId"]
