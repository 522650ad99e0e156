"""A subscriber of the alerts topic: an SQS queue, attached as any team would attach one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.stack.local_aws import LocalAws
from operations.ledger.reading import as_object

MAX_MESSAGES = 10  # the most that SQS returns at once


@dataclass(frozen=True)
class Notification:
    """An alert as SNS notifies a subscriber of it: the CloudEvent, the subject, the message attributes.

    A message that is not a JSON object becomes `{"unreadable": the text}`.
    """

    message: dict[str, Any]
    subject: str | None
    attributes: dict[str, str]

    @property
    def id(self) -> str:
        """The id of the CloudEvent, or an empty string."""
        return str(self.message.get("id", ""))

    @property
    def type(self) -> str:
        """The type of the CloudEvent, such as `product.added`, or `unreadable`."""
        return str(self.message.get("type", "unreadable"))

    @property
    def data(self) -> dict[str, Any]:
        """The data of the CloudEvent, or an empty dict."""
        data = self.message.get("data")
        return data if isinstance(data, dict) else {}


class Subscriber:
    """Subscribes a new queue to a topic and receives from it.

    Both vanish with the local AWS.
    """

    def __init__(self, aws: LocalAws, topic_arn: str, queue_name: str = "npm-start") -> None:
        self._sqs = aws.client("sqs")
        self._queue_url = self._sqs.create_queue(QueueName=queue_name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])["Attributes"]
        aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"])

    def receive(self, wait_seconds: int) -> list[Notification]:
        """Wait 0 to 20 seconds for alerts, and take at most ten off the queue."""
        messages = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=MAX_MESSAGES,
            WaitTimeSeconds=wait_seconds,
        ).get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [_read(message["Body"]) for message in messages]


def _read(body: str) -> Notification:
    """Read a notification, an alert by itself (raw delivery), or whatever somebody else put into the queue."""
    envelope = as_object(body)
    text = envelope.get("Message")
    if not isinstance(text, str):
        return Notification(envelope if "specversion" in envelope else {"unreadable": body}, None, {})
    subject, attributes = envelope.get("Subject"), envelope.get("MessageAttributes")
    return Notification(
        message=as_object(text) or {"unreadable": text},
        subject=subject if isinstance(subject, str) else None,
        attributes={
            name: str(attribute["Value"])
            for name, attribute in (attributes if isinstance(attributes, dict) else {}).items()
            if isinstance(attribute, dict) and "Value" in attribute
        },
    )
