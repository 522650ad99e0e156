"""The DynamoDB Streams API through boto3.

docs/event-source-mapping.md, "Reading a shard".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from event_source_mapping.aws.clients import ClientFactory, error_code, error_text
from event_source_mapping.model.errors import (
    ExpiredIteratorError,
    StreamError,
    StreamNotFoundError,
    StreamThrottledError,
    StreamUnavailableError,
    TrimmedDataError,
)
from event_source_mapping.model.stream_records import from_api
from event_source_mapping.model.streams import Position, RecordsPage, ShardDescription, StreamPage

_STREAM_ERRORS: dict[str, type[StreamError]] = {
    "ExpiredIteratorException": ExpiredIteratorError,
    "TrimmedDataAccessException": TrimmedDataError,
    "ResourceNotFoundException": StreamNotFoundError,
    # Throttling has two spellings: the modelled one, and the codes AWS's gateways use.
    "LimitExceededException": StreamThrottledError,
    "ThrottlingException": StreamThrottledError,
    "Throttling": StreamThrottledError,
    "ThrottledException": StreamThrottledError,
    "RequestLimitExceeded": StreamThrottledError,
    "ProvisionedThroughputExceededException": StreamThrottledError,
}
_HTTP_OK = 200


class AwsStream:
    """The DynamoDB Streams API; every method raises a StreamError."""

    def __init__(self, clients: ClientFactory) -> None:
        self._client = clients.client("dynamodbstreams")
        # boto3 spends more on parsing a page than everything else here. Where its event is not
        # emitted, its own parsing stands: from_api reads both forms.
        self._client.meta.events.register("before-parse.*.GetRecords", _keep_records_as_they_travel)

    def describe(self, stream_arn: str, after_shard: str | None) -> StreamPage:
        """Give one page of DescribeStream."""
        start = {"ExclusiveStartShardId": after_shard} if after_shard else {}
        answer = self._call("describe_stream", "StreamDescription", StreamArn=stream_arn, **start)["StreamDescription"]
        return StreamPage(
            shards=tuple(_shard(shard) for shard in answer.get("Shards", ())),
            status=answer.get("StreamStatus", "ENABLED"),
            last_shard_id=answer.get("LastEvaluatedShardId"),
        )

    def shard_iterator(self, stream_arn: str, shard_id: str, position: Position) -> str:
        """Give an iterator that reads from a position."""
        number = position.sequence_number
        at = {"SequenceNumber": number} if number is not None else {}
        answer = self._call(
            "get_shard_iterator",
            "ShardIterator",
            StreamArn=stream_arn,
            ShardId=shard_id,
            ShardIteratorType=position.kind,
            **at,
        )
        return str(answer["ShardIterator"])

    def get_records(self, stream_arn: str, iterator: str, limit: int) -> RecordsPage:
        """Read at most `limit` records."""
        answer = self._call("get_records", "Records", ShardIterator=iterator, Limit=limit)
        records = [from_api(record, stream_arn) for record in answer["Records"]]
        return RecordsPage(records, answer.get("NextShardIterator"))

    def _call(self, operation: str, needed: str, **arguments: Any) -> Any:
        """Call, and insist on one field of the answer: one without records, say, would pass for a shard's end."""
        try:
            answer = getattr(self._client, operation)(**arguments)
        except ClientError as error:
            kind = _STREAM_ERRORS.get(error_code(error), StreamUnavailableError)
            raise kind(error_text(error)) from error
        except (BotoCoreError, ResponseParserError, ValueError) as error:
            raise StreamUnavailableError(str(error)) from error
        if needed not in answer:
            raise StreamUnavailableError(f"the answer has no {needed}")
        return answer


def _keep_records_as_they_travel(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Take the records out of an answer before boto3 parses it."""
    if response_dict["status_code"] == _HTTP_OK:
        answer = json.loads(response_dict["body"])
        if "Records" in answer:
            customized_response_dict["Records"] = answer.pop("Records")
        response_dict["body"] = json.dumps(answer).encode()


def _shard(shard: Mapping[str, Any]) -> ShardDescription:
    """Read a shard of DescribeStream: an ending sequence number means it is closed."""
    return ShardDescription(
        shard["ShardId"],
        shard.get("ParentShardId"),
        "EndingSequenceNumber" in shard.get("SequenceNumberRange", {}),
    )
