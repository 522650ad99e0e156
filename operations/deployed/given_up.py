"""What was given up and waits to be played again: in the failures queue, and in the bucket of whole batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from operations.deployed.failure_messages import FailureMessage, UnknownMessageError, join_parts, parse_failure_message
from operations.deployed.stack import Stack

MOST_BYTES = 32_000_000  # of an object: Lambda's document has a payload of 6 MB at the most, escaped once more
PREFIX = "aws/lambda/"
PLAYING_SECONDS, LOOKING_SECONDS = 3600, 30
"""How long messages are hidden from other readers if they are not given back, as by a process that was killed: of a run
that plays them, which must not be overtaken by another, and of one that only lists them."""


class GivenUp(Protocol):
    """Something that was given up."""

    id: str
    """Tells it from all others that wait."""
    since: float | None
    """When it was given up, epoch seconds."""
    text: str
    """What to show of what cannot be read: its text, or its name."""
    count: int
    """How many messages or objects it takes; 0 where it turns out to be gone."""
    sequence_number: int
    """Of its first record; 0 if that has no number."""

    def message(self) -> FailureMessage:
        """Read it. Raises UnknownMessageError for what neither the function nor Lambda wrote, or cannot be read."""

    def delete(self) -> None:
        """Delete it for good."""

    def give_back(self) -> None:
        """Leave it for the next reader."""


class Queue:
    """The failures queue."""

    def __init__(self, client: Any, url: str, wait: int = 1, hidden: int = PLAYING_SECONDS) -> None:
        """Read with a boto3 SQS client, and `wait` seconds for the last messages: without, some may be missed.

        Messages are hidden from others for `hidden` seconds.
        """
        self.client, self.url = client, url
        self._wait, self._hidden = wait, hidden

    def receive(self, most: int) -> Iterator[GivenUp]:
        """Yield messages, hidden from other readers from then on; those of one record together."""
        held: dict[str, Mapping[str, Any]] = {}
        try:
            while len(held) < most:
                found = self.client.receive_message(
                    QueueUrl=self.url,
                    MaxNumberOfMessages=min(10, most - len(held)),
                    VisibilityTimeout=self._hidden,
                    WaitTimeSeconds=self._wait,
                    MessageSystemAttributeNames=["SentTimestamp"],
                ).get("Messages", [])
                if not found:
                    break
                held |= {each["ReceiptHandle"]: each for each in found}
            receipts = list(held)
            for positions, text in join_parts([each["Body"] for each in held.values()]):
                message = QueuedFailure(self, [held[receipts[position]] for position in positions], text)
                yield message
                for position in positions:
                    del held[receipts[position]]
        except BaseException:  # Ctrl-C as well, and whoever reads on no longer
            for receipt in held:
                self.give_back(receipt)
            raise

    def give_back(self, receipt: str) -> None:
        """Show a message to other readers; should that fail, it shows up by itself after a while."""
        with suppress(ClientError, BotoCoreError):
            self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=0)


class QueuedFailure:
    """A message of the failures queue, or those of a record that was too long for one."""

    def __init__(self, queue: Queue, received: Sequence[Mapping[str, Any]], text: str) -> None:
        """Hold what SQS gave, by the receipts."""
        self.id = min(str(each.get("MessageId", each["ReceiptHandle"])) for each in received)
        sent = [each.get("Attributes", {}).get("SentTimestamp") for each in received]
        self.since = min((float(each) / 1000 for each in sent if each), default=None)
        self.text = text
        self.count = len(received)
        self._queue, self._receipts = queue, [each["ReceiptHandle"] for each in received]
        self.sequence_number = _sequence_number_of(self)

    def message(self) -> FailureMessage:
        """Read what was received."""
        try:
            return parse_failure_message(self.text)
        except UnknownMessageError as error:
            if '"part"' not in self.text:
                raise
            raise UnknownMessageError(f"{error}; the others were not received: a higher --max may find them") from None

    def delete(self) -> None:
        """Delete the messages."""
        for receipt in self._receipts:
            self._queue.client.delete_message(QueueUrl=self._queue.url, ReceiptHandle=receipt)

    def give_back(self) -> None:
        """Show the messages to other readers."""
        for receipt in self._receipts:
            self._queue.give_back(receipt)


@dataclass(frozen=True)
class Bucket:
    """The bucket of whole batches that Lambda gave up."""

    client: Any
    name: str

    def receive(self, most: int) -> Iterator[GivenUp]:
        """Yield the objects that Lambda put there."""
        count = 0
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=PREFIX):
            for found in page.get("Contents", []):
                if count >= most:
                    return
                count += 1
                yield StoredBatch(self, found)


class StoredBatch:
    """An object of the bucket. It may be large: it is read twice, first to find its place, then to be played."""

    def __init__(self, bucket: Bucket, listed: Mapping[str, Any]) -> None:
        """Take it as S3 lists it, and look where it belongs."""
        self.id = self.text = str(listed["Key"])
        self.since = listed["LastModified"].timestamp() if "LastModified" in listed else None
        self.count = 1
        self._bucket, self._size = bucket, int(listed["Size"])
        self.sequence_number = _sequence_number_of(self)

    def message(self) -> FailureMessage:
        """Read the object."""
        if self._size > MOST_BYTES:
            raise self._unknown()
        try:
            found = self._bucket.client.get_object(Bucket=self._bucket.name, Key=self.text)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"].get("Code") == "NoSuchKey":
                self.count = 0  # so that it does not count as left
                raise UnknownMessageError(
                    f"{self.text!r} is gone since the bucket was listed: it has expired, or was played by another run"
                ) from None
            raise UnknownMessageError(f"{self.text!r} cannot be read: {error}") from None
        try:
            return parse_failure_message(found.decode("utf-8", "replace"))
        except UnknownMessageError:
            raise self._unknown() from None

    def delete(self) -> None:
        """Delete the object."""
        self._bucket.client.delete_object(Bucket=self._bucket.name, Key=self.text)

    def give_back(self) -> None:
        """Do nothing: reading has changed nothing."""

    def _unknown(self) -> UnknownMessageError:
        return UnknownMessageError(f"neither a parked record nor a batch given up: {self.text!r}")


def places_of(stack: Stack, wait: int = 1, hidden: int = PLAYING_SECONDS) -> list[Queue | Bucket]:
    """Return where a stage keeps what was given up."""
    places: list[Queue | Bucket] = [Queue(stack.client("sqs"), stack.outputs["FailuresQueueUrl"], wait, hidden)]
    bucket = stack.outputs.get("GivenUpBucketName")
    if bucket:  # a stack that was deployed before there was one
        places.append(Bucket(stack.client("s3"), bucket))
    return places


def receive(places: Iterable[Queue | Bucket], most: int, found: list[GivenUp]) -> None:
    """Add at most `most` messages and objects to `found`."""
    for place in places:
        for each in place.receive(most - sum(other.count for other in found)):
            found.append(each)  # noqa: PERF402 - what came before an interruption has to be known


def _sequence_number_of(found: GivenUp) -> int:
    try:
        return found.message().sequence_number
    except UnknownMessageError:
        return 0
