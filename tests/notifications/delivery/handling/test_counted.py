"""What is counted of deliveries."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, time

import pytest

from notifications.common.errors import (
    DeliveryFailedError,
    ProductAlertsError,
    ReceiverGoneError,
    RefusedDeliveryError,
    ServiceError,
)
from notifications.config.receiver import Digest, Receiver
from notifications.delivery.handling.counted import CountedProgress, CountedQueues, DeliveryMetrics
from notifications.delivery.handling.delivery import Deliveries
from tests.notifications.common.test_embedded_metrics import SCHEMA
from tests.notifications.delivery.handling.test_delivery import FLUSH, PREFIX, Function, body

DAILY = Receiver("shop", "text", digest=Digest(time(8), None))


class Counted(Function):
    """The delivery function, with what it writes as metrics."""

    def __init__(self, *receivers: Receiver) -> None:
        super().__init__(*receivers)
        self.lines: list[str] = []
        metrics = DeliveryMetrics("delivery-function", self.lines.append, self.now.timestamp)
        progress, queues = CountedProgress(self.progress, metrics), CountedQueues(self.queues, metrics)
        channels = {receiver.name: self._channel(receiver) for receiver in self.receivers}
        self.deliveries = Deliveries(channels, progress, queues, PREFIX, lambda: self.now)

    @property
    def counts(self) -> Counter[str]:
        """Deliveries by outcome, and how many found the receiver gone."""
        found: Counter[str] = Counter()
        for line in self.lines:
            read = json.loads(line)
            SCHEMA.validate(read)
            (dimensions,) = read["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
            if "Deliveries" in read:
                assert dimensions == ["FunctionName", "Receiver", "Outcome"]
                assert read["Receiver"] == "shop"
                found[read["Outcome"]] += read["Deliveries"]
            else:
                assert dimensions == ["FunctionName"]
                found["gone"] += read["ReceiverGone"]
        return found


def test_each_alert_counts_once_by_what_became_of_it() -> None:
    """A copy of a message that was delivered already counts no more."""
    function = Counted()
    function.receive(body("a", 1), body("b", 2), body("a", 1))
    assert function.counts == {"delivered": 2}


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (DeliveryFailedError("answered 500"), {"failing": 1}),
        (RefusedDeliveryError("answered 400"), {"undelivered": 1}),
        (ReceiverGoneError("answered 410"), {"undelivered": 1, "gone": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_receiver_did_not_take_counts(error: ProductAlertsError, counts: dict[str, int]) -> None:
    """Whether it comes again, is given up, or has nobody left to go to."""
    function = Counted()
    function.fail(error)
    function.receive(body())
    assert function.counts == counts


def test_every_alert_to_a_receiver_that_is_gone_counts_until_the_next_deploy() -> None:
    """So the alarm lasts as long as the cause does."""
    function = Counted()
    function.fail(ReceiverGoneError("answered 410"))
    function.receive(body("a", 1))
    function.fail(None)
    function.receive(body("b", 2), body("c", 3))
    assert function.counts == {"undelivered": 3, "gone": 3}


def test_what_cannot_be_read_counts_as_undelivered() -> None:
    """It is in that queue, too."""
    function = Counted()
    function.receive("{}")
    assert function.counts == {"undelivered": 1}


def test_a_digest_counts_alert_by_alert() -> None:
    """Held when it comes, delivered when the digest goes out; the digest itself is not one more."""
    function = Counted(DAILY)
    function.receive(body("a", 1), body("b", 2), body("c", 3))
    assert function.counts == {"held": 3}
    function.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    function.receive(FLUSH)
    assert function.counts == {"held": 3, "delivered": 3}


def test_a_digest_that_is_refused_counts_as_undelivered_alert_by_alert() -> None:
    """As they stand in the queue."""
    function = Counted(DAILY)
    function.receive(body("a", 1), body("b", 2))
    function.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    function.fail(RefusedDeliveryError("answered 400"))
    function.receive(FLUSH)
    assert function.counts == {"held": 2, "undelivered": 2}


def test_what_was_sent_counts_though_the_ledger_does_not_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver has it."""
    function = Counted()

    def down(_delivery: object) -> None:
        raise ServiceError("DynamoDB did not answer")

    monkeypatch.setattr(function.progress, "write", down)
    function.receive(body())
    assert len(function.sent) == 1
    assert function.counts == {"delivered": 1}
