"""Messages: from the form in which SQS gives them to the one that the function receives.

docs/event-source-mapping.md, "The record of a message".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from event_source_mapping.model.records import Record, encode

_FIRST = ("ApproximateReceiveCount", "SentTimestamp", "SequenceNumber", "MessageGroupId", "SenderId")
_LONGEST_TIME = 20  # digits
_NOT_PASSED_ON = frozenset({"SqsManagedSseEnabled"})


@dataclass(frozen=True, slots=True)
class QueueAttributes:
    """What GetQueueAttributes says that matters here."""

    visibility_timeout: int  # seconds
    messages: int  # visible, in flight and delayed


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as ReceiveMessage gives it."""

    message_id: str
    receipt_handle: str  # of this receive
    body: str
    md5_of_body: str
    attributes: Mapping[str, str]
    message_attributes: Mapping[str, Mapping[str, Any]]
    md5_of_message_attributes: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteRefusal:
    """A message that DeleteMessageBatch did not delete."""

    receipt_handle: str
    reason: str
    final: bool  # whether asking again is of no use


@dataclass(frozen=True, slots=True, eq=False)
class Message(Record):
    """A message as one receive gave it; its identifier is the message ID."""

    receipt_handle: str
    group: str | None  # of a FIFO queue: what keeps its order
    lease_end: float  # when the queue shows it again, epoch seconds


def to_message(received: ReceivedMessage, queue_arn: str, *, fifo: bool, null_md5: bool, lease_end: float) -> Message:
    """Convert a message; `null_md5` has the MD5 of no message attributes as null, not left out."""
    event: dict[str, Any] = {
        "messageId": received.message_id,
        "receiptHandle": received.receipt_handle,
        "body": received.body,
        "attributes": _system_attributes(received.attributes),
        "messageAttributes": {name: _attribute(value) for name, value in received.message_attributes.items()},
    }
    if received.message_attributes or null_md5:
        event["md5OfMessageAttributes"] = received.md5_of_message_attributes
    event |= {
        "md5OfBody": received.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    return Message(
        identifier=received.message_id,
        created=_epoch_seconds(received.attributes.get("SentTimestamp", "")),
        event=event,
        encoded=encode(event),
        receipt_handle=received.receipt_handle,
        group=received.attributes.get("MessageGroupId") if fifo else None,
        lease_end=lease_end,
    )


def _system_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Put them into the order of AWS's events."""
    known = [name for name in _FIRST if name in attributes]
    others = [name for name in attributes if name not in _FIRST and name not in _NOT_PASSED_ON]
    return {name: attributes[name] for name in known + others}


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    converted: dict[str, Any] = {}
    if value.get("StringValue") is not None:
        converted["stringValue"] = value["StringValue"]
    elif value.get("BinaryValue") is not None:
        content = value["BinaryValue"]
        text = content if isinstance(content, str) else base64.b64encode(content).decode("ascii")
        converted["binaryValue"] = text
    return {**converted, "stringListValues": [], "binaryListValues": [], "dataType": value.get("DataType", "String")}


def _epoch_seconds(milliseconds: str) -> float:
    return int(milliseconds) / 1000 if milliseconds.isdecimal() and len(milliseconds) <= _LONGEST_TIME else 0.0
