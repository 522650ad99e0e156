"""The alerts' JSON Schemas: every alert that the code can make is valid, and little else is."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from notifications.alerts.alert import TYPES
from notifications.alerts.composing import compose
from notifications.common.sns_limits import MOST_BYTES
from notifications.publishing.messages import to_message
from tests.builders import (
    EVERY_KIND,
    added,
    event,
    fired,
    modified,
    one_rule,
    priced,
    raw,
    records,
    removed,
    rules,
    sample,
    stocked,
)
from tests.json_schemas import COMMON, SCHEMAS, mistakes_in
from tests.service import Service

OF_SETTINGS = {"alerts.schema.json", "receivers.schema.json"}  # of a TOML file, not of an alert
RULES = rules(
    EVERY_KIND
    + """
[[rules]]
name = "anything"
when = "changed"

[[rules]]
name = "sale"
when = "price_drop"
at_least = "5.5%"

[[rules]]
name = "target"
when = "price_rise"
above = 3
first_sight = true

[[rules]]
name = "nothing there"
when = "out_of_stock"
first_sight = true

[[rules]]
name = "little there"
when = "low_stock"
threshold = 4.5
first_sight = true
"""
)


def messages(entry: dict[str, Any], loaded: Any = RULES) -> list[dict[str, Any]]:
    """Give what is published for a record."""
    return [json.loads(to_message(compose(evaluation, loaded.product)).body) for evaluation in fired(loaded, entry)]


def test_there_is_a_schema_for_each_type_and_no_other() -> None:
    """A new type needs a schema, and a schema without a type misleads."""
    names = {path.name for path in SCHEMAS.iterdir()} - OF_SETTINGS
    assert names == {COMMON, *(f"{found}.schema.json" for found in TYPES.values())}


@pytest.mark.parametrize("path", sorted(SCHEMAS.iterdir()), ids=lambda path: path.name)
def test_each_schema_is_one(path: Any) -> None:
    """Each file is a valid JSON Schema of draft 2020-12, with a title and a description for people."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"]


def test_the_common_schema_knows_every_type() -> None:
    """The list of types is that of the code."""
    schema = json.loads((SCHEMAS / COMMON).read_text(encoding="utf-8"))
    assert schema["properties"]["type"]["enum"] == list(TYPES.values())


def test_every_field_of_an_alert_is_described() -> None:
    """A receiver finds in the schema what each field means."""
    schema = json.loads((SCHEMAS / COMMON).read_text(encoding="utf-8"))
    fields = {
        **schema["properties"],
        **schema["$defs"]["data"]["properties"],
        **schema["$defs"]["change"]["properties"],
    }
    assert [name for name, found in fields.items() if not found.get("description") and "$ref" not in found] == []


@given(records())
def test_every_alert_that_the_code_makes_is_valid(entry: dict[str, Any]) -> None:
    """Whatever the items hold and whatever the stream sends, the alerts keep their schemas."""
    for message in messages(entry):
        assert mistakes_in(message) == []


@given(
    st.sampled_from([added, removed]),
    st.sampled_from([0, 1000, MOST_BYTES]),
    st.sampled_from([0, MOST_BYTES]),
)
def test_every_shortened_alert_is_valid(make: Callable[..., dict[str, Any]], item: int, other: int) -> None:
    """An alert that was shortened keeps its schema, too."""
    entry = make(a="x" * item, b="y" * other)
    (message,) = messages(entry)
    assert mistakes_in(message) == []


def test_a_change_that_was_shortened_is_valid() -> None:
    """Names without values, and no names at all, are both allowed where the alert says that it was shortened."""
    names = {f"{'n' * 200}{number}": number for number in range(1500)}
    changed = dict.fromkeys(names, "x")
    values = messages(modified({"price": 2, "b": "x" * MOST_BYTES}, {"price": 1}))
    nothing = messages(modified({**names, "price": 2}, {**changed, "price": 1}))
    shortened = [message["data"]["shortened"] for message in (*values, *nothing)]
    assert ["product", "changes"] in shortened
    assert ["product", "changes", "text"] in shortened
    for message in (*values, *nothing):
        assert mistakes_in(message) == []


@pytest.mark.parametrize("time", [None, 0, 1795251720.0, 1795251720.5, -1, 1e99])
def test_a_time_is_valid_or_left_out(time: Any) -> None:
    """Whatever the record says of its time, the alert's is RFC 3339 or absent."""
    entry = added()
    entry["dynamodb"]["ApproximateCreationDateTime"] = time
    (message,) = messages(entry)
    assert mistakes_in(message) == []


@pytest.mark.parametrize("price", ["9" * 38, "1E-130", "9.9E+125", "-0.5", "1E+2"])
def test_every_number_is_a_decimal_string(price: str) -> None:
    """No exponent and no float, however big or small the number."""
    (message,) = messages(priced(price, "-1E+125"), one_rule("price_drop", 'at_least = "1%"'))
    assert mistakes_in(message) == []
    assert Decimal(message["data"]["baseline"]) == Decimal(price)


def test_a_record_that_does_not_say_its_stream_makes_a_valid_alert() -> None:
    """A missing ARN does not break the contract."""
    entry = added()
    del entry["eventSourceARN"]
    (message,) = messages(entry)
    assert message["source"] == "unknown"
    assert mistakes_in(message) == []


# What the schemas refuse

EXAMPLES = {
    "product.added": added(name="a"),
    "product.removed": removed(name="a"),
    "product.changed": modified({"name": "a"}, {"name": "b"}),
    "product.price_dropped": priced(2, 1),
    "product.price_raised": priced(1, 2),
    "product.out_of_stock": stocked(1, 0),
    "product.back_in_stock": stocked(0, 1),
    "product.low_stock": stocked(5, 4),
}


def example(alert_type: str) -> dict[str, Any]:
    """Make an alert of a type."""
    found = messages(EXAMPLES[alert_type], rules(EVERY_KIND))
    return next(message for message in found if message["type"] == alert_type)


def test_the_examples_are_of_every_type() -> None:
    """No type goes untested below."""
    assert sorted(EXAMPLES) == sorted(TYPES.values())
    assert [alert_type for alert_type in EXAMPLES if mistakes_in(example(alert_type))] == []


@pytest.mark.parametrize("alert_type", EXAMPLES)
def test_every_required_field_is_missed(alert_type: str) -> None:
    """An alert needs every one of its fields but `time`, and what first sight lacks."""
    whole = example(alert_type)
    optional = {"baseline"} if alert_type in {"product.out_of_stock", "product.low_stock"} else set()
    for name in set(whole) - {"time", "type"}:
        less = {key: value for key, value in whole.items() if key != name}
        assert mistakes_in(less), name
    for name in set(whole["data"]) - optional:
        less = {**whole, "data": {key: value for key, value in whole["data"].items() if key != name}}
        assert mistakes_in(less), name


@pytest.mark.parametrize("alert_type", EXAMPLES)
@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("extra", "x"),
        ("id", "not-a-uuid"),
        ("id", "6f0c7a52-8a0b-4b53-9a0e-3d0a9c1f2b47"),  # version 4
        ("time", "2026-11-21 09:02:00"),
        ("time", "2026-11-21T09:02:00+01:00"),
        ("source", "products"),
        ("subject", ""),
        ("specversion", "1.1"),
        ("datacontenttype", "text/plain"),
        ("data.extra", "x"),
        ("data.severity", "fatal"),
        ("data.title", "two\nlines"),
        ("data.sequenceNumber", 700),
        ("data.baseline", 5),
        ("data.baseline", "5E+1"),
        ("data.baseline", "NaN"),
        ("data.threshold", "ten"),
        ("data.eventName", "UPSERT"),
        ("data.product", {"price": 5}),
        ("data.product", {"offers": [{"price": 5.5}]}),
        ("data.product", {}),
        ("data.changes", [{"attribute": "a", "old": "x"}]),
        ("data.changes", [{"attribute": "a"}]),
        ("data.changes", [{"attribute": "a", "old": 1, "new": 2}]),
        ("data.changes", [{"attribute": "a", "old": "1", "new": "2", "by": "x"}]),
        ("data.shortened", []),
        ("data.shortened", ["title"]),
        ("data.link", ""),
        ("data.heldBack", {"count": 0, "latest": {"title": "a", "sequenceNumber": "1"}}),
        ("data.heldBack", {"count": 1}),
        ("data.heldBack", {"count": 1, "latest": {"title": "a", "sequenceNumber": 1}}),
        ("data.heldBack", {"count": 1, "latest": {"title": "a", "sequenceNumber": "1", "time": "yesterday"}}),
        ("data.summary", {"limit": 5}),
        ("data.summary", {"limit": 0, "until": "2026-11-21T10:00:00Z"}),
        ("data.summary", {"limit": 5, "until": ""}),
        ("data.rule", "x" * 101),
    ],
    ids=str,
)
def test_what_breaks_the_contract_is_refused(alert_type: str, place: str, value: Any) -> None:
    """Each fixed point of the contract is checked, and nothing may be added in passing."""
    broken = copy.deepcopy(example(alert_type))
    *where, name = place.split(".")
    (broken[where[0]] if where else broken)[name] = value
    assert mistakes_in(broken)


PRICES = {"product.price_dropped", "product.price_raised"}
COMPARED = PRICES | {"product.out_of_stock", "product.back_in_stock"}
"""Moves of a price or a stock, which carry the same: a baseline, and no threshold that must be there."""
PASSES_AS = {(one, other) for one in COMPARED for other in COMPARED} | {
    *(("product.low_stock", price) for price in PRICES),  # a threshold is allowed there
    *((kind, "product.out_of_stock") for kind in ("product.added", "product.changed")),  # as at first sight
    *((kind, kind) for kind in EXAMPLES),
}


@pytest.mark.parametrize(("alert_type", "other"), list(itertools.product(EXAMPLES, EXAMPLES)))
def test_an_alert_is_valid_for_its_own_type_and_those_of_its_form(alert_type: str, other: str) -> None:
    """The data of one type does not pass as another's, unless it has the same form."""
    assert (mistakes_in({**example(alert_type), "type": other}) == []) is ((alert_type, other) in PASSES_AS)


@pytest.mark.parametrize(
    ("entry", "kinds"),
    [
        (raw("INSERT", new={"price": {"N": "5"}}), {"product.added", "product.price_raised"}),
        (raw("INSERT", new={"stock": {"N": "0"}}), {"product.added", "product.out_of_stock", "product.low_stock"}),
        (modified({"stock": "?"}, {"stock": 0}), {"product.changed", "product.out_of_stock", "product.low_stock"}),
        (modified({}, {"price": 5}), {"product.changed", "product.price_raised"}),
    ],
    ids=["price", "stock", "stock that was missing", "price that was missing"],
)
def test_an_alert_at_first_sight_is_valid(entry: dict[str, Any], kinds: set[str]) -> None:
    """There is no baseline then, and of a new item no changes."""
    made = messages(entry)
    assert {message["type"] for message in made} == kinds
    assert [mistakes_in(message) for message in made] == [[]] * len(made)
    assert not any("baseline" in message["data"] for message in made)


def test_alerts_that_say_what_was_held_back_are_valid() -> None:
    """Cool-downs and hourly limits add their own fields."""
    limits = 'cooldown = "10m"\nmax_per_hour = 2'
    service = Service(one_rule("price_drop", limits))
    entries = [priced(90 - at, 89 - at, product, at) for at, product in enumerate("aaabcd")]
    for entry, minutes in zip(entries, [0, 1, 20, 21, 22, 23], strict=True):
        entry["dynamodb"]["ApproximateCreationDateTime"] += 60 * minutes
    service.handle(*entries)
    made = [json.loads(message.body) for message in service.topic.published]
    made.sort(key=lambda message: message["data"]["sequenceNumber"])
    assert [mistakes_in(message) for message in made] == [[]] * len(made)
    assert [message["data"].get("heldBack", {}).get("count") for message in made] == [None, 1, None]
    assert [message["data"].get("summary", {}).get("limit") for message in made] == [None, None, 2]


def test_a_removal_says_whether_the_item_expired() -> None:
    """`expired` is part of every removal, and of nothing else."""
    (message,) = messages(removed(expired=True))
    assert message["data"]["expired"] is True
    assert mistakes_in(message) == []
    assert mistakes_in({**message, "data": {**message["data"], "expired": "yes"}})


def test_keys_alone_make_a_valid_alert() -> None:
    """With KEYS_ONLY an insertion still tells which product it is."""
    (message,) = messages(raw("INSERT", view_type="KEYS_ONLY"), one_rule("added"))
    assert message["data"]["product"] == {"productId": "prod-1"}
    assert mistakes_in(message) == []


def test_a_sample_event_is_valid_by_the_common_schema() -> None:
    """The common schema alone validates an alert of any type."""
    common = Draft202012Validator(json.loads((SCHEMAS / COMMON).read_text(encoding="utf-8")))
    entry = event(*sample("price-drop.json")["Records"])["Records"][0]
    made = messages(entry)
    assert made
    for message in made:
        assert common.is_valid(message)
        assert not common.is_valid({**message, "more": 1})
