"""Records and settings for tests, at their defaults but for what a test is about."""

from __future__ import annotations

from typing import Any

from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.stream_records import StreamRecord, from_api

STREAM_ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/products/stream/2025-11-25T00:00:00.000"
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:orders"
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:alerts"
MAPPING_UUID = "00000000-0000-4000-8000-000000000001"


def make_record(
    number: int, *, item: str = "a", created: float = 1_700_000_000.0, name: str = "MODIFY"
) -> StreamRecord:
    """Make a record; its sequence number has the 21 digits of the shortest real one."""
    return from_api(
        {
            "eventID": f"{number:032x}",
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1",
            "dynamodb": {
                "ApproximateCreationDateTime": created,
                "Keys": {"id": {"S": item}},
                "NewImage": {"id": {"S": item}, "number": {"N": str(number)}},
                "SequenceNumber": str(10**20 + number),
                "SizeBytes": 26,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        },
        STREAM_ARN,
    )


def make_settings(**changes: Any) -> StreamSettings:
    """Make settings of a stream at AWS's defaults but for the changes."""
    return StreamSettings(
        **{
            "uuid": MAPPING_UUID,
            "source_arn": STREAM_ARN,
            "function_arn": FUNCTION_ARN,
            **changes,
        }
    )


def make_queue_settings(**changes: Any) -> QueueSettings:
    """Make settings of a queue at AWS's defaults but for the changes."""
    return QueueSettings(
        **{
            "uuid": MAPPING_UUID,
            "source_arn": QUEUE_ARN,
            "function_arn": FUNCTION_ARN,
            **changes,
        }
    )
