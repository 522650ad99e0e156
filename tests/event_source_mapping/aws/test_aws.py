"""What AWS answers, in the core's words: shards as listed, errors by their codes."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from event_source_mapping.aws.functions import AwsFunction
from event_source_mapping.aws.mappings import AwsMappings
from event_source_mapping.aws.streams import AwsStream
from event_source_mapping.model.errors import (
    EndpointError,
    EventSourceMappingError,
    ExpiredIteratorError,
    InvokeError,
    MappingNotFoundError,
    PayloadTooLargeError,
    StreamNotFoundError,
    StreamThrottledError,
    StreamUnavailableError,
    TrimmedDataError,
)
from event_source_mapping.model.invocations import Invocation
from event_source_mapping.model.streams import ShardDescription
from event_source_mapping.testing.builders import FUNCTION_ARN, MAPPING_UUID, STREAM_ARN, make_record, make_settings

SHARD = "shardId-00000001700000000000-0a1b2c3d"
CHILD = "shardId-00000001700000000001-0a1b2c3d"


class Stubbed:
    """Makes clients that answer what a test queued, and call nobody."""

    endpoint_url = "http://127.0.0.1:4566"

    def __init__(self, service: str) -> None:
        self._client = boto3.client(
            service,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - nobody is called
        )
        self.stubber = Stubber(self._client)
        self.stubber.activate()

    def client(self, _service: str) -> Any:
        """Give the client."""
        return self._client


def failing(service: str, operation: str, code: str, status: int = 400) -> Stubbed:
    """Queue an error."""
    stubbed = Stubbed(service)
    stubbed.stubber.add_client_error(operation, code, "words", status)
    return stubbed


def test_shards_are_listed_with_parent_and_end() -> None:
    """An ending sequence number means closed; pages follow each other [Shards]."""
    stubbed = Stubbed("dynamodbstreams")
    numbers = {"StartingSequenceNumber": "1" * 21}
    page = {
        "StreamStatus": "ENABLED",
        "LastEvaluatedShardId": CHILD,
        "Shards": [
            {
                "ShardId": SHARD,
                "SequenceNumberRange": {**numbers, "EndingSequenceNumber": "2" * 21},
            },
            {"ShardId": CHILD, "ParentShardId": SHARD, "SequenceNumberRange": numbers},
        ],
    }
    stubbed.stubber.add_response("describe_stream", {"StreamDescription": page}, {"StreamArn": STREAM_ARN})
    stubbed.stubber.add_response(
        "describe_stream",
        {"StreamDescription": {"StreamStatus": "DISABLED", "Shards": []}},
        {"StreamArn": STREAM_ARN, "ExclusiveStartShardId": CHILD},
    )
    stream = AwsStream(stubbed)
    first = stream.describe(STREAM_ARN, None)
    assert first.shards == (
        ShardDescription(SHARD, None, closed=True),
        ShardDescription(CHILD, SHARD, closed=False),
    )
    assert first.last_shard_id == CHILD
    second = stream.describe(STREAM_ARN, first.last_shard_id)
    assert (second.shards, second.status, second.last_shard_id) == ((), "DISABLED", None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredIteratorException", ExpiredIteratorError),
        ("TrimmedDataAccessException", TrimmedDataError),
        ("ResourceNotFoundException", StreamNotFoundError),
        ("LimitExceededException", StreamThrottledError),
        ("ThrottlingException", StreamThrottledError),
        ("ProvisionedThroughputExceededException", StreamThrottledError),
        ("InternalServerError", StreamUnavailableError),
        ("AccessDeniedException", StreamUnavailableError),
    ],
)
def test_stream_errors_by_code(code: str, kind: type[EventSourceMappingError]) -> None:
    """Both spellings of a throttle, and the codes that change a position [Reading a shard]."""
    stream = AwsStream(failing("dynamodbstreams", "get_records", code))
    with pytest.raises(kind, match=f"{code}: words"):
        stream.get_records(STREAM_ARN, "iterator", 1000)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("TooManyRequestsException", 429, InvokeError),
        ("ResourceNotFoundException", 404, InvokeError),
        ("AccessDeniedException", 403, InvokeError),
        ("KMSDisabledException", 502, InvokeError),
        ("ServiceException", 500, InvokeError),
        ("RequestTooLargeException", 413, PayloadTooLargeError),
        ("Unknown", 413, PayloadTooLargeError),
    ],
)
def test_invoke_errors_by_code(code: str, status: int, kind: type[InvokeError]) -> None:
    """Only a payload that is too large is the batch's own fault [Retries]."""
    function = AwsFunction(failing("lambda", "invoke", code, status))
    with pytest.raises(InvokeError) as caught:
        function.invoke(FUNCTION_ARN, Invocation((make_record(1),)))
    assert type(caught.value) is kind


def test_a_mapping_that_is_not_there_is_told_from_an_endpoint_that_refuses() -> None:
    """The one ends the service of a mapping, the other does not [While it runs]."""
    for code, kind in (
        ("ResourceNotFoundException", MappingNotFoundError),
        ("AccessDeniedException", EndpointError),
    ):
        mappings = AwsMappings(failing("lambda", "get_event_source_mapping", code))
        with pytest.raises(kind):
            mappings.mapping(MAPPING_UUID)


def test_given_settings_replace_those_of_the_endpoint() -> None:
    """For what a local AWS does not keep [Settings]."""
    stubbed = Stubbed("lambda")
    answer = {"UUID": MAPPING_UUID, "EventSourceArn": STREAM_ARN, "FunctionArn": FUNCTION_ARN}
    stubbed.stubber.add_response("get_event_source_mapping", {**answer, "State": "Disabled"})
    mappings = AwsMappings(stubbed, {"TumblingWindowInSeconds": 30})
    assert mappings.mapping(MAPPING_UUID).settings == make_settings(tumbling_window=30)
