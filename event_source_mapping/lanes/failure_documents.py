"""The document that tells an on-failure destination what was given up.

docs/event-source-mapping.md, "The failure document": fields, their order and formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from event_source_mapping.model.invocations import InvokeResult
from event_source_mapping.model.stream_records import StreamRecord

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
RECORD_TOO_OLD = "RecordAgeExceeded"


@dataclass(frozen=True, slots=True)
class DiscardedRecords:
    """Records that are discarded together, and why."""

    records: Sequence[StreamRecord]
    condition: str
    invocations: int
    at: float  # epoch seconds
    request_id: str
    result: InvokeResult | None = None  # the last answer; None when the records aged out


def failure_document(
    given_up: DiscardedRecords, *, function_arn: str, stream_arn: str, shard_id: str
) -> dict[str, Any]:
    """Build the document of SQS and SNS; S3's carries a payload on top."""
    first, last = given_up.records[0], given_up.records[-1]
    document: dict[str, Any] = {
        "requestContext": {
            "requestId": given_up.request_id,
            "functionArn": function_arn,
            "condition": given_up.condition,
            # A record the function never saw counts 1 all the same.
            "approximateInvokeCount": max(1, given_up.invocations),
        }
    }
    if given_up.result is not None:
        document["responseContext"] = {
            "statusCode": given_up.result.status_code,
            "executedVersion": given_up.result.executed_version,
            "functionError": given_up.result.function_error,
        }
    document["version"] = "1.0"
    document["timestamp"] = iso_milliseconds(given_up.at)
    document["DDBStreamBatchInfo"] = {
        "shardId": shard_id,
        "startSequenceNumber": first.sequence_number,
        "endSequenceNumber": last.sequence_number,
        "approximateArrivalOfFirstRecord": iso_seconds(first.created),
        "approximateArrivalOfLastRecord": iso_seconds(last.created),
        "batchSize": len(given_up.records),
        "streamArn": stream_arn,
    }
    return document


def iso_seconds(epoch_seconds: float) -> str:
    """Write a time as 2025-11-25T15:52:40Z."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_milliseconds(epoch_seconds: float) -> str:
    """Write a time as 2025-11-25T15:53:08.123Z."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
