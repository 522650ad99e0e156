"""The queues of receivers, and the one for what could not be delivered."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from notifications.publishing.aws_calls import aws_call
from notifications.text.formatting import shorten

_LONGEST_REASON = 500


class QueuedMessage(NamedTuple):
    """A message as the event source mapping hands it over."""

    message_id: str
    receipt: str
    queue_arn: str
    body: str
    receives: int
    """How often it was received, this time included."""

    @classmethod
    def of(cls, record: Any) -> QueuedMessage:
        """Read an entry of `Records`. Raises KeyError, TypeError or ValueError for one that SQS did not write.

        Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS".
        """
        receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", "1"))
        fields = (record["messageId"], record["receiptHandle"], record["eventSourceARN"], record["body"])
        if not all(isinstance(field, str) for field in fields):
            raise TypeError("a field of the message is not a text")
        return cls(*fields, receives)


class Undelivered(NamedTuple):
    """A message that is tried no more, and why."""

    receiver: str
    body: str
    error: str
    """The error's type, such as ReceiverGoneError."""
    reason: str
    attempts: int


class Queues(Protocol):
    """What delivery does with queues. Every method raises RetryableError where that failed."""

    def delay(self, message: QueuedMessage, seconds: int) -> None:
        """Have the message come again after so many seconds."""

    def keep(self, undelivered: Undelivered) -> None:
        """Keep a message, whole, in the queue `undelivered`."""


class SqsQueues:
    """Queues in SQS."""

    def __init__(self, client: Any, undelivered_url: str) -> None:
        """Use a boto3 SQS client."""
        self._client = client
        self._undelivered_url = undelivered_url
        self._urls: dict[str, str] = {}

    def delay(self, message: QueuedMessage, seconds: int) -> None:
        """Change the message's visibility timeout, which counts from its receive."""
        with aws_call("SQS ChangeMessageVisibility"):
            self._client.change_message_visibility(
                QueueUrl=self._url(message.queue_arn), ReceiptHandle=message.receipt, VisibilityTimeout=seconds
            )

    def keep(self, undelivered: Undelivered) -> None:
        """Send one message; the reason is beside it, so that the body can be played again as it is."""
        attributes = {
            "receiver": undelivered.receiver,
            "error": undelivered.error,
            "reason": shorten(_printable(undelivered.reason), _LONGEST_REASON),
            "attempts": str(undelivered.attempts),
        }
        with aws_call("SQS SendMessage"):
            self._client.send_message(
                QueueUrl=self._undelivered_url,
                MessageBody=undelivered.body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value or "-"} for name, value in attributes.items()
                },
            )

    def _url(self, arn: str) -> str:
        if arn not in self._urls:
            self._urls[arn] = self._client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        return self._urls[arn]


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
