"""`python -m operations deliveries`, `redeliver`, `send-test` and `undelivered`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from notifications.common.errors import ConfigurationError
from notifications.delivery.handling.progress import AGAIN, DELIVERED, FAILING, HELD, UNDELIVERED, Delivery
from notifications.delivery.handling.progress_table import DynamoDbProgress, deliveries_of
from notifications.delivery.handling.queues import SqsQueues
from notifications.delivery.handling.queues import Undelivered as Kept
from operations.deployed.stack import Stack
from operations.ledger.deliveries import deliveries_of_alert, since
from tests.aws_in_memory import LEDGER, aws_in_memory, client_of, make_ledger
from tests.builders import CREATED_AT, EVENTS, message
from tests.operations.stage import FakeFunction, FakeStack, Operate

START = "2026-11-21T09:00Z"
EARLIER = "2026-11-21T08:00Z"


class Stage:
    """A stage with a receiver "shop", in an AWS in memory."""

    def __init__(self) -> None:
        """Make ledger and queues."""
        self.dynamodb = make_ledger()
        self.sqs = client_of("sqs")
        self.queue = self.sqs.create_queue(QueueName="product-alerts-dev-to-shop")["QueueUrl"]
        self.undelivered = self.sqs.create_queue(QueueName="product-alerts-dev-undelivered")["QueueUrl"]
        self.function = FakeFunction()
        self.stack = FakeStack(dynamodb=self.dynamodb, sqs=self.sqs, **{"lambda": self.function})

    def write(self, body: str, status: str, after: float = 60, attempts: int = 1, error: str = "") -> str:
        """Write a delivery down, so many seconds after the alert; return its id."""
        event = json.loads(body)
        ledger = DynamoDbProgress(self.dynamodb, LEDGER, 90, "1", now=lambda: CREATED_AT + after)
        title = event["data"]["title"]
        ledger.write(Delivery("shop", event["id"], status, attempts, body.encode(), title, error))
        return str(event["id"])

    def spoil(self, body: str, odd: dict[str, Any]) -> str:
        """Write a delivery down that has other attributes than the service writes; return its id."""
        alert_id = self.write(body, DELIVERED)
        key = {"product": {"S": deliveries_of("shop")}, "alert": {"S": alert_id}}
        item = self.dynamodb.get_item(TableName=LEDGER, Key=key)["Item"]
        self.dynamodb.put_item(TableName=LEDGER, Item={**item, **odd})
        return alert_id

    def keep(self, body: str, receiver: str = "shop") -> None:
        """Put a message into `undelivered` as the function does."""
        SqsQueues(self.sqs, self.undelivered).keep(Kept(receiver, body, "ReceiverGoneError", "answered 410", 3))

    def queued(self) -> list[str]:
        """Give what is in the receiver's queue."""
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return sorted(each["Body"] for each in found)

    def status(self, alert_id: str) -> str:
        """Give the status of a delivery."""
        key = {"product": {"S": deliveries_of("shop")}, "alert": {"S": alert_id}}
        return str(self.dynamodb.get_item(TableName=LEDGER, Key=key)["Item"]["status"]["S"])


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Give a stage."""
    with aws_in_memory():
        yield Stage()


FIRST, SECOND, THIRD = (message(f"p{at}", at, title=f"Title {at}").body for at in (1, 2, 3))


# deliveries


def test_deliveries_are_listed_in_the_order_of_their_last_attempt(operate: Operate, stage: Stage) -> None:
    """With status, attempts, title, id and the last error."""
    second = stage.write(SECOND, FAILING, after=120, attempts=3, error="answered 503: down")
    first = stage.write(FIRST, DELIVERED, after=60)
    done = operate("deliveries", "--receiver", "shop", "--since", START, stack=stage.stack)
    assert done.code == 0
    assert done.lines == [
        "2026-11-21T09:03:00Z  delivered     1  Title 1",
        f"id {first}",
        "2026-11-21T09:04:00Z  failing       3  Title 2",
        f"id {second}, answered 503: down",
    ]


def test_a_disabled_receiver_is_shown_as_such(operate: Operate, stage: Stage) -> None:
    """With what it answered."""
    DynamoDbProgress(stage.dynamodb, LEDGER, 90, "1", now=lambda: CREATED_AT).disable("shop", "answered 410")
    done = operate("deliveries", "--receiver", "shop", "--since", START, "--json", stack=stage.stack)
    (line,) = done.json_lines
    assert (line["id"], line["status"], line["error"]) == (None, "disabled", "answered 410")


def test_what_was_before_is_not_listed(operate: Operate, stage: Stage) -> None:
    """And nothing says so."""
    stage.write(FIRST, DELIVERED)
    done = operate("deliveries", "--receiver", "shop", "--since", "2026-11-21T10:00Z", stack=stage.stack)
    assert done.lines == ["nothing was delivered to shop in stage dev since 2026-11-21T10:00:00Z"]


def test_a_receiver_that_nobody_heard_of_is_a_mistake(operate: Operate, stage: Stage) -> None:
    """Nothing was delivered to it, but that is not what its name says; one that was taken out keeps its deliveries."""
    done = operate("deliveries", "--receiver", "shpo", stack=stage.stack)
    assert (done.code, done.out) == (1, "")
    assert 'no receiver "shpo" is deployed to this stage' in done.err
    stage.write(FIRST, DELIVERED)
    stage.sqs.delete_queue(QueueUrl=stage.queue)
    assert operate("deliveries", "--receiver", "shop", "--since", START, stack=stage.stack).code == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30m", "11:30"), ("2h", "10:00"), ("2026-11-21T09:00Z", "09:00"), ("2026-11-21T09:00", "09:00"),
     ("2026-11-21T09:00+01:00", "08:00")],
)  # fmt: skip
def test_since_is_a_span_or_a_time(text: str, expected: str) -> None:
    """A time without a zone is UTC."""
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert since(text, now).astimezone(UTC).strftime("%H:%M") == expected


@pytest.mark.parametrize("text", ["", "0h", "2 h", "-2h", "yesterday", "999999d", "٢h"])
def test_since_is_nothing_else(text: str) -> None:
    """One line says what is expected."""
    with pytest.raises(ConfigurationError, match="expected a span such as 30m"):
        since(text, datetime.now(UTC))


ODD: list[dict[str, Any]] = [
    {"attempts": {"S": "x"}},
    {"status": {"N": "7"}},
    {"title": {"N": "7"}},
    {"at": {"N": "9e99"}},
    {"error": {"BOOL": True}},
]
ONE_LEFT_OUT = "warning: 1 item of the ledger cannot be read and is left out\n"


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=str)
def test_a_delivery_that_cannot_be_read_is_left_out_and_said(
    operate: Operate, stage: Stage, odd: dict[str, Any], options: list[str]
) -> None:
    """The others are listed; a line on standard error counts it."""
    stage.write(FIRST, DELIVERED)
    command = ("deliveries", "--receiver", "shop", "--since", START, *options)
    before = operate(*command, stack=stage.stack).lines
    stage.spoil(SECOND, odd)
    done = operate(*command, stack=stage.stack)
    assert (done.code, done.lines, done.err) == (0, before, ONE_LEFT_OUT)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_alerts_delivery_that_cannot_be_read_is_named_as_such(stage: Stage, odd: dict[str, Any]) -> None:
    """With the alert as it was published, which does not depend on it."""
    alert_id = stage.spoil(FIRST, odd)
    (found,), body = deliveries_of_alert(cast("Stack", stage.stack), alert_id, ["shop"])
    assert (found["receiver"], found["id"], found["status"]) == ("shop", alert_id, "unreadable")
    assert "its item in the ledger: " in found["error"]
    assert body == FIRST


# redeliver


@pytest.mark.parametrize(
    "odd",
    [
        {"status": {"N": "7"}},
        {"event": {"S": "x"}},
        {"event": {"B": b"not zipped"}},
        {"event": {"B": gzip.compress(b"[]", mtime=0)}},
        {"event": {"B": gzip.compress(b" " * 1_000_000, mtime=0)}},
        {"event": {"B": gzip.compress(b"\xff", mtime=0)}},
    ],
    ids=["status", "event", "not packed", "no alert", "too long", "not text"],
)
def test_what_cannot_be_read_is_not_sent_again(operate: Operate, stage: Stage, odd: dict[str, Any]) -> None:
    """And does not keep the others from it."""
    stage.write(FIRST, DELIVERED)
    stage.spoil(SECOND, odd)
    done = operate("redeliver", "--receiver", "shop", "--since", START, stack=stage.stack)
    assert (done.code, done.lines[-1], done.err) == (0, "1 alert are on the way to shop again", ONE_LEFT_OUT)
    assert stage.queued() == [FIRST]


def test_what_was_sent_or_given_up_is_sent_again(operate: Operate, stage: Stage) -> None:
    """What waits for a digest is left there, and what is older is not touched."""
    first, second = stage.write(FIRST, DELIVERED), stage.write(SECOND, UNDELIVERED)
    held = stage.write(THIRD, HELD)
    old = stage.write(message("old", 9).body, DELIVERED, after=-7200)
    done = operate("redeliver", "--receiver", "shop", "--since", START, stack=stage.stack)
    assert done.code == 0
    assert done.lines[-1] == "2 alerts are on the way to shop again"
    assert stage.queued() == sorted([FIRST, SECOND])
    assert [stage.status(each) for each in (first, second, held, old)] == [AGAIN, AGAIN, HELD, DELIVERED]


def test_a_dry_run_sends_nothing(operate: Operate, stage: Stage) -> None:
    """It only lists."""
    first = stage.write(FIRST, DELIVERED)
    done = operate("redeliver", "--receiver", "shop", "--since", START, "--dry-run", stack=stage.stack)
    assert done.lines == [f"{first}  Title 1", "1 alert would be on the way to shop again"]
    assert (stage.queued(), stage.status(first)) == ([], DELIVERED)


def test_a_receiver_that_is_not_deployed_is_named(operate: Operate, stage: Stage) -> None:
    """Before anything is marked."""
    done = operate("redeliver", "--receiver", "shap", "--since", START, stack=stage.stack)
    assert (done.code, done.err) == (
        1, 'no receiver "shap" is deployed to this stage; add it to receivers.toml, and deploy\n'
    )  # fmt: skip


# send-test


def test_a_test_goes_through_the_function(operate: Operate, stage: Stage) -> None:
    """Each alert of the event, and what the receiver answered."""
    stage.function.answers = [{"delivered": True, "error": ""}]
    event = EVENTS / "price-drop.json"
    done = operate("send-test", "--receiver", "shop", "--event", event, stack=stage.stack)
    assert done.code == 0
    assert done.lines[0].startswith("delivered  Wireless Mouse")
    (sent,) = stage.function.events
    assert (sent["test"], sent["alert"]["type"]) == ("shop", "product.price_dropped")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"delivered": False, "error": "answered 403"}, "answered 403"),
        ({"errorMessage": "timed out"}, "the function failed: timed out"),
        (None, "the function gave no answer"),
        (b"", "the function gave no answer"),
        (b"not JSON", "the function gave no answer"),
        (b"[" * 100_000, "the function gave no answer"),
    ],
)
def test_a_test_that_fails_says_why(operate: Operate, stage: Stage, answer: Any, error: str) -> None:
    """And the exit code says that it failed."""
    stage.function.answers = [answer]
    arguments = ("--receiver", "shop", "--event", EVENTS / "price-drop.json", "--json")
    done = operate("send-test", *arguments, stack=stage.stack)
    assert done.code == 1
    assert done.json_lines[0]["error"] == error


def test_a_stage_without_receivers_says_so(operate: Operate, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, and what to do."""
    monkeypatch.setattr(FakeStack, "outputs", {})
    arguments = ("--receiver", "shop", "--event", EVENTS / "price-drop.json")
    done = operate("send-test", *arguments, stack=stage.stack)
    assert (done.code, done.err) == (1, "this stage has no receivers: name some in receivers.toml, and deploy it\n")


# undelivered


def test_what_is_undelivered_is_listed_and_stays(operate: Operate, stage: Stage) -> None:
    """With the reason; a second look sees the same."""
    stage.keep(FIRST)
    for _ in range(2):
        done = operate("undelivered", stack=stage.stack)
        assert done.code == 0
        assert done.lines == [
            "shop: Title 1",
            "3 attempts, ReceiverGoneError: answered 410",
            "1 undelivered; --redrive sends them again",
        ]


def test_a_redrive_sends_each_to_its_receiver_again(operate: Operate, stage: Stage) -> None:
    """What has no receiver any more stays, and the exit code says so."""
    stage.keep(FIRST)
    stage.keep(SECOND, receiver="gone")
    done = operate("undelivered", "--redrive", stack=stage.stack)
    assert done.code == 1
    assert 'not sent again: no receiver "gone" is deployed' in done.out
    assert done.lines[-1] == "1 on the way to their receivers again, 1 left in the queue"
    assert stage.queued() == [FIRST]
    (left,) = operate("undelivered", "--json", stack=stage.stack).json_lines
    assert left["receiver"] == "gone"


def test_one_receiver_can_be_redriven_alone(operate: Operate, stage: Stage) -> None:
    """The others wait until theirs is mended."""
    stage.keep(FIRST)
    stage.keep(SECOND, receiver="other")
    operate("undelivered", "--redrive", "--receiver", "shop", stack=stage.stack)
    assert stage.queued() == [FIRST]
    assert [each["receiver"] for each in operate("undelivered", "--json", stack=stage.stack).json_lines] == ["other"]


def test_a_message_that_sqs_moved_goes_back_to_the_queue_that_it_came_from(operate: Operate, stage: Stage) -> None:
    """The redrive policy is the backstop, and leaves no reason."""
    arn = stage.sqs.get_queue_attributes(QueueUrl=stage.undelivered, AttributeNames=["QueueArn"])["Attributes"]
    policy = json.dumps({"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": "1"})
    stage.sqs.set_queue_attributes(QueueUrl=stage.queue, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    stage.sqs.send_message(QueueUrl=stage.queue, MessageBody=FIRST)
    for _ in range(3):
        stage.sqs.receive_message(QueueUrl=stage.queue)
    (line,) = operate("undelivered", "--json", stack=stage.stack).json_lines
    assert (line["error"], line["title"]) == ("RedrivePolicy", "Title 1")


def test_an_empty_queue_is_good_news(operate: Operate, stage: Stage) -> None:
    """And said so."""
    assert operate("undelivered", stack=stage.stack).lines == ["nothing is undelivered"]


def test_ctrl_c_gives_back_undelivered_messages_not_yet_shown(
    operate: Operate, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that one receive took, and not only what was listed."""
    for number in range(5):
        stage.keep(f'{{"id": "{number}", "data": {{"title": "t"}}}}')

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("operations.deployed.undelivered.UndeliveredQueue._read", interrupted)
        assert operate("undelivered", stack=stage.stack).code == 130
    assert len(operate("undelivered", "--json", stack=stage.stack).json_lines) == 5
