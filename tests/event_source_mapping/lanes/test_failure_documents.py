"""The failure document, field by field, and what S3 gets on top."""

from __future__ import annotations

import json

from event_source_mapping.lanes.failure_documents import DiscardedRecords, failure_document, iso_milliseconds
from event_source_mapping.model.invocations import InvokeResult
from event_source_mapping.testing.builders import FUNCTION_ARN, STREAM_ARN, make_record
from tests.event_source_mapping.scenario import documents, fails_on, simulate

AT = 1_764_086_000.123


def document(result: InvokeResult | None, *, invocations: int = 2) -> str:
    """Build a document of two records, as text."""
    given_up = DiscardedRecords(
        records=[make_record(1, created=AT - 60), make_record(2, created=AT - 50)],
        condition="RetryAttemptsExhausted" if result else "RecordAgeExceeded",
        invocations=invocations,
        at=AT,
        request_id="r-1",
        result=result,
    )
    built = failure_document(given_up, function_arn=FUNCTION_ARN, stream_arn=STREAM_ARN, shard_id="shardId-1")
    return json.dumps(built, indent=2)


def test_the_document_has_these_fields_in_this_order() -> None:
    """Every field, its format and its place [The failure document]."""
    expected = f"""{{
  "requestContext": {{
    "requestId": "r-1",
    "functionArn": "{FUNCTION_ARN}",
    "condition": "RetryAttemptsExhausted",
    "approximateInvokeCount": 2
  }},
  "responseContext": {{
    "statusCode": 200,
    "executedVersion": "$LATEST",
    "functionError": "Unhandled"
  }},
  "version": "1.0",
  "timestamp": "2025-11-25T15:53:20.123Z",
  "DDBStreamBatchInfo": {{
    "shardId": "shardId-1",
    "startSequenceNumber": "100000000000000000001",
    "endSequenceNumber": "100000000000000000002",
    "approximateArrivalOfFirstRecord": "2025-11-25T15:52:20Z",
    "approximateArrivalOfLastRecord": "2025-11-25T15:52:30Z",
    "batchSize": 2,
    "streamArn": "{STREAM_ARN}"
  }}
}}"""
    assert document(InvokeResult(function_error="Unhandled")) == expected


def test_an_aged_record_has_no_response_context() -> None:
    """RecordAgeExceeded: the field is absent, not null [The failure document]."""
    built = json.loads(document(None, invocations=0))
    assert list(built) == ["requestContext", "version", "timestamp", "DDBStreamBatchInfo"]
    assert built["requestContext"]["condition"] == "RecordAgeExceeded"
    assert built["requestContext"]["approximateInvokeCount"] == 1


def test_milliseconds_keep_three_digits() -> None:
    """Whole seconds and late fractions too [The failure document]."""
    assert iso_milliseconds(1_764_086_000.0) == "2025-11-25T15:53:20.000Z"
    assert iso_milliseconds(1_764_086_000.9999) == "2025-11-25T15:53:20.999Z"


def test_the_document_names_the_last_invocations_answer() -> None:
    """Version and request id are those of the last invocation [The failure document]."""
    answer = InvokeResult(b"{}", "Unhandled", executed_version="7", request_id="r-9")
    simulation = simulate(lambda _: answer, settings={"maximum_retry_attempts": 0}).run()
    (built,) = documents(simulation)
    assert built["responseContext"]["executedVersion"] == "7"
    assert built["requestContext"]["requestId"] == "r-9"


def test_a_document_covers_the_batch_that_was_given_up() -> None:
    """First and last number and size are the batch's [The failure document]."""
    simulation = simulate(fails_on(3), settings={"maximum_retry_attempts": 0}).run()
    info = documents(simulation)[0]["DDBStreamBatchInfo"]
    assert info["startSequenceNumber"] == str(10**20 + 1)
    assert info["endSequenceNumber"] == str(10**20 + 4)
    assert info["batchSize"] == 4
