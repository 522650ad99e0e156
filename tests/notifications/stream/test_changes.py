"""What a record changed, seen through every kind of stream."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from notifications.common.errors import MalformedRecordError
from notifications.stream.attributes import Path
from notifications.stream.changes import VIEW_TYPES, FieldChange, decode, images_sent, sequence_number_of
from tests.builders import (
    CREATED_AT,
    STREAM,
    TABLE,
    added,
    change_of,
    image,
    modified,
    raw,
    removed,
    sample,
    sequence_number,
    typed,
)

PRICE, KEY = Path.parse("price"), Path.parse("productId")


def test_each_view_type_sends_what_its_name_says() -> None:
    """KEYS_ONLY sends no image; an unknown view type is taken for the fullest."""
    assert {view_type: sorted(images_sent(view_type)) for view_type in VIEW_TYPES} == {
        "KEYS_ONLY": [],
        "NEW_IMAGE": ["new"],
        "OLD_IMAGE": ["old"],
        "NEW_AND_OLD_IMAGES": ["new", "old"],
    }
    assert images_sent("") == {"new", "old"}


def test_old_and_new_are_the_values_before_and_after() -> None:
    """A value that is absent on one side is None there."""
    change = change_of(modified({"price": 2}, {"price": 1}))
    assert (change.old(PRICE), change.new(PRICE)) == (typed(2), typed(1))
    change = change_of(modified({}, {"price": 1}))
    assert (change.old(PRICE), change.new(PRICE)) == (None, typed(1))


def test_the_current_value_is_the_new_one_and_of_a_removal_the_old() -> None:
    """There is no newer value of an item that is gone."""
    assert change_of(modified({"price": 2}, {"price": 1})).current(PRICE) == typed(1)
    assert change_of(added(price=3)).current(PRICE) == typed(3)
    assert change_of(removed(price=4)).current(PRICE) == typed(4)


@pytest.mark.parametrize("view_type", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"])
def test_a_key_is_known_on_both_sides_whatever_the_stream_sends(view_type: str) -> None:
    """A key cannot change, so it stands in for the image that is missing."""
    sees = images_sent(view_type)
    entry = raw(
        "MODIFY",
        old=image(price=2) if "old" in sees else None,
        new=image(price=1) if "new" in sees else None,
        view_type=view_type,
    )
    change = change_of(entry)
    assert change.old(KEY) == change.new(KEY) == change.current(KEY) == typed("prod-1")
    assert change.old(PRICE) == (typed(2) if "old" in sees else None)
    assert change.new(PRICE) == (typed(1) if "new" in sees else None)


def test_before_an_insertion_and_after_a_removal_there_is_no_key() -> None:
    """An item that is not there has no values, its key included."""
    assert change_of(added()).old(KEY) is None
    assert change_of(removed()).new(KEY) is None
    assert change_of(raw("INSERT", view_type="KEYS_ONLY")).new(KEY) == typed("prod-1")
    assert change_of(raw("REMOVE", view_type="KEYS_ONLY")).old(KEY) == typed("prod-1")


def test_an_image_that_is_there_speaks_for_itself() -> None:
    """The keys stand in for a missing image, not for a missing attribute."""
    entry = modified({"price": 2}, {"price": 1})
    del entry["dynamodb"]["NewImage"]["productId"]
    assert change_of(entry).new(KEY) is None


def test_the_image_is_the_latest_known_one() -> None:
    """New, of a removal old, and the keys where the stream sends none."""
    assert change_of(modified({"price": 2}, {"price": 1})).image["price"] == typed(1)
    assert change_of(removed(price=2)).image["price"] == typed(2)
    assert change_of(raw("MODIFY", view_type="KEYS_ONLY")).image == {"productId": typed("prod-1")}
    assert change_of(raw("MODIFY", old=image(price=2), view_type="OLD_IMAGE")).image == {"productId": typed("prod-1")}


def test_fields_lists_what_differs_in_the_items_own_order() -> None:
    """What went stands where it was, what came follows; what is equal is left out."""
    fields = change_of(modified({"b": 1, "a": 1, "same": 1}, {"a": 2, "same": 1, "c": 3})).fields()
    assert fields == [
        FieldChange("b", typed(1), None),
        FieldChange("a", typed(1), typed(2)),
        FieldChange("c", None, typed(3)),
    ]


def test_fields_of_paths_lists_those_alone() -> None:
    """Asked for paths, it looks at nothing else, and calls them as they were called."""
    change = change_of(modified({"a": {"b": 1, "c": 1}, "d": 1}, {"a": {"b": 2, "c": 1}, "d": 2}))
    paths = tuple(Path.parse(text) for text in ("a.b", "a.c", "nothing"))
    assert change.fields(paths) == [FieldChange("a.b", typed(1), typed(2))]
    assert change.fields(()) == []


def test_a_set_in_another_order_is_not_a_changed_field() -> None:
    """Order in a set is chance."""
    entry = raw("MODIFY", old={"tags": {"SS": ["a", "b"]}}, new={"tags": {"SS": ["b", "a"]}})
    assert change_of(entry).fields() == []


@pytest.mark.parametrize(
    "entry",
    [
        added(a=1),
        removed(a=1),
        raw("MODIFY", new=image(a=1), view_type="NEW_IMAGE"),
        raw("MODIFY", view_type="KEYS_ONLY"),
    ],
    ids=["INSERT", "REMOVE", "NEW_IMAGE", "KEYS_ONLY"],
)
def test_with_one_image_there_are_no_fields(entry: dict[str, object]) -> None:
    """An item that comes or goes changes as a whole, and one image cannot be compared with nothing."""
    assert change_of(entry).fields() == []


# Reading a record


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


def test_an_image_that_the_event_lacks_is_none() -> None:
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
def test_a_malformed_record_is_refused_with_what_is_wrong(record: Any, message: str) -> None:
    """Each wrong shape has its own words."""
    with pytest.raises(MalformedRecordError) as caught:
        decode(record)
    assert message in str(caught.value)


def test_a_removal_by_the_service_is_an_expiry() -> None:
    """The table's time to live signs its deletions; a user's carry no signature."""
    assert decode(removed(expired=True)).expired
    assert not decode(removed()).expired


@pytest.mark.parametrize("identity", [None, "dynamodb.amazonaws.com", {}, {"principalId": "someone"}, []])
def test_another_identity_is_not_an_expiry(identity: Any) -> None:
    """Only DynamoDB's own name counts."""
    assert not decode({**removed(), "userIdentity": identity}).expired


def test_only_a_removal_expires() -> None:
    """A replicated or imported change signed by the service is not an expiry."""
    assert not decode({**WHOLE, "userIdentity": removed(expired=True)["userIdentity"]}).expired


@pytest.mark.parametrize("time", [None, "2026-11-21", True, [], 10**400], ids=lambda time: str(time)[:20])
def test_a_malformed_creation_time_is_left_out(time: Any) -> None:
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
