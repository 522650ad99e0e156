"""A subscriber of the alerts topic: a queue of our own, as any team would attach one."""

import json
from dataclasses import dataclass
from typing import Any

from local.aws import LocalAws

MAX_MESSAGES = 10  # the most that SQS hands out at once


@dataclass(frozen=True)
class ReceivedAlert:
    """An alert as it arrived: the CloudEvent, the notification's subject, the message attributes.

    What is no JSON object arrives as `{"unreadable": the text}`.
    """

    message: dict[str, Any]
    subject: str | None
    attributes: dict[str, str]

    @property
    def id(self) -> str:
        """The CloudEvent's id, or nothing."""
        return str(self.message.get("id", ""))

    @property
    def type(self) -> str:
        """The CloudEvent's type, such as `product.added`."""
        return str(self.message.get("type", "unreadable"))

    @property
    def data(self) -> dict[str, Any]:
        """What the alert says, or an empty dict."""
        data = self.message.get("data")
        return data if isinstance(data, dict) else {}


class Subscriber:
    """Subscribes a new queue to a topic and receives from it.

    The queue and its subscription go with the local AWS.
    """

    def __init__(self, aws: LocalAws, topic_arn: str, queue_name: str = "npm-start") -> None:
        self._sqs = aws.client("sqs")
        self._queue_url = self._sqs.create_queue(QueueName=queue_name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])["Attributes"]
        aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"])

    def receive(self, wait_seconds: int) -> list[ReceivedAlert]:
        """Wait for alerts, 0 to 20 seconds, and take those that are there."""
        messages = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=MAX_MESSAGES,
            WaitTimeSeconds=wait_seconds,
        ).get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [_read(message["Body"]) for message in messages]


def _read(body: str) -> ReceivedAlert:
    envelope = json.loads(body)
    text = envelope["Message"]
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    attributes = envelope.get("MessageAttributes", {})
    return ReceivedAlert(
        message=message if isinstance(message, dict) else {"unreadable": text},
        subject=envelope.get("Subject"),
        attributes={name: attribute["Value"] for name, attribute in attributes.items()},
    )
