"""Records of GetRecords become what Lambda hands to the function."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from operations.deployed.stream_records import as_received
from tests.builders import STREAM


def _received(**change: Any) -> dict[str, Any]:
    record = {"eventID": "1", "eventName": "MODIFY", "dynamodb": {"SequenceNumber": "7", **change}}
    return as_received(record, STREAM)


def test_the_time_is_in_whole_seconds_and_the_arn_is_added() -> None:
    """boto3 gives a datetime; the function receives a number."""
    created = datetime(2026, 11, 21, 9, 2, 0, 750_000, tzinfo=UTC)
    assert _received(ApproximateCreationDateTime=created) == {
        "eventID": "1",
        "eventName": "MODIFY",
        "dynamodb": {"SequenceNumber": "7", "ApproximateCreationDateTime": 1795251720.0},
        "eventSourceARN": STREAM,
    }


def test_binary_values_become_base64_wherever_they_stand() -> None:
    """In keys and images, in lists, maps and sets; every other value stays as it is."""
    image = {"l": {"L": [{"M": {"b": {"B": b"\x00\xff"}}}]}, "s": {"BS": [b"a", b"b"]}, "n": {"N": "5"}}
    found = _received(Keys={"id": {"B": b"id"}}, OldImage=image, NewImage=image)["dynamodb"]
    expected = {"l": {"L": [{"M": {"b": {"B": "AP8="}}}]}, "s": {"BS": ["YQ==", "Yg=="]}, "n": {"N": "5"}}
    assert found["Keys"] == {"id": {"B": "aWQ="}}
    assert (found["OldImage"], found["NewImage"]) == (expected, expected)


def test_who_deleted_an_expired_item_is_spelt_as_the_function_receives_it() -> None:
    """The Streams API writes PrincipalId, the event principalId."""
    identity = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    record = {"eventName": "REMOVE", "dynamodb": {}, "userIdentity": identity}
    assert as_received(record, STREAM)["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def test_a_record_without_a_time_gets_none() -> None:
    """It is not of 1970."""
    assert _received()["dynamodb"] == {"SequenceNumber": "7"}
