"""When each kind of rule fires: at its edges, where off by one hides."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import added, modified, priced, raw, removed, stocked
from tests.notifications.rules.examples import fires, judged

# Events


@pytest.mark.parametrize(
    ("when", "entry"),
    [
        ("added", added()),
        ("removed", removed()),
        ("changed", modified({"a": 1}, {"a": 2})),
        ("price_drop", priced(2, 1)),
        ("price_rise", priced(1, 2)),
        ("out_of_stock", stocked(1, 0)),
        ("back_in_stock", stocked(0, 1)),
        ("low_stock", stocked(5, 4)),
    ],
)
def test_each_kind_fires_for_its_own_event(when: str, entry: dict[str, Any]) -> None:
    """Each kind of `when` fires for a plain example of what it is named after."""
    more = "threshold = 5" if when == "low_stock" else ""
    assert fires(when, entry, more)


@pytest.mark.parametrize("when", ["changed", "price_drop", "price_rise", "out_of_stock", "back_in_stock", "low_stock"])
@pytest.mark.parametrize("entry", [added(price=1, stock=1), removed(price=1, stock=0)], ids=["INSERT", "REMOVE"])
def test_kinds_that_compare_do_not_fire_for_a_new_or_removed_item(when: str, entry: dict[str, Any]) -> None:
    """There is nothing to compare with when an item comes or goes."""
    assert not fires(when, entry, "threshold = 5" if when == "low_stock" else "")


@pytest.mark.parametrize(("when", "entry"), [("added", removed()), ("removed", added()), ("added", priced(1, 2))])
def test_added_and_removed_do_not_stand_for_each_other(when: str, entry: dict[str, Any]) -> None:
    """An item that goes is not new, and a new one is not gone."""
    judgement = judged(when, entry)
    assert not judgement.fired
    assert judgement.reason.startswith("fires on ")


def test_the_reason_of_a_removal_tells_an_expiry_from_a_deletion() -> None:
    """People can see whether a user or the table's time to live removed the item."""
    assert judged("removed", removed()).reason == "the item was deleted"
    assert judged("removed", removed(expired=True)).reason == "the item expired"


# changed


def test_changed_without_attributes_fires_for_any() -> None:
    """By default every attribute counts, one that comes or goes included."""
    assert fires("changed", modified({"a": 1}, {"a": 1, "b": 2}))
    assert fires("changed", modified({"a": 1, "b": 2}, {"a": 1}))


def test_changed_fires_for_its_attributes_alone() -> None:
    """A change of another attribute does not count."""
    assert not fires("changed", modified({"a": 1, "b": 1}, {"a": 1, "b": 2}), 'attributes = ["a"]')
    assert fires("changed", modified({"a": 1, "b": 1}, {"a": 2, "b": 1}), 'attributes = ["b", "a"]')


def test_changed_looks_into_maps_and_lists() -> None:
    """A nested path fires for what is there, and not for its neighbours."""
    old = {"specs": {"color": "red", "size": 1}, "offers": [{"price": 5}, {"price": 6}]}
    color = {**old, "specs": {"color": "blue", "size": 1}}
    second = {**old, "offers": [{"price": 5}, {"price": 7}]}
    assert fires("changed", modified(old, color), 'attributes = ["specs.color"]')
    assert not fires("changed", modified(old, color), 'attributes = ["specs.size"]')
    assert fires("changed", modified(old, second), 'attributes = ["offers[1].price"]')
    assert not fires("changed", modified(old, second), 'attributes = ["offers[0].price"]')


def test_a_set_in_another_order_has_not_changed() -> None:
    """Sets have no order, wherever they stand."""
    entry = raw("MODIFY", old={"tags": {"SS": ["a", "b"]}}, new={"tags": {"SS": ["b", "a"]}})
    deep = raw("MODIFY", old={"m": {"M": {"s": {"NS": ["1", "2"]}}}}, new={"m": {"M": {"s": {"NS": ["2", "1"]}}}})
    assert not fires("changed", entry)
    assert not fires("changed", deep)
    assert not fires("changed", deep, 'attributes = ["m"]')


def test_a_list_in_another_order_has_changed() -> None:
    """Lists do have an order."""
    assert fires("changed", modified({"a": ["x", "y"]}, {"a": ["y", "x"]}))


def test_the_reason_of_changed_names_what_changed_and_what_did_not() -> None:
    """Either way the reason names the attributes."""
    assert judged("changed", modified({"a": 1, "b": 1}, {"a": 2, "b": 2})).reason == "a, b changed"
    entry = modified({"c": 1}, {"c": 2})
    assert judged("changed", entry, 'attributes = ["a", "b"]').reason == "a, b did not change"


def test_a_reason_with_braces_in_it_is_taken_as_it_is() -> None:
    """An attribute's name is text, not a format."""
    entry = raw("MODIFY", old={"{0}": {"N": "1"}}, new={"{0}": {"N": "2"}})
    assert judged("changed", entry).reason == "{0} changed"


NO_NUMBERS = [
    {"S": "abc"},
    {"S": "5"},
    {"NULL": True},
    {"BOOL": True},
    {"N": "NaN"},
    {"N": "Infinity"},
    {"N": "abc"},
    {"L": [{"N": "5"}]},
    {"N": 5},
    {},
]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=str)
@pytest.mark.parametrize("when", ["price_drop", "price_rise", "out_of_stock", "back_in_stock", "low_stock"])
def test_a_value_that_is_not_a_number_fires_nothing_on_either_side(when: str, value: dict[str, Any]) -> None:
    """A price or stock that is absent or no number makes no alert and no error, and the reason names the side."""
    more = "threshold = 5" if when == "low_stock" else ""
    role = "price" if when.startswith("price") else "stock"
    make = priced if role == "price" else stocked
    for other in ("0", "10"):
        before, after = judged(when, make(value, other), more), judged(when, make(other, value), more)
        assert (before.fired, after.fired) == (False, False)
        assert before.reason == f"the old {role} is not a number"
        assert after.reason == f"the new {role} is not a number"
