"""The products stream, read only: all that it still holds, or one range of one shard.

Source: Amazon DynamoDB Streams API Reference, "DescribeStream", "GetShardIterator", "GetRecords".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from event_source_mapping.model.records import from_api

_PAGE = 1000  # records
_EMPTY_PAGES = 10  # in a row: the end of an open shard, though empty pages may also come before records
_GONE = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException"})


@dataclass(slots=True)
class Range:
    """What could be read of a range."""

    records: list[dict[str, Any]] = field(default_factory=list)
    """As the function receives them, in order."""
    trimmed: bool = False
    """The stream no longer holds its beginning, or any of it."""


class Stream:
    """A stream."""

    def __init__(self, client: Any, stream_arn: str) -> None:
        """Read `stream_arn` with a boto3 dynamodbstreams client."""
        self._client = client
        self._arn = stream_arn

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield every record that the stream holds now, parents before children; a shard may be gone meanwhile."""
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
        if not found.records or int(found.records[0]["dynamodb"]["SequenceNumber"]) > int(first):
            found.trimmed = True
        return found

    def find(self, sequence_number: str) -> Range:
        """Look for one record in every shard."""
        for shard in self._shards():
            found = self.range(shard["ShardId"], sequence_number, sequence_number)
            if found.records:
                return found
        return Range(trimmed=True)

    def _collect(self, found: Range, shard: dict[str, Any], start: dict[str, str], first: str, last: str) -> None:
        for record in self._read(shard, start):
            number = int(record["dynamodb"]["SequenceNumber"])
            if number > int(last):
                return
            if number >= int(first):
                found.records.append(record)
            if number == int(last):
                return

    def _read(self, shard: dict[str, Any], start: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Read on to the end: a closed shard says where that is, of an open one nothing but empty pages comes."""
        asked = {"StreamArn": self._arn, "ShardId": shard["ShardId"], **start}
        iterator = self._client.get_shard_iterator(**asked)["ShardIterator"]
        closed = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
        empty = 0
        while iterator and (closed or empty < _EMPTY_PAGES):
            page = self._client.get_records(ShardIterator=iterator, Limit=_PAGE)
            for record in page["Records"]:
                yield dict(from_api(record, self._arn).event)
            empty = 0 if page["Records"] else empty + 1
            iterator = page.get("NextShardIterator")

    def _shards(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = []
        asked: dict[str, str] = {}
        while True:
            page = self._client.describe_stream(StreamArn=self._arn, **asked)["StreamDescription"]
            shards += page["Shards"]
            if not page.get("LastEvaluatedShardId"):
                return shards
            asked = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}


def _by_lineage(shards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put parents before their children; the answer's own order says nothing. A parent not listed was trimmed."""
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
