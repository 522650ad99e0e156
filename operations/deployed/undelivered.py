"""The queue of what could not be delivered: listed, or sent to its receivers again."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from notifications.common.errors import ConfigurationError
from operations.deployed.receiver_queues import ReceiverQueues, required_output
from operations.deployed.stack import Stack

_LONGEST_COUNT = 9  # digits
_HIDDEN_SECONDS = 600  # from other readers while this runs; at the end what is left is given back


class UndeliveredMessage(NamedTuple):
    """A message of the queue."""

    receiver: str
    id: str
    """Of the alert; empty where it is not one."""
    title: str
    error: str
    """The error's type, or RedrivePolicy where SQS itself moved the message."""
    reason: str
    attempts: int
    since: float | None = None
    """When it came into the queue, epoch seconds; None where SQS does not say."""


class UndeliveredQueue:
    """The queue, for one run over it."""

    def __init__(
        self,
        stack: Stack,
        *,
        redrive: bool = False,
        receiver: str = "",
        only: Collection[tuple[str, str]] | None = None,
        wait: int = 1,
        hidden: int = _HIDDEN_SECONDS,
    ) -> None:
        """List, or with `redrive` send again; `receiver` leaves out the messages of all others.

        `only` names messages by receiver and alert; None: all. `wait` seconds for the last ones: without, some may be
        missed. Messages are hidden from others for `hidden` seconds.
        """
        self._client = stack.client("sqs")
        self._url = required_output(stack, "UndeliveredQueueUrl")
        self._queues = ReceiverQueues(stack)
        self._redrive = redrive
        self._receiver = receiver
        self._only = only
        self._wait, self._hidden = wait, hidden

    def messages(self, most: int) -> Generator[tuple[UndeliveredMessage, str]]:
        """Yield at most `most` messages, each with what kept it from being sent again; "" if nothing did."""
        kept: set[str] = set()
        try:
            for received in self._receive(most, kept):
                message = self._read(received)
                if self._receiver not in {"", message.receiver}:
                    continue
                if self._only is not None and (message.receiver, message.id) not in self._only:
                    continue
                problem = self._send(message, received) if self._redrive else ""
                if self._redrive and not problem:
                    kept.discard(received["ReceiptHandle"])
                yield message, problem
        finally:
            for receipt in kept:
                self._give_back(receipt)

    def _receive(self, most: int, kept: set[str]) -> Iterator[dict[str, Any]]:
        """Yield messages; `kept` gets the receipts of all that are received, those not yielded yet as well."""
        received = 0
        while received < most:
            found = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(10, most - received),
                VisibilityTimeout=self._hidden,
                WaitTimeSeconds=self._wait,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            ).get("Messages", [])
            if not found:
                return
            received += len(found)
            kept.update(each["ReceiptHandle"] for each in found)
            yield from found

    def _read(self, received: dict[str, Any]) -> UndeliveredMessage:
        said = {name: value.get("StringValue", "") for name, value in received.get("MessageAttributes", {}).items()}
        moved_from = received.get("Attributes", {}).get("DeadLetterQueueSourceArn", "")
        alert_id, title = _named(received["Body"])
        sent = received.get("Attributes", {}).get("SentTimestamp", "")
        since = int(sent) / 1000 if sent.isdecimal() and len(sent) <= _LONGEST_COUNT else None
        if "receiver" not in said:
            reason = "received too often without a response from the function; see its log"
            receiver = self._queues.receiver_of(moved_from)
            return UndeliveredMessage(receiver, alert_id, title, "RedrivePolicy", reason, 0, since)
        attempts = said.get("attempts", "")
        return UndeliveredMessage(
            said["receiver"],
            alert_id,
            title,
            said.get("error", ""),
            said.get("reason", ""),
            int(attempts) if attempts.isdecimal() and len(attempts) <= _LONGEST_COUNT else 0,
            since,
        )

    def _send(self, message: UndeliveredMessage, received: dict[str, Any]) -> str:
        try:
            self._queues.send(message.receiver, received["Body"])
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=received["ReceiptHandle"])
        except ConfigurationError as error:
            return str(error)
        return ""

    def _give_back(self, receipt: str) -> None:
        try:
            self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0)
        except (ClientError, BotoCoreError):
            return  # it shows up again by itself


def _named(body: str) -> tuple[str, str]:
    try:
        event = json.loads(body)
        return str(event["id"]), str(event["data"]["title"])
    except (ValueError, RecursionError, KeyError, TypeError):
        return "", body[:60]
