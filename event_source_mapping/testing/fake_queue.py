"""The actions of SQS that Lambda uses, over messages in memory, for virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from event_source_mapping.mapping.queue_settings import RECEIVED_AT_ONCE
from event_source_mapping.model.errors import QueueNotFoundError
from event_source_mapping.model.messages import DeleteRefusal, QueueAttributes, ReceivedMessage
from event_source_mapping.testing.builders import QUEUE_ARN


@dataclass
class FakeMessage:
    """A message of the queue, with what the queue counts and remembers about it."""

    message_id: str
    body: str
    sent: float
    visible_at: float  # before: delayed, or in flight
    group: str | None = None
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    receives: int = 0
    first_received: float | None = None
    source: str | None = None  # the queue that dead-lettered it


class FakeQueue:
    """A queue that counts receives, hides messages, keeps groups in order and moves messages to its dead-letter queue.

    It answers at once, however long it is asked to wait for a message.
    """

    def __init__(
        self,
        now: Callable[[], float],
        *,
        arn: str = QUEUE_ARN,
        visibility_timeout: int = 30,
        dead_letters: FakeQueue | None = None,
        maximum_receives: int = 3,
        before: Callable[[str], None] = lambda _call: None,
        deleted: Callable[[str], None] = lambda _message_id: None,
    ) -> None:
        """`before` sees every call and may raise a QueueError; `deleted` sees the ID of what is deleted."""
        self.arn = arn
        self.visibility_timeout = visibility_timeout
        self.messages: list[FakeMessage] = []
        self._now = now
        self._dead_letters = dead_letters
        self._maximum_receives = maximum_receives
        self._before = before
        self._deleted = deleted
        self._fifo = arn.endswith(".fifo")
        self._sent = 0

    def send(
        self,
        body: str,
        *,
        group: str | None = None,
        delay: float = 0.0,
        attributes: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> str:
        """Put a message into the queue; return its ID."""
        self._sent += 1
        message_id = f"00000000-0000-4000-a000-{self._sent:012d}"
        now = self._now()
        self.messages.append(FakeMessage(message_id, body, now, now + delay, group, attributes or {}))
        return message_id

    def attributes(self, queue_arn: str) -> QueueAttributes:
        """Give the visibility timeout and the number of messages."""
        self._check("attributes", queue_arn)
        return QueueAttributes(self.visibility_timeout, len(self.messages))

    def receive(
        self,
        queue_arn: str,
        *,
        limit: int,
        wait: int,  # noqa: ARG002 - the port's signature
        visibility_timeout: int | None,
    ) -> Sequence[ReceivedMessage]:
        """Receive what is visible, oldest first; of a FIFO queue, no group that has a message in flight."""
        self._check("receive", queue_arn)
        assert 1 <= limit <= RECEIVED_AT_ONCE  # noqa: S101 - SQS refuses anything else
        now = self._now()
        self._dead_letter(now)
        blocked = {message.group for message in self.messages if message.receives and message.visible_at > now}
        free = [
            message
            for message in self.messages
            if message.visible_at <= now and not (self._fifo and message.group in blocked)
        ]
        hidden = self.visibility_timeout if visibility_timeout is None else visibility_timeout
        for message in free[:limit]:
            message.receives += 1
            message.visible_at = now + hidden
            message.first_received = message.first_received or now
        return [self._received(message) for message in free[:limit]]

    def delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> Sequence[DeleteRefusal]:
        """Delete by the handle of the last receive; an older one is refused by a FIFO queue and means nothing else."""
        self._check("delete", queue_arn)
        refused = []
        for handle in receipt_handles:
            message_id, _, receives = handle.partition("#")
            message = next((each for each in self.messages if each.message_id == message_id), None)
            if message is None:
                continue
            if self._fifo and (int(receives) != message.receives or message.visible_at <= self._now()):
                refused.append(DeleteRefusal(handle, "The receipt handle has expired.", final=True))
            elif int(receives) == message.receives:
                self.messages.remove(message)
                self._deleted(message_id)
        return refused

    def _check(self, call: str, queue_arn: str) -> None:
        self._before(call)
        if queue_arn != self.arn:
            raise QueueNotFoundError(f"no queue {queue_arn}")

    def _dead_letter(self, now: float) -> None:
        """Move what was received often enough and is visible again: it would be received once more."""
        if self._dead_letters is None:
            return
        for message in list(self.messages):
            if message.receives >= self._maximum_receives and message.visible_at <= now:
                self.messages.remove(message)
                message.source = self.arn
                self._dead_letters.messages.append(message)

    def _received(self, message: FakeMessage) -> ReceivedMessage:
        first = message.first_received or message.sent
        attributes = {
            "SenderId": "123456789012",
            "SentTimestamp": str(round(message.sent * 1000)),
            "ApproximateReceiveCount": str(message.receives),
            "ApproximateFirstReceiveTimestamp": str(round(first * 1000)),
        }
        if message.group is not None:
            attributes["MessageGroupId"] = message.group
        if message.source is not None:
            attributes["DeadLetterQueueSourceArn"] = message.source
        return ReceivedMessage(
            message_id=message.message_id,
            receipt_handle=f"{message.message_id}#{message.receives}",
            body=message.body,
            md5_of_body=md5(message.body.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest(),
            attributes=attributes,
            message_attributes=message.attributes,
            md5_of_message_attributes="0" * 32 if message.attributes else None,
        )
