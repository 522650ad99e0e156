"""One contract for the queue: the fake of virtual time and the real one keep the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from event_source_mapping.aws.clients import AwsClients
from event_source_mapping.aws.queues import AwsQueues
from event_source_mapping.mapping.ports import QueueClient
from event_source_mapping.model.errors import QueueNotFoundError
from event_source_mapping.model.messages import ReceivedMessage
from event_source_mapping.running.virtual import VirtualScheduler
from event_source_mapping.testing.builders import QUEUE_ARN
from event_source_mapping.testing.fake_queue import FakeQueue
from tests.event_source_mapping.stage import REGION, Stage

VISIBILITY = 2  # seconds
ATTRIBUTES: dict[str, Any] = {"colour": {"DataType": "String", "StringValue": "red"}}


@dataclass
class Subject:
    """A queue with a dead-letter queue after two receives, and how to use its world."""

    queue: QueueClient
    arn: str
    dead: QueueClient
    dead_arn: str
    send: Callable[..., Any]
    wait: Callable[[float], Any]

    def receive(self, limit: int = 10, visibility: int | None = None) -> Sequence[ReceivedMessage]:
        """Receive without waiting."""
        return self.queue.receive(self.arn, limit=limit, wait=0, visibility_timeout=visibility)

    def bodies(self, limit: int = 10) -> list[str]:
        """Receive, and return the bodies."""
        return [message.body for message in self.receive(limit)]


@pytest.fixture(params=["fake", pytest.param("aws", marks=pytest.mark.end_to_end)])
def kind(request: pytest.FixtureRequest) -> Callable[[bool], Subject]:
    """Give each world in turn: what makes a queue of it, FIFO or not."""
    if request.param == "fake":
        return _fake
    stage: Stage = request.getfixturevalue("stage")
    return lambda fifo: _real(stage, fifo=fifo)


def _fake(fifo: bool) -> Subject:
    scheduler = VirtualScheduler()
    ending = ".fifo" if fifo else ""
    dead = FakeQueue(scheduler.now, arn=f"{QUEUE_ARN}-dead{ending}")
    queue = FakeQueue(
        scheduler.now,
        arn=QUEUE_ARN + ending,
        visibility_timeout=VISIBILITY,
        dead_letters=dead,
        maximum_receives=2,
    )

    def pass_time(seconds: float) -> None:
        scheduler._now += seconds

    return Subject(queue, queue.arn, dead, dead.arn, queue.send, pass_time)


def _real(stage: Stage, *, fifo: bool) -> Subject:
    _, dead_arn = stage.queue(fifo=fifo)
    url, arn = stage.queue(fifo=fifo, visibility=VISIBILITY, dead_letters=dead_arn, receives=2)

    def send(body: str, *, group: str | None = None, delay: int = 0, attributes: Any = None) -> None:
        more: dict[str, Any] = {"MessageAttributes": attributes or {}}
        more |= {"MessageGroupId": group} if group else {"DelaySeconds": delay}
        stage.send(url, body, **more)

    client = AwsQueues(AwsClients(stage.endpoint, REGION))
    return Subject(client, arn, client, dead_arn, send, time.sleep)


def test_a_message_is_received_with_all_that_it_carries(kind: Callable[[bool], Subject]) -> None:
    """Attributes of the sender and of the queue [The record of a message]."""
    subject = kind(False)
    subject.send("a", attributes=ATTRIBUTES)
    (message,) = subject.receive()
    assert (message.body, message.md5_of_body) == ("a", "0cc175b9c0f1b6a831c399e269772661")
    assert message.message_attributes["colour"]["StringValue"] == "red"
    assert len(message.md5_of_message_attributes or "") == 32
    names = {"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}
    assert set(message.attributes) == names
    assert message.attributes["ApproximateReceiveCount"] == "1"
    assert message.attributes["SentTimestamp"].isdecimal()


def test_a_received_message_is_hidden_then_comes_again_then_is_dead_lettered(kind: Callable[[bool], Subject]) -> None:
    """Visibility timeout, receive count, maxReceiveCount 2 [What becomes of a message]."""
    subject = kind(False)
    subject.send("a")
    (first,) = subject.receive()
    assert subject.bodies() == []
    subject.wait(VISIBILITY + 0.2)
    (second,) = subject.receive()
    assert second.attributes["ApproximateReceiveCount"] == "2"
    assert (second.message_id, second.receipt_handle == first.receipt_handle) == (first.message_id, False)
    assert subject.queue.attributes(subject.arn).messages == 1
    subject.wait(VISIBILITY + 0.2)
    assert subject.bodies() == []
    assert subject.queue.attributes(subject.arn).messages == 0
    (moved,) = subject.dead.receive(subject.dead_arn, limit=1, wait=0, visibility_timeout=None)
    assert moved.message_id == first.message_id
    assert moved.attributes["DeadLetterQueueSourceArn"] == subject.arn
    assert moved.attributes["ApproximateReceiveCount"] == "3"


def test_the_caller_may_hide_messages_for_longer(kind: Callable[[bool], Subject]) -> None:
    """A visibility timeout that stands in for the queue's own [Receiving from a queue]."""
    subject = kind(False)
    subject.send("a")
    assert len(subject.receive(visibility=60)) == 1
    subject.wait(VISIBILITY + 0.2)
    assert subject.bodies() == []
    assert subject.queue.attributes(subject.arn).visibility_timeout == VISIBILITY


def test_a_receive_gives_no_more_than_asked_for(kind: Callable[[bool], Subject]) -> None:
    """The limit; and a delayed message is counted though it is not received [Receiving from a queue]."""
    subject = kind(False)
    for number in range(3):
        subject.send(str(number))
    subject.send("delayed", delay=60)
    assert subject.queue.attributes(subject.arn).messages == 4
    assert len(subject.bodies(limit=2)) == 2
    assert len(subject.bodies()) == 1


def test_deleting_is_for_good(kind: Callable[[bool], Subject]) -> None:
    """Ten at a time [Deleting]."""
    subject = kind(False)
    for number in range(3):
        subject.send(str(number))
    received = subject.receive()
    assert not subject.queue.delete(subject.arn, [message.receipt_handle for message in received[:2]])
    assert subject.queue.attributes(subject.arn).messages == 1
    subject.wait(VISIBILITY + 0.2)
    assert subject.bodies() == [received[2].body]


def test_a_group_waits_for_its_message_in_flight(kind: Callable[[bool], Subject]) -> None:
    """A FIFO queue gives out other groups meanwhile, and each in its order [Message groups]."""
    subject = kind(True)
    for body in ("a1", "b1", "a2", "b2"):
        subject.send(body, group=body[0])
    (first,) = subject.receive(limit=1)
    assert first.body == "a1"
    assert first.attributes["MessageGroupId"] == "a"
    assert subject.bodies() == ["b1", "b2"]
    assert not subject.queue.delete(subject.arn, [first.receipt_handle])
    assert subject.bodies() == ["a2"]


def test_an_old_receipt_is_refused_by_a_fifo_queue(kind: Callable[[bool], Subject]) -> None:
    """The message was received since [Deleting]."""
    subject = kind(True)
    subject.send("a", group="g")
    (first,) = subject.receive()
    subject.wait(VISIBILITY + 0.2)
    assert subject.bodies() == ["a"]
    (refusal,) = subject.queue.delete(subject.arn, [first.receipt_handle])
    assert (refusal.receipt_handle, refusal.final) == (first.receipt_handle, True)
    assert subject.queue.attributes(subject.arn).messages == 1


def test_a_queue_that_is_not_there(kind: Callable[[bool], Subject]) -> None:
    """AWS's words for it [Settings of a queue]."""
    subject = kind(False)
    with pytest.raises(QueueNotFoundError):
        subject.queue.attributes(f"{subject.arn}-gone")
    with pytest.raises(QueueNotFoundError):
        subject.queue.receive(f"{subject.arn}-gone", limit=1, wait=0, visibility_timeout=None)
