"""The subscriber's queue may hold anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.samples.failures_queue import GivenUpReader
from local.samples.subscriber import Notification, Subscriber
from tests.local.reports.examples import DEPLOYMENT

ALERT = {"specversion": "1.0", "id": "an-id", "type": "product.added", "data": {"title": "New"}}


class Sqs:
    """A queue with one message; also the SNS that it is subscribed to, and an empty bucket."""

    def __init__(self, body: str) -> None:
        self.body = body

    def client(self, service: str) -> Sqs:
        """Be every service."""
        del service
        return self

    def receive_message(self, **_: Any) -> dict[str, Any]:
        """Give the message."""
        return {"Messages": [{"Body": self.body, "ReceiptHandle": "r"}]}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        """Give the ARN."""
        return {"Attributes": {"QueueArn": "arn"}}

    def create_queue(self, **_: Any) -> dict[str, Any]:
        """Give the URL."""
        return {"QueueUrl": "url"}

    def list_objects_v2(self, **_: Any) -> dict[str, Any]:
        """Be an empty bucket."""
        return {}

    def __getattr__(self, name: str) -> Any:
        return lambda **_: None


def _received(body: str) -> Notification:
    (alert,) = Subscriber(Sqs(body), "topic").receive(0)  # type: ignore[arg-type]
    return alert


def test_a_notification_is_unwrapped() -> None:
    """The alert, the subject and the attributes are taken out of SNS's envelope."""
    attributes = {"rule": {"Type": "String", "Value": "new"}}
    envelope = {"Message": json.dumps(ALERT), "Subject": "New", "MessageAttributes": attributes}
    assert _received(json.dumps(envelope)) == Notification(ALERT, "New", {"rule": "new"})


def test_a_raw_delivery_is_an_alert_too() -> None:
    """A CloudEvent without an envelope is shown like any other."""
    assert _received(json.dumps(ALERT)) == Notification(ALERT, None, {})


@pytest.mark.parametrize("body", ["", "hello", "[]", "3", "{}", '{"Message": 3}', "[" * 100_000, '"Message"'])
def test_what_somebody_else_put_there_is_kept_as_text(body: str) -> None:
    """Nothing in the queue ends the run."""
    alert = _received(body)
    assert (alert.message, alert.type) == ({"unreadable": body}, "unreadable")


@pytest.mark.parametrize("odd", [{"MessageAttributes": []}, {"MessageAttributes": {"a": 1, "b": {}}}, {"Subject": 7}])
def test_an_odd_envelope_keeps_its_message(odd: dict[str, Any]) -> None:
    """What is odd about an envelope is left out."""
    assert _received(json.dumps({"Message": json.dumps(ALERT), **odd})) == Notification(ALERT, None, {})


def test_so_may_the_failures_queue() -> None:
    """A message that is not JSON is read as its text."""
    assert GivenUpReader(Sqs("not JSON"), DEPLOYMENT).wait(0) == ["not JSON"]  # type: ignore[arg-type]
