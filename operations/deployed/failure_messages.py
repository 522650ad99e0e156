"""What was given up, as it is written: records that the function parked, and batches that Lambda gave up.

A batch in a bucket is whole: `payload` holds the event. In a queue or topic it comes without its records: the document
has the shard and the range of sequence numbers. Source: AWS Lambda Developer Guide, "Retaining discarded batches for a
DynamoDB event source".
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from notifications.publishing.failures import record_in
from notifications.stream.attributes import excerpt
from notifications.stream.changes import sequence_number_of
from operations.deployed.stream_records import Range, Stream

_MOST_PARTS = 1000
_SEQUENCE_NUMBER = re.compile(r"[0-9]{1,40}")


class UnknownMessageError(Exception):
    """A message that neither the function nor Lambda wrote."""


@dataclass(frozen=True, slots=True)
class FailureMessage:
    """A parked record, or a batch that Lambda gave up."""

    label: str
    """What it is, in a few words: "record 7000…" or "batch of 2 in shardId-…, from 7000…"."""
    sequence_number: int
    """The sequence number of its first record; 0 if that has no number."""
    reason: str
    """Why it was parked, or Lambda's condition, such as RetryAttemptsExhausted."""
    body: dict[str, Any]

    def records(self, stream: Stream) -> Range:
        """Return the records: from the message, or from the stream while that still holds them."""
        if "payload" in self.body:
            return Range(list(_records_in(self.body["payload"])))
        if "DDBStreamBatchInfo" in self.body:
            info = self.body["DDBStreamBatchInfo"]
            return stream.range(info["shardId"], info["startSequenceNumber"], info["endSequenceNumber"])
        record = record_in(self.body)
        if self.body.get("imagesLeftOut"):
            return stream.find(record["dynamodb"]["SequenceNumber"])
        return Range([record])


def join_parts(texts: Sequence[str]) -> list[tuple[list[int], str]]:
    """Put the messages of one record together that was too long for one.

    Return positions in `texts` and a text for each record or batch: the message itself, or what a single message would
    have held. A part that came twice counts once, and parts without the others stay by themselves.
    """
    found: list[tuple[list[int], str]] = []
    records: dict[tuple[Any, Any], list[tuple[int, dict[str, Any]]]] = {}
    for position, text in enumerate(texts):
        body = _part_in(text)
        if body is None:
            found.append(([position], text))
        else:
            records.setdefault((body["id"], body["of"]), []).append((position, body))
    for (_, count), parts in records.items():
        chunks = {body["part"]: body["recordGzip"] for _, body in parts}
        if sorted(chunks) == list(range(1, count + 1)):
            whole = {name: value for name, value in parts[0][1].items() if name not in {"id", "part", "of"}}
            whole["recordGzip"] = "".join(chunks[number] for number in sorted(chunks))
            with suppress(RecursionError):
                found.append(([position for position, _ in parts], json.dumps(whole)))
                continue
        found += [([position], texts[position]) for position, _ in parts]
    return found


def _part_in(text: str) -> dict[str, Any] | None:
    """Return the body of a part of a record; None for any other text."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    kinds = {"id": str, "part": int, "of": int, "recordGzip": str}
    if not isinstance(body, dict) or not all(isinstance(body.get(name), kind) for name, kind in kinds.items()):
        return None
    return body if 1 <= body["part"] <= body["of"] <= _MOST_PARTS else None


def parse_failure_message(text: str) -> FailureMessage:
    """Parse the text of a message. Raises UnknownMessageError."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise _unknown(text) from None
    return read_failure_message(body)


def read_failure_message(body: Any) -> FailureMessage:
    """Read the JSON object of a message. Raises UnknownMessageError."""
    try:
        if "part" in body:
            raise UnknownMessageError(f"part {int(body['part'])} of {int(body['of'])} of a parked record")
        if "DDBStreamBatchInfo" in body:
            info = body["DDBStreamBatchInfo"]
            _records_in(body.get("payload", {"Records": []}))
            _check_texts(info["shardId"], body["requestContext"]["condition"])
            _check_numbers(info["startSequenceNumber"], info["endSequenceNumber"])
            label = f"batch of {info['batchSize']} in {info['shardId']}, from {info['startSequenceNumber']}"
            return FailureMessage(label, int(info["startSequenceNumber"]), body["requestContext"]["condition"], body)
        record = record_in(body)
        if not isinstance(record, dict):  # a change has keys and images: such a one never was one, and never will be
            raise _unknown(body)
        number = sequence_number_of(record)
        _check_texts(body["reason"])
        if body.get("imagesLeftOut"):
            _check_numbers(number)
        if not _SEQUENCE_NUMBER.fullmatch(number):
            return FailureMessage("record without a sequence number", 0, body["reason"], body)
        return FailureMessage(f"record {number}", int(number), body["reason"], body)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _unknown(body) from error


def _unknown(found: Any) -> UnknownMessageError:
    return UnknownMessageError(f"neither a parked record nor a batch given up: {excerpt(found)}")


def _check_texts(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("not a text")


def _check_numbers(*values: Any) -> None:
    if not all(isinstance(value, str) and _SEQUENCE_NUMBER.fullmatch(value) for value in values):
        raise ValueError("not a sequence number")


def _records_in(payload: Any) -> list[Any]:
    """Return the records of an invocation: the event as JSON in a string, as AWS documents it, or as an object."""
    try:
        event = json.loads(payload) if isinstance(payload, str) else payload
    except RecursionError:
        raise ValueError("nested too deep") from None
    records = event["Records"]
    if not isinstance(records, list):
        raise TypeError("Records is not a list")
    return records
