"""Step 5: alerts to the topic, in batches of ten, in the order of each product's changes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from notifications.calls import REFUSALS, aws_call
from notifications.errors import ProductAlertsError, RefusedAlertError, ServiceError
from notifications.message import MOST_BYTES, Message

MOST_ENTRIES = 10
PATIENCE = 1.5  # seconds; what `bootstrap.LONGEST_CALL` has to spare beyond one call


class Outcome(NamedTuple):
    """What became of one message."""

    message: Message
    message_id: str
    """SNS's own id; empty where it was not published."""
    error: ProductAlertsError | None
    """None: published. PermanentError: refused for good. RetryableError: worth another try."""


class Topic(Protocol):
    """Where alerts go."""

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Publish at most ten messages that fit together; one outcome each, in their order.

        Raises RetryableError where the call failed as a whole, and nothing was published.
        """


class SnsTopic:
    """An SNS topic."""

    def __init__(self, client: Any, topic_arn: str, now: Callable[[], float] = time.monotonic) -> None:
        """Publish to `topic_arn` with a boto3 SNS client."""
        self._client = client
        self._topic_arn = topic_arn
        self._now = now

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Publish one batch. A batch refused as a whole is sent one by one, to find the message at fault.

        Together the calls take hardly longer than one may: those that SNS leaves no time for come again.
        """
        started = self._now()
        try:
            return self._publish_batch(messages)
        except RefusedAlertError:
            return [self._publish_one(message, started) for message in messages]

    def _publish_one(self, message: Message, started: float) -> Outcome:
        if self._now() - started > PATIENCE:
            return Outcome(message, "", ServiceError("SNS is too slow to find the message that it refuses"))
        try:
            return self._publish_batch([message])[0]
        except ProductAlertsError as error:
            return Outcome(message, "", error)

    def _publish_batch(self, messages: Sequence[Message]) -> list[Outcome]:
        entries = [
            {
                "Id": str(position),
                "Subject": message.subject,
                "Message": message.body,
                "MessageAttributes": message.attributes,
            }
            for position, message in enumerate(messages)
        ]
        with aws_call("SNS PublishBatch"):
            answer = self._client.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=entries)
        published = {entry["Id"]: entry.get("MessageId", "") for entry in answer.get("Successful", [])}
        failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
        return [
            _outcome(message, published.get(str(position)), failed.get(str(position)))
            for position, message in enumerate(messages)
        ]


def _outcome(message: Message, message_id: str | None, failure: dict[str, Any] | None) -> Outcome:
    if failure is None and message_id is not None:
        return Outcome(message, message_id, None)
    failure = failure or {"Code": "NoAnswer", "Message": "SNS did not mention this message"}
    code = str(failure.get("Code", ""))
    said = f"SNS: {code}: {failure.get('Message', '')}"
    kind = RefusedAlertError if code in REFUSALS else ServiceError
    return Outcome(message, "", kind(said))


def batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Group messages for publishing: at most ten and 256 KB, and no two of one product from different records.

    A batch may fail in part. With two changes of a product in it, the later could go out while the earlier waits for
    the retry; so each batch takes the earliest waiting change of each product, and only that.
    """
    waiting: dict[str, deque[Message]] = {}
    for message in messages:
        waiting.setdefault(message.alert.subject, deque()).append(message)
    batch: list[Message] = []
    size = 0
    while waiting:
        for subject in list(waiting):
            queue = waiting[subject]
            sequence_number = queue[0].alert.sequence_number
            while queue and queue[0].alert.sequence_number == sequence_number:
                message = queue.popleft()
                if batch and (len(batch) == MOST_ENTRIES or size + message.size > MOST_BYTES):
                    yield batch
                    batch, size = [], 0
                batch.append(message)
                size += message.size
            if not queue:
                del waiting[subject]
        if batch:  # the next round brings later changes of the same products
            yield batch
            batch, size = [], 0
