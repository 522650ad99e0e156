"""What was given up and waits, one by one: what it is, why, since when, and how long it can still be played."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications.publishing.failures import record_in
from notifications.stream.changes import sequence_number_of
from operations.deployed.failure_messages import FailureMessage, UnknownMessageError
from operations.deployed.given_up import LOOKING_SECONDS, GivenUp, places_of, receive
from operations.deployed.stack import Stack
from operations.terminal.moments import as_datetime

STREAM_SECONDS = 86_400
"""How long a stream holds a record. Source: Amazon DynamoDB Developer Guide, "DynamoDB Streams"."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A parked record or a batch given up, as it waits."""

    id: str
    """As `Redrive` takes it."""
    label: str
    """What it is, in a few words."""
    reason: str
    records: int | None
    """How many it holds; None where nobody knows without the stream."""
    since: float | None
    """When it was given up, epoch seconds."""
    whole: bool
    """Whether it has its records with it; otherwise they are read from the stream."""
    stream_until: float | None
    """Until when the stream holds its first record, epoch seconds; None where that is not known."""
    sequence_number: str
    """Of its first record; "" without one."""
    problem: str = ""
    """Why it cannot be played: neither the function nor Lambda wrote it, or it cannot be read."""


def list_waiting(stack: Stack, most: int, *, wait: int = 1) -> list[Waiting]:
    """List at most `most` messages and objects, those with the oldest records first; each is left where it is."""
    found: list[GivenUp] = []
    try:
        receive(places_of(stack, wait, LOOKING_SECONDS), most, found)
        return [_waiting(each) for each in sorted(found, key=lambda each: each.sequence_number)]
    finally:
        for each in found:
            each.give_back()


def _waiting(found: GivenUp) -> Waiting:
    try:
        message = found.message()
    except UnknownMessageError as error:
        return Waiting(found.id, "unknown message", "", None, found.since, True, None, "", str(error))
    info = message.body.get("DDBStreamBatchInfo")
    whole = "payload" in message.body or (info is None and not message.body.get("imagesLeftOut"))
    created = _created(message, info)
    return Waiting(
        found.id,
        message.label,
        message.reason,
        _count(info),
        found.since,
        whole,
        created + STREAM_SECONDS if created else None,
        str(message.sequence_number or "") if info is None else str(info.get("startSequenceNumber", "")),
    )


def _count(info: Any) -> int | None:
    size = info.get("batchSize") if isinstance(info, dict) else 1
    return size if isinstance(size, int) else None


def _created(message: FailureMessage, info: Any) -> float | None:
    """Return when the first record was made: as the document says it, or as the record itself does."""
    if isinstance(info, dict):
        return _epoch(info.get("approximateArrivalOfFirstRecord"))
    try:
        record = record_in(message.body)
        created = record["dynamodb"]["ApproximateCreationDateTime"] if sequence_number_of(record) else None
    except (KeyError, TypeError, ValueError):
        return None
    return float(created) if isinstance(created, int | float) and as_datetime(created) else None


def _epoch(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
