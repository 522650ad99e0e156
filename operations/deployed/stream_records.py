"""The records that the products stream still holds: all of them, or one range of one shard.

The local event source mapping has a reader of its own, for good reasons. That one follows open shards for days, keeps
checkpoints and asks again when a call fails; this one reads once, to the present end, and leaves errors to its caller.
And that package can be taken into another project, so nothing here imports it.

Source: Amazon DynamoDB Streams API Reference, "DescribeStream", "GetShardIterator", "GetRecords".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

_PAGE = 1000  # records
_EMPTY_PAGES = 10  # in a row: an open shard counts as read, though records may come behind even more of them
_GONE = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException"})


@dataclass(slots=True)
class Range:
    """The records of a range that the stream still holds."""

    records: list[dict[str, Any]] = field(default_factory=list)
    """As the function receives them, in order."""
    trimmed: bool = False
    """Whether the stream has dropped the beginning of the range, or all of it."""
    unfinished: bool = False
    """Whether reading ended in an open shard before the end of the range: it may hold more."""


class Stream:
    """A DynamoDB stream, read through the DynamoDB Streams API. ClientError passes through unless it says otherwise."""

    def __init__(self, client: Any, stream_arn: str) -> None:
        """Read the stream with a boto3 dynamodbstreams client."""
        self._client = client
        self._arn = stream_arn
        self.open_shards: set[str] = set()
        """Ids of the shards that were read up to empty pages, not to an end: they may hold more."""

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield every record that the stream holds, parent shards first; a shard that expires meanwhile is skipped."""
        for shard in _by_lineage(self._shards()):
            try:
                yield from self._read(shard, {"ShardIteratorType": "TRIM_HORIZON"})
            except ClientError as error:
                if error.response["Error"]["Code"] not in _GONE:
                    raise

    def range(self, shard_id: str, first: str, last: str) -> Range:
        """Read the records of a shard from sequence number `first` to `last`, both included."""
        start = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": first}
        shard = next((shard for shard in self._shards() if shard["ShardId"] == shard_id), {"ShardId": shard_id})
        found = Range()
        try:
            self._collect(found, shard, start, first, last)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            found.trimmed = True
            try:  # the beginning may be gone and the rest still there
                self._collect(found, shard, {"ShardIteratorType": "TRIM_HORIZON"}, first, last)
            except ClientError as also:
                if also.response["Error"]["Code"] not in _GONE:
                    raise
        if found.records:
            found.trimmed = int(found.records[0]["dynamodb"]["SequenceNumber"]) > int(first)
        elif not found.unfinished:
            found.trimmed = True
        return found

    def find(self, sequence_number: str) -> Range:
        """Look for one record in every shard."""
        unfinished = False
        for shard in self._shards():
            if not _may_hold(shard, sequence_number):
                continue
            found = self.range(shard["ShardId"], sequence_number, sequence_number)
            if found.records:
                return found
            unfinished = unfinished or found.unfinished
        return Range(trimmed=not unfinished, unfinished=unfinished)

    def _collect(self, found: Range, shard: dict[str, Any], start: dict[str, str], first: str, last: str) -> None:
        for record in self._read(shard, start):
            number = int(record["dynamodb"]["SequenceNumber"])
            if number > int(last):
                return
            if number >= int(first):
                found.records.append(record)
            if number == int(last):
                return
        found.unfinished = shard["ShardId"] in self.open_shards

    def _read(self, shard: dict[str, Any], start: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Read to the end: a closed shard has a last page, an open one goes on with empty pages."""
        asked = {"StreamArn": self._arn, "ShardId": shard["ShardId"], **start}
        iterator = self._client.get_shard_iterator(**asked)["ShardIterator"]
        closed = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
        self.open_shards.discard(shard["ShardId"])
        empty = 0
        while iterator and (closed or empty < _EMPTY_PAGES):
            page = self._client.get_records(ShardIterator=iterator, Limit=_PAGE)
            for record in page["Records"]:
                yield as_received(record, self._arn)
            empty = 0 if page["Records"] else empty + 1
            iterator = page.get("NextShardIterator")
        if iterator:
            self.open_shards.add(shard["ShardId"])

    def _shards(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = []
        asked: dict[str, str] = {}
        while True:
            page = self._client.describe_stream(StreamArn=self._arn, **asked)["StreamDescription"]
            shards += page["Shards"]
            if not page.get("LastEvaluatedShardId"):
                return shards
            asked = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}


def _may_hold(shard: dict[str, Any], sequence_number: str) -> bool:
    """Tell whether a number lies in the range of a shard, which an open one says the beginning of."""
    limits = shard.get("SequenceNumberRange", {})
    first, last = limits.get("StartingSequenceNumber", "0"), limits.get("EndingSequenceNumber", sequence_number)
    return int(first) <= int(sequence_number) <= int(last)


def _by_lineage(shards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put parents before their children: DescribeStream promises no order. A parent that is not listed has expired."""
    by_id = {shard["ShardId"]: shard for shard in shards}
    ordered: dict[str, dict[str, Any]] = {}

    def place(shard: dict[str, Any]) -> None:
        lineage = [shard]
        while (parent := by_id.get(lineage[-1].get("ParentShardId", ""))) and parent["ShardId"] not in ordered:
            lineage.append(parent)
        for each in reversed(lineage):
            ordered.setdefault(each["ShardId"], each)

    for shard in shards:
        place(shard)
    return list(ordered.values())


def as_received(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """Return a record of GetRecords, as boto3 parses it, in the form in which Lambda hands it to the function.

    Its time is in whole seconds, binary values are in base64, and it has the stream's ARN. Source: AWS Lambda
    Developer Guide, "Using AWS Lambda with Amazon DynamoDB" (the example event).
    """
    event: dict[str, Any] = json.loads(json.dumps(record, default=_json_value))
    change = event["dynamodb"]
    if "ApproximateCreationDateTime" in change:
        change["ApproximateCreationDateTime"] = float(int(change["ApproximateCreationDateTime"]))
    identity = event.get("userIdentity")
    if identity:
        event["userIdentity"] = {name[0].lower() + name[1:]: value for name, value in identity.items()}
    event["eventSourceARN"] = stream_arn
    return event


def _json_value(value: object) -> str | float:
    """Return the JSON form of what boto3 parses into Python's own types."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"not a value of a stream record: {type(value).__name__}")
