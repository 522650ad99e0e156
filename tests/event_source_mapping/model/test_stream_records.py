"""The record, from the Streams API's form to the event's."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from event_source_mapping.model.invocations import Invocation
from event_source_mapping.model.stream_records import from_api
from event_source_mapping.testing.builders import STREAM_ARN, make_record


def api_record(**change: Any) -> dict[str, Any]:
    """Make a record as boto3 gives it."""
    return {
        "eventID": "e1",
        "eventName": "REMOVE",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime(2022, 9, 30, 17, 31, 23, 900_000, UTC),
            "Keys": {"id": {"S": "p1"}},
            "SequenceNumber": "700000000000888747038",
            "SizeBytes": 26,
            "StreamViewType": "KEYS_ONLY",
            **change,
        },
    }


def test_the_creation_time_is_a_float_of_whole_seconds() -> None:
    """boto3's datetime becomes epoch seconds, cut to the second [The record]."""
    event = from_api(api_record(), STREAM_ARN).event
    assert json.dumps(event["dynamodb"]["ApproximateCreationDateTime"]) == "1664559083.0"


def test_a_record_without_a_time_is_as_old_as_its_reading() -> None:
    """It is not of 1970: the event has no time, and no limit of age gives it up at once [The record]."""
    record = api_record()
    del record["dynamodb"]["ApproximateCreationDateTime"]
    made = from_api(record, STREAM_ARN)
    assert "ApproximateCreationDateTime" not in made.event["dynamodb"]
    assert abs(made.created - time.time()) < 60


def test_binary_becomes_base64_at_every_depth() -> None:
    """B and BS, in lists and maps too [The record]."""
    image = {
        "b": {"B": b"foobar"},
        "bs": {"BS": [b"foobar"]},
        "l": {"L": [{"B": b"foobar"}, {"M": {"m": {"B": b"foobar"}}}]},
    }
    event = from_api(api_record(NewImage=image), STREAM_ARN).event
    assert event["dynamodb"]["NewImage"] == {
        "b": {"B": "Zm9vYmFy"},
        "bs": {"BS": ["Zm9vYmFy"]},
        "l": {"L": [{"B": "Zm9vYmFy"}, {"M": {"m": {"B": "Zm9vYmFy"}}}]},
    }


def test_a_record_as_it_travels_gives_the_same_event() -> None:
    """Base64 text and a number for the time, or bytes and a datetime [The record]."""
    image = {"b": {"B": b"foobar"}, "n": {"N": "1.50"}, "l": {"L": [{"BS": [b"foobar"]}]}}
    text = {"b": {"B": "Zm9vYmFy"}, "n": {"N": "1.50"}, "l": {"L": [{"BS": ["Zm9vYmFy"]}]}}
    parsed = from_api(api_record(NewImage=image), STREAM_ARN)
    travelling = api_record(NewImage=text, ApproximateCreationDateTime=1664559083)
    assert from_api(travelling, STREAM_ARN).encoded == parsed.encoded


def test_every_other_type_stays_as_it_is() -> None:
    """Numbers stay text: 38 digits would not survive a float [The record]."""
    image = {
        "n": {"N": "12345678901234567890123456789012345678"},
        "s": {"S": "é"},
        "ns": {"NS": ["1", "2"]},
        "null": {"NULL": True},
        "bool": {"BOOL": False},
        "m": {"M": {}},
    }
    assert from_api(api_record(OldImage=image), STREAM_ARN).event["dynamodb"]["OldImage"] == image


def test_the_stream_arn_is_added_and_the_fields_keep_their_order() -> None:
    """The ARN comes last; userIdentity is absent unless given [The record]."""
    event = from_api(api_record(), STREAM_ARN).event
    assert list(event) == [
        "eventID",
        "eventName",
        "eventVersion",
        "eventSource",
        "awsRegion",
        "dynamodb",
        "eventSourceARN",
    ]
    assert event["eventSourceARN"] == STREAM_ARN


def test_the_user_identity_has_the_events_spelling() -> None:
    """PrincipalId and Type become principalId and type [The record]."""
    record = api_record() | {"userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}}
    identity = from_api(record, STREAM_ARN).event["userIdentity"]
    assert identity == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def test_the_encoded_event_is_the_event() -> None:
    """What travels is the JSON of what a handler in process is given [The record]."""
    invocation = Invocation((make_record(1), make_record(2)), {"state": {"n": 1}})
    assert json.loads(invocation.body()) == invocation.event()


def test_a_lone_surrogate_is_encoded_all_the_same() -> None:
    """Text that has no UTF-8 form stops no shard [The record]."""
    record = from_api(api_record(NewImage={"s": {"S": "\ud800"}}), STREAM_ARN)
    assert record.encoded
