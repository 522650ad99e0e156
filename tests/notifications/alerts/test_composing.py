"""What is said about a change, as a CloudEvent."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given

from notifications.alerts.alert import TYPES, Alert
from notifications.alerts.composing import alert_id, compose
from notifications.common.errors import MalformedRecordError
from notifications.config.rule_keys import KEYS_BY_WHEN
from notifications.publishing.messages import cloud_event
from notifications.rules.memory import Memory
from notifications.stream.changes import decode
from tests.builders import (
    EVERY_KIND,
    STREAM,
    TABLE,
    added,
    fired,
    image,
    modified,
    one_rule,
    priced,
    raw,
    records,
    removed,
    rules,
    sequence_number,
    stocked,
)


def alert(when: str, entry: dict[str, Any], more: str = "", product: str = "", memory: Memory | None = None) -> Alert:
    """Write the alert of the one rule that fires for a record."""
    loaded = one_rule(when, more, product)
    (evaluation,) = fired(loaded, entry)
    evaluation.memory_before = memory or evaluation.memory_before
    return compose(evaluation, loaded.product)


def test_every_kind_of_rule_has_a_type() -> None:
    """The type is the contract's, not the rule file's word."""
    assert set(TYPES) == set(KEYS_BY_WHEN)
    assert len(set(TYPES.values())) == 8


def test_an_alert_is_a_cloud_event() -> None:
    """The attributes of CloudEvents 1.0, in their JSON format."""
    event = cloud_event(alert("added", added(name="Mouse")))
    data = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": alert_id(decode(added()), "r"),
        "source": TABLE,
        "type": "product.added",
        "subject": "prod-1",
        "time": "2026-11-21T09:02:00Z",
        "datacontenttype": "application/json",
    }
    assert data == {
        "rule": "r",
        "severity": "info",
        "title": "New product: Mouse",
        "text": "Mouse (prod-1) is new.",
        "product": {"productId": "prod-1", "name": "Mouse"},
        "changes": [],
        "eventName": "INSERT",
        "sequenceNumber": sequence_number(1),
    }


# Identity


def test_a_repeat_carries_the_same_id() -> None:
    """The same record and rule make the same alert, whatever else the function knows by then."""
    assert alert("added", added()).id == alert("added", added()).id
    assert alert("added", added(), 'title = "other"', memory=Memory(held=3)).id == alert("added", added()).id


def test_another_record_rule_or_stream_is_another_alert() -> None:
    """Stream, sequence number and rule make the id."""
    record = decode(added())
    ids = {
        alert_id(record, "r"),
        alert_id(record, "s"),
        alert_id(record._replace(sequence_number="1"), "r"),
        alert_id(record._replace(stream_arn="other"), "r"),
    }
    assert len(ids) == 4
    assert {uuid.UUID(found).version for found in ids} == {5}


def test_the_id_never_changes() -> None:
    """A new version of the code gives a repeated record the id that the old one gave it."""
    record = decode(added())._replace(stream_arn=STREAM, sequence_number="700000000000888747038")
    assert alert_id(record, "new-product") == str(
        uuid.uuid5(uuid.UUID("6f0c7a52-8a0b-5b53-9a0e-3d0a9c1f2b47"), f"{STREAM}\n700000000000888747038\nnew-product")
    )


# Time


def test_without_a_creation_time_the_event_has_no_time() -> None:
    """CloudEvents' `time` is optional, and null is not allowed."""
    entry = added()
    del entry["dynamodb"]["ApproximateCreationDateTime"]
    assert "time" not in cloud_event(alert("added", entry))


# Data


@pytest.mark.parametrize(
    ("when", "entry", "more", "baseline", "threshold"),
    [
        ("price_drop", priced("25.99", "19.99"), "", "25.99", None),
        ("price_drop", priced("25.99", "19.99"), 'at_least = "10%"', "25.99", "10%"),
        ("price_drop", priced("25.99", "19.99"), "at_least = 5", "25.99", "5"),
        ("price_rise", priced("19.99", "25.99"), "above = 20", "19.99", "20"),
        ("out_of_stock", stocked(3, 0), "", "3", None),
        ("back_in_stock", stocked(-2, 4), "", "-2", None),
        ("low_stock", stocked(9, 4), 'threshold = "5.0"', "9", "5"),
        ("price_drop", priced("9" * 38, "1E-130"), "", "9" * 38, None),
        ("price_drop", priced("1E+3", "1"), "", "1000", None),
    ],
)
def test_what_was_compared_is_given_in_decimal_strings(
    when: str, entry: dict[str, Any], more: str, baseline: str, threshold: str | None
) -> None:
    """No exponent, no float, every digit."""
    data = alert(when, entry, more).data
    assert (data["baseline"], data.get("threshold")) == (baseline, threshold)


def test_changes_list_old_and_new() -> None:
    """What came has no old value, what went no new one; numbers stay strings."""
    data = alert("price_drop", modified({"price": 2, "gone": "x"}, {"price": 1, "here": True})).data
    assert data["changes"] == [
        {"attribute": "price", "old": "2", "new": "1"},
        {"attribute": "gone", "old": "x", "new": None},
        {"attribute": "here", "old": None, "new": True},
    ]


def test_changes_of_a_rule_about_attributes_are_those() -> None:
    """A rule that names attributes reports those, by the paths that it names."""
    entry = modified({"a": {"b": 1}, "c": 1}, {"a": {"b": 2}, "c": 2})
    assert alert("changed", entry, 'attributes = ["a.b"]').data["changes"] == [
        {"attribute": "a.b", "old": "1", "new": "2"}
    ]


def test_the_product_is_the_item_as_it_is_and_of_a_removal_as_it_was() -> None:
    """Receivers need not look it up."""
    assert alert("price_drop", priced(2, 1)).data["product"]["price"] == "1"
    assert alert("removed", removed(name="Mouse")).data["product"]["name"] == "Mouse"
    assert alert("added", raw("INSERT", view_type="KEYS_ONLY")).data["product"] == {"productId": "prod-1"}


@pytest.mark.parametrize("expired", [True, False])
def test_a_removal_tells_an_expiry_from_a_deletion(expired: bool) -> None:
    """Both are product.removed; `expired` tells them apart."""
    made = alert("removed", removed(expired=expired))
    assert (made.type, made.data["expired"]) == ("product.removed", expired)
    assert "expired" not in alert("added", added()).data


def test_the_link_is_part_of_the_data_if_there_is_one() -> None:
    """Channels can offer it."""
    link = 'link = "https://x/{productId}"\nid = "productId"'
    assert alert("added", added(), product=link).data["link"] == "https://x/prod-1"
    assert "link" not in alert("added", added()).data


def test_the_message_attributes_are_those_that_the_item_has() -> None:
    """Typed as they are, for the message to write."""
    product = 'message_attributes = ["category", "brand"]'
    assert alert("added", added(category="Home"), product=product).message_attributes == {"category": {"S": "Home"}}


def test_a_malformed_item_is_an_error() -> None:
    """An alert that would show nonsense is not written."""
    loaded = one_rule("added")
    (evaluation,) = fired(loaded, raw("INSERT", new={**image(a=1), "b": {"X": 1}}))
    with pytest.raises(MalformedRecordError, match="attribute 'b'"):
        compose(evaluation, loaded.product)


@given(records())
def test_composing_changes_nothing(entry: dict[str, Any]) -> None:
    """The record is as it was afterwards, and says the same twice."""
    before = repr(entry)
    loaded = rules(EVERY_KIND)
    first = [compose(evaluation, loaded.product) for evaluation in fired(loaded, entry)]
    assert [compose(evaluation, loaded.product) for evaluation in fired(loaded, entry)] == first
    assert repr(entry) == before


FORGED = "Mouse\r\n\nURGENT: Sign in at https://evil.example now.\x0b\x85\u2028Rule price-drop: needs 10%\x1b[2J\n"


@pytest.mark.parametrize("when", KEYS_BY_WHEN)
def test_a_products_name_begins_no_line_of_the_text(when: str) -> None:
    """Of a name with line breaks the text stays one line, and the title, too; the item is given as it is."""
    entries = {
        "added": added(name=FORGED),
        "removed": removed(name=FORGED),
        "changed": modified({"name": "Mouse"}, {"name": FORGED}),
        "price_drop": modified({"name": FORGED, "price": 2}, {"name": FORGED, "price": 1}),
        "price_rise": modified({"name": FORGED, "price": 1}, {"name": FORGED, "price": 2}),
        "out_of_stock": modified({"name": FORGED, "stock": 1}, {"name": FORGED, "stock": 0}),
        "back_in_stock": modified({"name": FORGED, "stock": 0}, {"name": FORGED, "stock": 1}),
        "low_stock": modified({"name": FORGED, "stock": 5}, {"name": FORGED, "stock": 4}),
    }
    made = alert(when, entries[when], "threshold = 5" if when == "low_stock" else "")
    assert made.data["product"]["name"] == FORGED
    assert "Mouse URGENT: Sign in at https://evil.example now. Rule price-drop: needs 10% [2J" in made.data["text"]
    assert made.data["text"].isprintable()
    assert made.data["title"].isprintable()


def test_a_products_id_begins_no_line_of_a_title_that_stands_for_an_empty_one() -> None:
    """The rule and the id are named instead, on one line."""
    entry = added("p\nURGENT", name=" ")
    assert alert("added", entry, 'title = "{name}"').data["title"] == "r: p URGENT"
