"""The outside world through boto3: Lambda, DynamoDB Streams, SQS, SNS and S3.

What is wrong is translated here: the core knows only the errors of `errors.py`.
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .aws_clients import ClientFactory
from .errors import (
    EndpointError,
    ExpiredIteratorError,
    InvokeError,
    MappingNotFoundError,
    PayloadTooLargeError,
    StreamError,
    StreamNotFoundError,
    StreamThrottledError,
    StreamUnavailableError,
    TrimmedDataError,
)
from .lineage import Position, ShardDescription, StreamPage
from .ports import Invocation, RecordsPage
from .records import from_api
from .responses import InvokeResult
from .settings import MappingStatus, parse_mapping

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
_TOO_LARGE = {"RequestTooLargeException", "RequestEntityTooLargeException"}
_HTTP_OK = 200
_HTTP_TOO_LARGE = 413


class AwsMappings:
    """GetEventSourceMapping."""

    def __init__(self, clients: ClientFactory, overrides: Mapping[str, Any] | None = None) -> None:
        """Let `overrides` (by API name) replace settings that the endpoint cannot hold."""
        self._client = clients.client("lambda")
        self._endpoint_url = clients.endpoint_url
        self._overrides = dict(overrides or {})

    def mapping(self, uuid: str) -> MappingStatus:
        """Give the mapping as it stands."""
        try:
            answer = self._client.get_event_source_mapping(UUID=uuid)
        except ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                raise MappingNotFoundError(
                    f"no event source mapping {uuid} at {self._endpoint_url}: "
                    "see `aws lambda list-event-source-mappings`"
                ) from error
            raise EndpointError(f"{self._endpoint_url} refused: {_text(error)}") from error
        except BotoCoreError as error:
            raise EndpointError(f"{error} Is the local AWS running there?") from error
        return parse_mapping({**answer, **self._overrides})


class AwsStream:
    """The DynamoDB Streams API."""

    def __init__(self, clients: ClientFactory) -> None:
        self._client = clients.client("dynamodbstreams")
        # boto3 spends more on parsing a page than everything else here. Where its event is not
        # emitted, its own parsing stands: from_api reads both forms.
        self._client.meta.events.register("before-parse.*.GetRecords", _keep_records_as_they_travel)

    def describe(self, stream_arn: str, after_shard: str | None) -> StreamPage:
        """Give one page of DescribeStream."""
        start = {"ExclusiveStartShardId": after_shard} if after_shard else {}
        answer = self._call("describe_stream", StreamArn=stream_arn, **start)["StreamDescription"]
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
            StreamArn=stream_arn,
            ShardId=shard_id,
            ShardIteratorType=position.kind,
            **at,
        )
        return str(answer["ShardIterator"])

    def get_records(self, stream_arn: str, iterator: str, limit: int) -> RecordsPage:
        """Read at most `limit` records."""
        answer = self._call("get_records", ShardIterator=iterator, Limit=limit)
        records = [from_api(record, stream_arn) for record in answer.get("Records", ())]
        return RecordsPage(records, answer.get("NextShardIterator"))

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except ClientError as error:
            kind = _STREAM_ERRORS.get(_code(error), StreamUnavailableError)
            raise kind(_text(error)) from error
        except BotoCoreError as error:
            raise StreamUnavailableError(str(error)) from error


class AwsFunction:
    """The Lambda API's Invoke."""

    def __init__(self, clients: ClientFactory) -> None:
        self._client = clients.client("lambda")

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Invoke and wait for the answer."""
        try:
            answer = self._client.invoke(
                FunctionName=function_arn,
                InvocationType="RequestResponse",
                Payload=invocation.body(),
            )
            payload = answer["Payload"].read()
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if _code(error) in _TOO_LARGE or status == _HTTP_TOO_LARGE:
                raise PayloadTooLargeError(_text(error)) from error
            raise InvokeError(_text(error)) from error
        except BotoCoreError as error:
            raise InvokeError(str(error)) from error
        return InvokeResult(
            payload=payload,
            function_error=answer.get("FunctionError"),
            status_code=answer["StatusCode"],
            executed_version=answer.get("ExecutedVersion") or "$LATEST",
            request_id=answer["ResponseMetadata"].get("RequestId", ""),
        )


def _keep_records_as_they_travel(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Take the records out of an answer before boto3 parses it."""
    if response_dict["status_code"] == _HTTP_OK:
        answer = json.loads(response_dict["body"])
        customized_response_dict["Records"] = answer.pop("Records", [])
        response_dict["body"] = json.dumps(answer).encode()


def _shard(shard: Mapping[str, Any]) -> ShardDescription:
    """Read a shard of DescribeStream: an ending sequence number means it is closed."""
    return ShardDescription(
        shard["ShardId"],
        shard.get("ParentShardId"),
        "EndingSequenceNumber" in shard.get("SequenceNumberRange", {}),
    )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _text(error: ClientError) -> str:
    """Name the error and quote its message in one line."""
    message = error.response.get("Error", {}).get("Message") or ""
    return f"{_code(error)}: {message}".strip().rstrip(":").replace("\n", " ")
