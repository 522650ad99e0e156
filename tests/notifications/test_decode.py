"""A stream record, checked and named."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from notifications.common.errors import MalformedRecordError
from notifications.stream.changes import decode, sequence_number_of
from tests.builders import CREATED_AT, STREAM, TABLE, added, modified, raw, removed, sample, sequence_number

WHOLE = modified({"price": 2}, {"price": 1})


def without(*path: str) -> dict[str, Any]:
    """Give the whole record without one field."""
    record = copy.deepcopy(WHOLE)
    *where, name = path
    del (record[where[0]] if where else record)[name]
    return record


def with_(value: Any, *path: str) -> dict[str, Any]:
    """Give the whole record with another value in a field."""
    record = copy.deepcopy(WHOLE)
    *where, name = path
    (record[where[0]] if where else record)[name] = value
    return record


def test_a_whole_record_is_read() -> None:
    """Every field of a stream record finds its place."""
    record = decode(WHOLE)
    key = {"productId": {"S": "prod-1"}}
    assert record.event_name == "MODIFY"
    assert record.keys == key
    assert record.old_image == {**key, "price": {"N": "2"}}
    assert record.new_image == {**key, "price": {"N": "1"}}
    assert record.sequence_number == sequence_number(1)
    assert record.created_at == CREATED_AT
    assert record.view_type == "NEW_AND_OLD_IMAGES"
    assert record.expired is False
    assert (record.stream_arn, record.table_arn) == (STREAM, TABLE)


def test_an_image_that_the_event_has_not_is_none() -> None:
    """An insertion has no old image, a removal no new one."""
    assert decode(added()).old_image is None
    assert decode(removed()).new_image is None


def test_the_documented_example_is_read() -> None:
    """The record with `Id` 101, as the Lambda guide has it: short sequence numbers, no creation time."""
    records = [decode(record) for record in sample("stream-example.json")["Records"]]
    assert [(record.event_name, record.sequence_number) for record in records] == [
        ("INSERT", "111"),
        ("MODIFY", "222"),
        ("REMOVE", "333"),
    ]
    assert {record.created_at for record in records} == {None}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "got NoneType"),
        (5, "got int"),
        ("x", "got str"),
        ([], "got list"),
        ({}, "the 'dynamodb' block is missing"),
        (without("dynamodb"), "the 'dynamodb' block is missing"),
        (with_(None, "dynamodb"), "the 'dynamodb' block is missing"),
        (with_("x", "dynamodb"), "the 'dynamodb' block is missing"),
        (with_([], "dynamodb"), "the 'dynamodb' block is missing"),
        (without("eventName"), "missing eventName"),
        (without("dynamodb", "Keys"), "missing Keys"),
        (without("dynamodb", "SequenceNumber"), "missing SequenceNumber"),
        (with_({}, "dynamodb"), "missing Keys, SequenceNumber"),
        (with_("UPSERT", "eventName"), "eventName: expected INSERT, MODIFY or REMOVE, got 'UPSERT'"),
        (with_("modify", "eventName"), "eventName: expected INSERT, MODIFY or REMOVE"),
        (with_([], "eventName"), "eventName: expected INSERT, MODIFY or REMOVE"),
        (with_(None, "dynamodb", "Keys"), "dynamodb.Keys: expected a map"),
        (with_({}, "dynamodb", "Keys"), "dynamodb.Keys: expected a map"),
        (with_([], "dynamodb", "Keys"), "dynamodb.Keys: expected a map"),
        (with_(5, "dynamodb", "SequenceNumber"), "dynamodb.SequenceNumber: expected digits, got 5"),
        (with_("", "dynamodb", "SequenceNumber"), "dynamodb.SequenceNumber: expected digits"),
        (with_("12a", "dynamodb", "SequenceNumber"), "dynamodb.SequenceNumber: expected digits"),
        (with_("-1", "dynamodb", "SequenceNumber"), "dynamodb.SequenceNumber: expected digits"),
        (with_("x", "dynamodb", "OldImage"), "dynamodb.OldImage: expected a map, got str"),
        (with_([], "dynamodb", "NewImage"), "dynamodb.NewImage: expected a map, got list"),
    ],
)
def test_a_malformed_record_is_told_with_what_is_wrong(record: Any, message: str) -> None:
    """Each wrong shape has its own words."""
    with pytest.raises(MalformedRecordError) as caught:
        decode(record)
    assert message in str(caught.value)


def test_a_removal_by_the_service_is_an_expiry() -> None:
    """The table's time to live signs its deletions; a user's carry no signature."""
    assert decode(removed(expired=True)).expired
    assert not decode(removed()).expired


@pytest.mark.parametrize("identity", [None, "dynamodb.amazonaws.com", {}, {"principalId": "someone"}, []])
def test_another_identity_is_no_expiry(identity: Any) -> None:
    """Only DynamoDB's own name counts."""
    assert not decode({**removed(), "userIdentity": identity}).expired


def test_only_a_removal_expires() -> None:
    """A replicated or imported change signed by the service is no expiry."""
    assert not decode({**WHOLE, "userIdentity": removed(expired=True)["userIdentity"]}).expired


@pytest.mark.parametrize("time", [None, "2026-11-21", True, [], 10**400], ids=lambda time: str(time)[:20])
def test_a_creation_time_that_is_none_is_absent(time: Any) -> None:
    """A record without a usable time is still a record."""
    assert decode(with_(time, "dynamodb", "ApproximateCreationDateTime")).created_at is None


@pytest.mark.parametrize(("time", "seconds"), [(1795251720, 1795251720.0), (1795251720.25, 1795251720.25), (0, 0.0)])
def test_a_creation_time_is_epoch_seconds(time: Any, seconds: float) -> None:
    """Whole or fractional."""
    assert decode(with_(time, "dynamodb", "ApproximateCreationDateTime")).created_at == seconds


def test_optional_fields_may_be_absent() -> None:
    """Without view type, time, stream ARN and identity a record can still be processed."""
    record = decode({"eventName": "INSERT", "dynamodb": {"Keys": {"id": {"S": "a"}}, "SequenceNumber": "1"}})
    assert (record.view_type, record.created_at, record.stream_arn, record.expired) == ("", None, "", False)
    assert record.table_arn == "unknown"


def test_attribute_values_are_not_looked_at() -> None:
    """A record that no rule cares about is not worth it: decoding costs the same for any item."""
    image = {"price": "no value at all"}
    assert decode(with_(image, "dynamodb", "NewImage")).new_image == image


@pytest.mark.parametrize(
    ("record", "number"),
    [
        (WHOLE, sequence_number(1)),
        (raw("UPSERT", at=7), sequence_number(7)),
        (without("dynamodb"), ""),
        (with_(None, "dynamodb"), ""),
        (with_(5, "dynamodb", "SequenceNumber"), ""),
        ({"dynamodb": {}}, ""),
        (None, ""),
        ([], ""),
        ("x", ""),
        (5, ""),
    ],
)
def test_the_sequence_number_is_found_in_whatever_comes(record: Any, number: str) -> None:
    """Also a malformed record is named in the response, if it has a name."""
    assert sequence_number_of(record) == number
