"""What a record changed, seen through every kind of stream."""

from __future__ import annotations

import pytest

from notifications.stream.attributes import Path
from notifications.stream.changes import VIEW_TYPES, FieldChange, images_sent
from tests.builders import added, change_of, image, modified, raw, removed, typed

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


def test_a_set_in_another_order_is_no_field() -> None:
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
