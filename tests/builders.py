"""Small makers of what the tests are about: typed values, images, stream records, rules, alerts, messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from notifications.alerts.alert import Alert
from notifications.alerts.composing import alert_id
from notifications.batch import RecordState
from notifications.config import rules_file
from notifications.publishing.messages import AlertMessage, to_message
from notifications.rules.memory import NOTHING
from notifications.rules.rule import Evaluation
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import Change, decode

settings.register_profile(
    "suite",
    derandomize=True,
    max_examples=100,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")

ROOT = Path(__file__).parent.parent
EVENTS = ROOT / "events"
STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/products/stream/2026-11-21T09:00:00.000"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/products"
CREATED_AT = 1795251720.0  # 2026-11-21T09:02:00Z
FIRST_SEQUENCE_NUMBER = 700000000000888747000

EVERY_KIND = """
[product]
id = "productId"
currency = { value = "USD" }

[[rules]]
name = "added"
when = "added"

[[rules]]
name = "removed"
when = "removed"

[[rules]]
name = "changed"
when = "changed"
attributes = ["name", "tags", "specs.color"]

[[rules]]
name = "drop"
when = "price_drop"

[[rules]]
name = "rise"
when = "price_rise"

[[rules]]
name = "out"
when = "out_of_stock"

[[rules]]
name = "back"
when = "back_in_stock"

[[rules]]
name = "low"
when = "low_stock"
threshold = 5
"""
"""A rule of each kind."""


def typed(value: Any) -> dict[str, Any]:
    """Write a plain value in DynamoDB's typed JSON: text an S, a number an N, a Python set an SS."""
    return next(write(value) for kind, write in _WRITERS if isinstance(value, kind))


_WRITERS: tuple[tuple[Any, Callable[[Any], dict[str, Any]]], ...] = (
    (str, lambda text: {"S": text}),
    (bool, lambda flag: {"BOOL": flag}),
    (int | Decimal, lambda number: {"N": str(number)}),
    (type(None), lambda _: {"NULL": True}),
    (set, lambda entries: {"SS": list(entries)}),
    (list, lambda entries: {"L": [typed(entry) for entry in entries]}),
    (dict, lambda entries: {"M": {name: typed(entry) for name, entry in entries.items()}}),
)


def image(**attributes: Any) -> dict[str, Any]:
    """Make an image of plain values."""
    return {name: typed(value) for name, value in attributes.items()}


def sequence_number(position: int) -> str:
    """Give the sequence number of a shard's record by its position."""
    return str(FIRST_SEQUENCE_NUMBER + position)


def raw(
    event_name: str = "MODIFY",
    *,
    product: str = "prod-1",
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    at: int = 1,
    keys: dict[str, Any] | None = None,
    view_type: str = "NEW_AND_OLD_IMAGES",
    expired: bool = False,
) -> dict[str, Any]:
    """Make an entry of `Records`; an image that is given gets the key, one that is None is not sent."""
    keys = keys or {"productId": {"S": product}}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": CREATED_AT,
        "Keys": keys,
        "SequenceNumber": sequence_number(at),
        "SizeBytes": 1,
        "StreamViewType": view_type,
    }
    if old is not None:
        change["OldImage"] = {**keys, **old}
    if new is not None:
        change["NewImage"] = {**keys, **new}
    entry: dict[str, Any] = {
        "eventID": f"{at:032x}",
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": change,
        "eventSourceARN": STREAM,
    }
    if expired:
        entry["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return entry


def added(product: str = "prod-1", at: int = 1, **attributes: Any) -> dict[str, Any]:
    """Make the record of a new item."""
    return raw("INSERT", product=product, new=image(**attributes), at=at)


def removed(product: str = "prod-1", at: int = 1, expired: bool = False, **attributes: Any) -> dict[str, Any]:
    """Make the record of an item that is gone."""
    return raw("REMOVE", product=product, old=image(**attributes), at=at, expired=expired)


def modified(
    old: dict[str, Any], new: dict[str, Any], product: str = "prod-1", at: int = 1, **more: Any
) -> dict[str, Any]:
    """Make the record of a change, from two maps of plain values."""
    return raw("MODIFY", product=product, old=image(**old), new=image(**new), at=at, **more)


def priced(old: Any, new: Any, product: str = "prod-1", at: int = 1) -> dict[str, Any]:
    """Make the record of a price that moved; prices are numbers, or typed values as they are."""
    return raw("MODIFY", product=product, old={"price": _number(old)}, new={"price": _number(new)}, at=at)


def stocked(old: Any, new: Any, product: str = "prod-1", at: int = 1) -> dict[str, Any]:
    """Make the record of a stock that moved."""
    return raw("MODIFY", product=product, old={"stock": _number(old)}, new={"stock": _number(new)}, at=at)


def _number(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"N": str(value)}


def fired(loaded: Ruleset, entry: dict[str, Any]) -> list[Evaluation]:
    """Give what the rules make of a record, those that fire, as if each saw its first change."""
    record = RecordState(0, entry)
    record.read(loaded)
    for evaluation in record.evaluations:
        evaluation.decide(NOTHING)
    return [evaluation for evaluation in record.evaluations if evaluation.judgement.fired]


def change_of(entry: dict[str, Any]) -> Change:
    """Give the change that a record describes."""
    return decode(entry)


def rules(text: str = EVERY_KIND) -> Ruleset:
    """Read the rules in a TOML text."""
    return rules_file.parse(text)


def one_rule(when: str, more: str = "", product: str = "") -> Ruleset:
    """Read a file with one rule, named "r"."""
    return rules(f'[product]\n{product}\n[[rules]]\nname = "r"\nwhen = "{when}"\n{more}\n')


def event(*records: Any) -> dict[str, Any]:
    """Wrap records as Lambda sends them."""
    return {"Records": list(records)}


def sample(name: str) -> dict[str, Any]:
    """Read one of the sample events."""
    return dict(json.loads((EVENTS / name).read_text(encoding="utf-8")))


def alert(product: str = "prod-1", at: int = 1, rule: str = "r", title: str = "A title", **data: Any) -> Alert:
    """Make an alert; what is not given is as short as it can be."""
    attributes = data.pop("message_attributes", {})
    return Alert(
        id=alert_id(decode(raw("INSERT", product=product, at=at)), rule),
        type="product.added",
        source=TABLE,
        subject=product,
        time="2026-11-21T09:02:00Z",
        data={
            "rule": rule,
            "severity": "info",
            "title": title,
            "text": "A text.",
            "product": {},
            "changes": [],
            "eventName": "INSERT",
            "sequenceNumber": sequence_number(at),
            **data,
        },
        message_attributes=attributes,
        sequence_number=sequence_number(at),
    )


def message(product: str = "prod-1", at: int = 1, rule: str = "r", **more: Any) -> AlertMessage:
    """Make an alert's message."""
    return to_message(alert(product, at, rule, **more))


def values() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a typed value: few distinct contents, so that equal ones meet."""
    words = st.sampled_from(["", "a", "b", "Ünï", "🙂"])
    leaves = st.one_of(
        words.map(lambda text: {"S": text}),
        st.sampled_from(["-1", "0", "1", "4", "5", "6", "4.99", "1E-130"]).map(lambda text: {"N": text}),
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.just({"NULL": True}),
        st.sampled_from(["", "Zm9v"]).map(lambda text: {"B": text}),
        st.permutations(["x", "y", "z"]).map(lambda entries: {"SS": list(entries)}),
        st.permutations(["1", "2"]).map(lambda entries: {"NS": list(entries)}),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=2).map(lambda entries: {"L": entries}),
            st.dictionaries(st.sampled_from(["color", "size"]), inner, max_size=2).map(lambda entries: {"M": entries}),
        ),
        max_leaves=4,
    )


def images() -> st.SearchStrategy[dict[str, Any]]:
    """Draw an item: the attributes that the rules of `EVERY_KIND` name, and one that none names."""
    return st.dictionaries(st.sampled_from(["name", "price", "stock", "tags", "specs", "views"]), values(), max_size=6)


def records() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a well-formed record of any event and view type."""
    return st.builds(
        _sent,
        st.sampled_from(["INSERT", "MODIFY", "MODIFY", "MODIFY", "REMOVE"]),
        images(),
        images(),
        st.sampled_from(["NEW_AND_OLD_IMAGES", "NEW_AND_OLD_IMAGES", "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"]),
        st.booleans(),
    )


def _sent(event_name: str, old: dict[str, Any], new: dict[str, Any], view_type: str, expired: bool) -> dict[str, Any]:
    sees_old = event_name != "INSERT" and view_type in {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}
    sees_new = event_name != "REMOVE" and view_type in {"NEW_AND_OLD_IMAGES", "NEW_IMAGE"}
    return raw(
        event_name,
        old=old if sees_old else None,
        new=new if sees_new else None,
        view_type=view_type,
        expired=expired and event_name == "REMOVE",
    )
