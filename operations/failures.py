"""What lies in the failures queue, read as what it leads back to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from notifications.publishing.failures import record_in
from notifications.stream.changes import sequence_number_of
from operations.stream import Range, Stream


class UnknownFailureError(Exception):
    """A message that neither the function nor Lambda wrote."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One message of the queue."""

    label: str
    """What it is about, for people."""
    sequence_number: int
    """Of its first record; 0 where that has none."""
    reason: str
    body: dict[str, Any]

    def records(self, stream: Stream) -> Range:
        """Find the records that were given up: in the message, or in the stream while it holds them."""
        if "DDBStreamBatchInfo" in self.body:
            info = self.body["DDBStreamBatchInfo"]
            return stream.range(info["shardId"], info["startSequenceNumber"], info["endSequenceNumber"])
        record = record_in(self.body)
        if self.body.get("imagesLeftOut"):
            return stream.find(record["dynamodb"]["SequenceNumber"])
        return Range([record])


def read_failure(text: str) -> Failure:
    """Read a message's body: a parked record, or a batch that the event source mapping gave up.

    Raises UnknownFailureError.
    """
    try:
        body = json.loads(text)
        if "DDBStreamBatchInfo" in body:
            info = body["DDBStreamBatchInfo"]
            label = f"batch of {info['batchSize']} in {info['shardId']}, from {info['startSequenceNumber']}"
            return Failure(label, int(info["startSequenceNumber"]), body["requestContext"]["condition"], body)
        number = sequence_number_of(record_in(body))
        label = f"record {number or 'without a sequence number'}"
        return Failure(label, int(number) if number.isdecimal() else 0, body["reason"], body)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnknownFailureError(f"neither a parked record nor a batch given up: {text[:80]!r}") from error
