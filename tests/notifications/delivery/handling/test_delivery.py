"""What becomes of a message in a receiver's queue."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifications.bootstrap_delivery import outgoing
from notifications.common.errors import (
    ConfigurationError,
    DeliveryFailedError,
    ProductAlertsError,
    ReceiverGoneError,
    RefusedDeliveryError,
    ServiceError,
)
from notifications.config.receiver import Digest, Quiet, Receiver
from notifications.delivery.handling.channel import Channel
from notifications.delivery.handling.delivery import Deliveries
from notifications.delivery.handling.fakes import MemoryProgress, MemoryQueues
from notifications.delivery.handling.progress import AGAIN, DELIVERED, FAILING, HELD, UNDELIVERED, Delivery
from notifications.delivery.handling.retries import DELAYS, HORIZON
from notifications.delivery.rendering.kinds import render
from notifications.delivery.rendering.view import view_of
from notifications.delivery.sending.fakes import MemorySender
from notifications.delivery.sending.sender import Outgoing
from tests.builders import message, rules

PREFIX = "product-alerts-dev-to-"
DOWN = ServiceError("DynamoDB did not answer")
BERLIN = ZoneInfo("Europe/Berlin")
FLUSH = json.dumps({"flush": "shop"})


def body(product: str = "prod-1", at: int = 1, **data: Any) -> str:
    """Make an alert as the topic hands it on."""
    return message(product, at, **data).body


def id_in(text: str) -> str:
    """Give the id of an alert."""
    return str(json.loads(text)["id"])


class Function:
    """The delivery function over fakes, with a clock to be turned."""

    def __init__(
        self,
        *receivers: Receiver,
        progress: MemoryProgress | None = None,
        now: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
    ) -> None:
        """Serve `receivers`, by default one of kind text, called "shop", over a ledger that there may be."""
        self.receivers = receivers or (Receiver("shop", "text"),)
        self.senders = {receiver.name: MemorySender() for receiver in self.receivers}
        self.progress = progress or MemoryProgress()
        self.queues = MemoryQueues()
        self.now = now
        channels = {receiver.name: self._channel(receiver) for receiver in self.receivers}
        self.deliveries = Deliveries(channels, self.progress, self.queues, PREFIX, lambda: self.now)

    def _channel(self, receiver: Receiver) -> Channel:
        return Channel(
            receiver,
            partial(view_of, product=rules().product, receiver=receiver, stage="dev"),
            lambda view: outgoing(receiver, view.id, render(view, receiver)),
            lambda view, digest_id: outgoing(receiver, digest_id, render(view, receiver, digest_id)),
            self.senders[receiver.name],
        )

    def receive(
        self, *bodies: str, receiver: str = "shop", receives: int = 1, left: Callable[[], int] | None = None
    ) -> list[str]:
        """Hand over a batch; return the positions of what comes again."""
        records = [
            {
                "messageId": str(position),
                "receiptHandle": f"receipt-{position}",
                "body": each,
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{PREFIX}{receiver}",
            }
            for position, each in enumerate(bodies)
        ]
        response = self.deliveries.handle({"Records": records}, left)
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def fail(self, error: ProductAlertsError | None, receiver: str = "shop") -> None:
        """Have a receiver fail from now on, or not any more."""
        self.senders[receiver].failure_of = lambda _: error

    @property
    def sent(self) -> list[Outgoing]:
        """What "shop" got."""
        return self.senders["shop"].sent

    def status(self, alert: str, receiver: str = "shop") -> str:
        """Give what is known of a delivery."""
        return self.progress.deliveries[receiver, id_in(alert)].status


@pytest.fixture
def function() -> Function:
    """Give a function with one receiver."""
    return Function()


# Once


def test_an_alert_is_delivered_and_written_down(function: Function) -> None:
    """With its id, so that a receiver can tell a repeat."""
    assert function.receive(body()) == []
    (sent,) = function.sent
    assert sent.id == id_in(body())
    assert function.progress.deliveries["shop", sent.id] == Delivery(
        "shop", sent.id, DELIVERED, 1, body().encode(), "A title"
    )


def test_a_message_that_sqs_hands_out_twice_is_delivered_once(function: Function) -> None:
    """In one batch or in two."""
    function.receive(body(), body())
    function.receive(body())
    assert len(function.sent) == 1


def test_each_receiver_gets_its_own_copy() -> None:
    """What one was sent says nothing about the others."""
    function = Function(Receiver("shop", "text"), Receiver("other", "text"))
    function.receive(body(), receiver="shop")
    function.receive(body(), receiver="other")
    assert [len(sender.sent) for sender in function.senders.values()] == [1, 1]


def test_an_alert_that_an_operator_asks_for_is_delivered_again(function: Function) -> None:
    """`redeliver` says so in the ledger, and puts the message into the queue."""
    function.receive(body())
    function.progress.write(Delivery("shop", id_in(body()), AGAIN, 1))
    function.receive(body())
    assert (len(function.sent), function.status(body())) == (2, DELIVERED)


# Failures


def test_a_failed_delivery_waits_longer_each_time_and_then_is_undelivered(function: Function) -> None:
    """Whole, with the reason, and the ledger says so."""
    function.fail(DeliveryFailedError("answered 503"))
    for _ in DELAYS:
        assert function.receive(body()) == ["0"]
        assert function.status(body()) == FAILING
    assert function.receive(body()) == []
    assert [seconds for _, seconds in function.queues.delays] == list(DELAYS)
    (undelivered,) = function.queues.undelivered
    assert undelivered == ("shop", body(), "DeliveryFailedError", "answered 503", len(DELAYS) + 1)
    assert function.status(body()) == UNDELIVERED


def test_a_delivery_that_succeeds_later_is_written_down_with_its_attempts(function: Function) -> None:
    """The last error is gone from the ledger."""
    function.fail(DeliveryFailedError("answered 503"))
    function.receive(body())
    assert function.progress.deliveries["shop", id_in(body())].error == "answered 503"
    function.fail(None)
    assert function.receive(body()) == []
    written = function.progress.deliveries["shop", id_in(body())]
    assert (written.status, written.attempts, written.error) == (DELIVERED, 2, "")


def test_a_receiver_that_says_when_is_asked_then(function: Function) -> None:
    """`Retry-After` of 429."""
    function.fail(DeliveryFailedError("answered 429", 77))
    function.receive(body())
    assert function.queues.delays == [("0", 77)]


def test_one_bad_message_harms_no_other(function: Function) -> None:
    """Of five, the one that is refused and the one that fails stand alone."""
    bodies = [body(f"p{number}", number) for number in range(1, 6)]
    errors = {id_in(bodies[1]): RefusedDeliveryError("answered 400"), id_in(bodies[3]): DeliveryFailedError("down")}
    function.senders["shop"].failure_of = lambda sent: errors.get(sent.id)
    assert function.receive(*bodies) == ["3"]
    assert [sent.id for sent in function.sent] == [id_in(bodies[at]) for at in (0, 2, 4)]
    assert [kept.body for kept in function.queues.undelivered] == [bodies[1]]


@pytest.mark.parametrize(
    "strange",
    ["", "null", "[]", "5", '"x"', "{}", '{"flush": "shop", "id": 1}', "[" * 100_000, '{"id": "x", "data": {}}',
     json.dumps({**json.loads(body()), "id": "#disabled"})],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_message_that_is_not_an_alert_is_undelivered_at_once(function: Function, strange: str) -> None:
    """Whole; its neighbours go on."""
    assert function.receive(strange, body()) == []
    (undelivered,) = function.queues.undelivered
    assert (undelivered.body, undelivered.error) == (strange, "MalformedAlertError")
    assert len(function.sent) == 1


@pytest.mark.parametrize("error", [KeyError("x"), ConfigurationError("templates/shop.html, line 3: unknown tag")])
def test_what_nobody_thought_of_is_undelivered_too(function: Function, error: Exception) -> None:
    """A mistake in a template or in us stops one message, and not the queue."""

    def explode(_: Outgoing) -> ProductAlertsError | None:
        raise error

    function.senders["shop"].failure_of = explode
    assert function.receive(body()) == []
    assert function.queues.undelivered[0].body == body()


def test_messages_for_a_receiver_that_is_no_more_are_kept(function: Function) -> None:
    """A deploy takes the receiver before its queue."""
    assert function.receive(body(), receiver="gone") == []
    assert function.queues.undelivered[0].receiver == "gone"


@pytest.mark.parametrize("event", [None, [], {}, {"Records": None}, {"Records": [None, 1, "x", [], {}]}])
def test_no_exception_leaves_it(function: Function, event: object) -> None:
    """Whatever it is called with, it answers."""
    assert function.deliveries.handle(event) == {"batchItemFailures": []}


# The ledger and the queue fail


def test_while_the_ledger_cannot_be_asked_nothing_is_sent(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """It might be a repeat."""
    monkeypatch.setattr(function.progress, "read", _raise)
    assert function.receive(body()) == ["0"]
    assert (function.sent, function.queues.undelivered) == ([], [])


def test_what_was_sent_is_not_sent_again_because_it_could_not_be_written_down(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is done with."""
    monkeypatch.setattr(function.progress, "write", _raise)
    assert function.receive(body()) == []
    assert len(function.sent) == 1


def test_what_cannot_be_kept_as_undelivered_comes_again(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is deleted before it is safe elsewhere."""
    function.fail(RefusedDeliveryError("answered 400"))
    monkeypatch.setattr(function.queues, "keep", _raise)
    assert function.receive(body()) == ["0"]


def test_a_wait_that_cannot_be_set_does_not_stop_the_batch(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue has a timeout of its own."""
    function.fail(DeliveryFailedError("down"))
    monkeypatch.setattr(function.queues, "delay", _raise)
    assert function.receive(body(), body("other", 2)) == ["0", "1"]


def _raise(*_: object) -> None:
    raise DOWN


def test_what_there_is_no_time_for_is_handed_back_at_once(function: Function) -> None:
    """The function never dies of its own time limit."""
    left = iter([60_000, 29_000, 28_000])
    bodies = [body(f"p{number}", number) for number in range(1, 4)]
    assert function.receive(*bodies, left=lambda: next(left)) == ["1", "2"]
    assert function.queues.delays == [("1", 0), ("2", 0)]
    assert len(function.sent) == 1


# A receiver that is gone


def test_a_receiver_that_is_gone_is_asked_no_more_until_the_next_deploy(function: Function) -> None:
    """410: the alert that it was told with, and all that follow, are undelivered."""
    function.fail(ReceiverGoneError("answered 410"))
    function.receive(body(at=1))
    function.fail(None)
    function.receive(body(at=2), body(at=3))
    assert function.senders["shop"].calls == 1
    assert [kept.error for kept in function.queues.undelivered] == ["ReceiverGoneError"] * 3
    function.progress.disabled.clear()  # a deploy
    function.receive(body(at=4))
    assert len(function.sent) == 1


# Quiet hours and digests

NIGHTLY = Receiver("shop", "text", quiet=Quiet(time(22), time(7), BERLIN))
DAILY = Receiver("shop", "text", digest=Digest(time(8), BERLIN))


def test_in_quiet_hours_alerts_wait_and_come_as_one_message() -> None:
    """But what is critical passes."""
    function = Function(NIGHTLY)
    function.now = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
    assert function.receive(body("a", 1), body("b", 2), body("c", 3, severity="critical")) == []
    assert [sent.id for sent in function.sent] == [id_in(body("c", 3, severity="critical"))]
    assert function.status(body("a", 1)) == HELD
    function.receive(FLUSH)
    assert len(function.sent) == 1
    function.now = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    assert function.receive(FLUSH) == []
    assert "2 alerts" in function.sent[1].subject
    assert function.status(body("a", 1)) == DELIVERED
    assert function.progress.outbox == {}


def test_a_repeat_of_a_held_alert_collapses_and_an_empty_digest_is_not_sent() -> None:
    """Before the flush and after it."""
    function = Function(DAILY)
    function.receive(body(), body())
    function.now += timedelta(days=1)
    function.receive(FLUSH)
    function.receive(body())
    function.now += timedelta(days=1)
    function.receive(FLUSH)
    assert len(function.sent) == 1
    assert "1 alert" in function.sent[0].subject


def test_a_flush_that_comes_a_little_early_sends_what_is_due() -> None:
    """The scheduler's clock is not ours."""
    function = Function(DAILY)
    function.receive(body())
    function.now = datetime(2026, 11, 22, 6, 59, 30, tzinfo=UTC)
    function.receive(FLUSH)
    assert len(function.sent) == 1


@pytest.mark.parametrize(
    ("first", "due"), [((2026, 3, 28, 12), (2026, 3, 29, 6)), ((2026, 10, 24, 12), (2026, 10, 25, 7))]
)
def test_a_digest_comes_at_its_time_on_the_wall_when_the_clocks_change(
    first: tuple[int, ...], due: tuple[int, ...]
) -> None:
    """08:00 in Berlin, be it 6 or 7 o'clock in UTC; the hourly look finds nothing before."""
    function = Function(DAILY)
    function.now = datetime(*first, tzinfo=UTC)  # type: ignore[arg-type,misc]
    function.receive(body())
    end = datetime(*due, tzinfo=UTC)  # type: ignore[arg-type,misc]
    while function.now < end:
        assert function.sent == []
        function.now += timedelta(hours=1)
        function.receive(FLUSH)
    assert len(function.sent) == 1


def test_a_digest_that_fails_is_tried_again_with_the_same_id() -> None:
    """After seconds, then minutes; later the next hour's flush takes its place."""
    function = Function(DAILY)
    function.receive(body())
    function.now += timedelta(days=1)
    seen: list[str] = []

    def down(sent: Outgoing) -> ProductAlertsError:
        seen.append(sent.id)
        return DeliveryFailedError("answered 503")

    function.senders["shop"].failure_of = down
    assert [function.receive(FLUSH, receives=count) for count in range(1, 5)] == [["0"], ["0"], ["0"], []]
    assert [seconds for _, seconds in function.queues.delays] == list(DELAYS[:3])
    function.fail(None)
    function.receive(FLUSH)
    assert {*seen, function.sent[0].id} == {str(uuid.UUID(seen[0]))}


def test_a_digest_that_could_not_be_crossed_off_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger knows it by the alerts in it."""
    function = Function(DAILY)
    function.receive(body())
    function.now += timedelta(days=1)
    with monkeypatch.context() as patch:
        patch.setattr(function.progress, "release", _raise)
        assert function.receive(FLUSH) == ["0"]
    assert function.receive(FLUSH) == []
    assert (len(function.sent), function.progress.outbox) == (1, {})


@pytest.mark.parametrize("gone", [True, False])
def test_a_digest_that_is_refused_is_undelivered_alert_by_alert(gone: bool) -> None:
    """Whole, so that each can be played again."""
    function = Function(DAILY)
    function.receive(body("a", 1), body("b", 2))
    function.now += timedelta(days=1)
    function.fail(ReceiverGoneError("answered 410") if gone else RefusedDeliveryError("answered 400"))
    assert function.receive(FLUSH) == []
    assert {kept.body for kept in function.queues.undelivered} == {body("a", 1), body("b", 2)}
    assert function.status(body("a", 1)) == UNDELIVERED
    assert function.progress.outbox == {}
    assert bool(function.progress.disabled) == gone


def test_a_digest_that_fails_for_as_long_as_an_alert_is_tried_is_undelivered() -> None:
    """A dead receiver does not fill the outbox for ever."""
    function = Function(DAILY)
    function.receive(body())
    function.fail(DeliveryFailedError("answered 503"))
    function.now += timedelta(seconds=HORIZON)
    function.receive(FLUSH)
    assert function.queues.undelivered == []
    function.now += timedelta(days=1)
    assert function.receive(FLUSH) == []
    assert [kept.reason for kept in function.queues.undelivered] == ["answered 503"]


def test_ten_thousand_alerts_make_one_digest() -> None:
    """Twenty products are named, the rest is counted."""
    function = Function(DAILY)
    function.now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    for start in range(0, 10_000, 500):
        function.receive(*(body(f"p{number % 2500}", number + 1) for number in range(start, start + 500)))
    function.now += timedelta(days=1)
    assert function.receive(FLUSH) == []
    (digest,) = function.sent
    assert "10000 alerts" in digest.subject.replace(",", "")
    assert "2480 other products" in digest.body.decode().replace(",", "")
    assert function.progress.outbox == {}


def test_a_digest_is_as_big_as_the_functions_memory_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts can have 256 KB each; what one digest has no room for comes with the next."""
    function = Function(DAILY)
    bodies = [body(f"p{number}", number) for number in range(1, 6)]
    function.receive(*bodies)
    function.now += timedelta(days=1)
    monkeypatch.setattr("notifications.delivery.handling.digests.MOST_BYTES", 2 * len(bodies[0]) + 100)
    for left in (3, 1, 0):
        function.receive(FLUSH)
        assert len(function.progress.outbox) == left
    assert [sent.subject.partition(":")[0] for sent in function.sent] == ["2 alerts", "2 alerts", "1 alert"]


# Trying a receiver


def test_a_test_is_sent_at_once_and_marked_as_one() -> None:
    """Neither quiet hours nor the ledger matter, and nothing is written down."""
    function = Function(DAILY)
    event = {"test": "shop", "alert": json.loads(body())}
    for _ in range(2):
        assert function.deliveries.handle(event) == {"delivered": True, "error": ""}
    assert len(function.sent) == 2
    assert "test" in function.sent[0].subject.lower()
    assert function.progress.deliveries == {}


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"test": "nobody", "alert": {}}, "no receiver is called 'nobody'"),
        ({"test": "shop"}, "expected"),
        ({"test": "shop", "alert": json.loads(body())}, "answered 403"),
    ],
)
def test_a_test_that_fails_says_why(function: Function, event: dict[str, Any], error: str) -> None:
    """To whoever sent it."""
    function.fail(DeliveryFailedError("answered 403"))
    answer = function.deliveries.handle(event)
    assert answer["delivered"] is False
    assert error in answer["error"]
