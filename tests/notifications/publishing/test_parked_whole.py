"""A parked record is whole, however long: what exceeds a message of the queue is divided, and joined by redrive."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from notifications.common.errors import ServiceError
from notifications.publishing.failures import FEWER_BYTES, MOST_BYTES, Parked, SqsFailures, record_in, to_bodies
from operations.deployed.failure_messages import UnknownMessageError, join_parts, parse_failure_message
from tests.builders import modified

NOISE = hashlib.shake_256(b"noise").hexdigest(1_500_000)
BIG = modified({"a": NOISE}, {"a": NOISE[::-1]})
CASES = [BIG, NOISE, [NOISE], {"dynamodb": NOISE}, {"dynamodb": {"SequenceNumber": "9" * 3_000_000, "Keys": NOISE}}]


class Queue:
    """An SQS client that takes messages of so many bytes; what is larger it refuses as SQS does."""

    def __init__(self, most_bytes: int = 1_048_576) -> None:
        self.most_bytes = most_bytes
        self.bodies: list[str] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str, MessageAttributes: Any) -> None:  # noqa: N803, ARG002
        """Take a message."""
        if len(MessageBody) + 200 > self.most_bytes:
            raise ClientError({"Error": {"Code": "InvalidParameterValue", "Message": "too long"}}, "SendMessage")
        self.bodies.append(MessageBody)


@cache
def parts() -> tuple[str, ...]:
    """Give the messages of the big record, which takes a while to compress."""
    return tuple(to_bodies(Parked(BIG, "why", "E"), "1"))


def joined(bodies: list[str]) -> list[Any]:
    """Give the records that redrive finds in messages."""
    return [record_in(json.loads(text)) for _, text in join_parts(bodies)]


@pytest.mark.parametrize("record", CASES, ids=range(len(CASES)))
def test_a_record_of_any_length_is_parked_whole(record: Any) -> None:
    """With its images, though they are 3 MB of noise, and where what is long is outside of them."""
    queue = Queue()
    SqsFailures(queue, "url", "1").park(Parked(record, "why", "MalformedRecordError"))
    assert joined(queue.bodies) == [record]
    assert all(json.loads(body)["reason"] == "why" for body in queue.bodies)


def test_parts_say_which_they_are_and_have_the_same_id_each_time() -> None:
    """A record that is parked again has the parts that it had."""
    bodies = to_bodies(Parked(BIG, "why", "E"), "1")
    read = [json.loads(body) for body in bodies]
    assert [(part["part"], part["of"]) for part in read] == [
        (number, len(bodies)) for number in range(1, len(bodies) + 1)
    ]
    assert len({part["id"] for part in read}) == 1
    assert max(map(len, bodies)) <= MOST_BYTES
    assert parts() == tuple(bodies)


def test_parts_are_joined_in_any_order_and_beside_others() -> None:
    """Twice parked, mixed with another record's parts and with a whole one."""
    other = to_bodies(Parked([NOISE], "why", "E"), "1")
    small = to_bodies(Parked({"a": 1}, "why", "E"), "1")
    bodies = parts()
    mixed = [*bodies[::-1], *other, *small, *bodies]
    found = join_parts(mixed)
    assert sorted(position for positions, _ in found for position in positions) == list(range(len(mixed)))
    records = [record_in(json.loads(text)) for _, text in found]
    assert len(records) == 3
    assert all(record in records for record in (BIG, [NOISE], {"a": 1}))


def test_a_part_without_the_others_is_no_record() -> None:
    """It is reported, and left."""
    for body in parts()[1:]:
        ((_, text),) = join_parts([body])
        with pytest.raises(UnknownMessageError, match=r"part \d of \d of a parked record"):
            parse_failure_message(text)


@pytest.mark.parametrize(
    "part",
    [
        {"part": 0},
        {"part": 4},
        {"of": 10**9},
        {"part": True, "of": "3"},
        {"id": ["x"]},
        {"recordGzip": None},
        {"of": -1},
    ],
    ids=str,
)
def test_a_part_that_somebody_else_wrote_breaks_nothing(part: dict[str, Any]) -> None:
    """The queue's other messages are joined all the same."""
    bodies = parts()
    forged = json.dumps({**json.loads(bodies[0]), **part})
    found = join_parts([forged, *bodies])
    assert list(range(1, len(bodies) + 1)) in [[each for each in positions if each] for positions, _ in found]


def test_a_malformed_record_of_a_megabyte_outside_its_images_is_parked() -> None:
    """It does not come back for ever."""
    record = {"eventName": NOISE, "eventSourceARN": NOISE[::-1], "dynamodb": {"SequenceNumber": "1", "Keys": {}}}
    queue = Queue()
    SqsFailures(queue, "url", "1").park(Parked(record, "why", "MalformedRecordError"))
    assert joined(queue.bodies) == [record]


def test_what_the_queue_refuses_is_parked_in_smaller_parts() -> None:
    """SQS took 256 KB for long, and a stand-in may still."""
    queue = Queue(262_144)
    SqsFailures(queue, "url", "1").park(Parked(BIG, "why", "E"))
    assert joined(queue.bodies) == [BIG]
    assert max(map(len, queue.bodies)) <= FEWER_BYTES


def test_what_is_refused_in_parts_too_is_parked_without_its_images() -> None:
    """What leads back to the stream is kept."""

    class Picky(Queue):
        def send_message(self, **message: Any) -> None:
            if "Image" in message["MessageBody"] or "recordGzip" in message["MessageBody"]:
                raise ClientError({"Error": {"Code": "InvalidMessageContents", "Message": "no"}}, "SendMessage")
            super().send_message(**message)

    queue = Picky()
    SqsFailures(queue, "url", "1").park(Parked(modified({}, {"a": 1}), "why", "E"))
    (body,) = map(json.loads, queue.bodies[-1:])
    assert body.get("imagesLeftOut") is True or body["record"] is None


def test_a_queue_that_refuses_everything_is_at_fault_itself() -> None:
    """The record comes again: it is worth another try."""
    with pytest.raises(ServiceError, match="refuses every message"):
        SqsFailures(Queue(0), "url", "1").park(Parked({}, "why", "E"))
