"""What the Streams API answers: shards as listed, errors by their codes."""

import pytest

from event_source_mapping.aws.streams import AwsStream
from event_source_mapping.model.errors import (
    EventSourceMappingError,
    ExpiredIteratorError,
    StreamNotFoundError,
    StreamThrottledError,
    StreamUnavailableError,
    TrimmedDataError,
)
from event_source_mapping.model.streams import ShardDescription
from event_source_mapping.testing.builders import STREAM_ARN
from tests.event_source_mapping.aws.stubbed import Stubbed, failing

SHARD = "shardId-00000001700000000000-0a1b2c3d"
CHILD = "shardId-00000001700000000001-0a1b2c3d"


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
