"""Generated and mutated events, from the samples in `events/` on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

SAMPLES = tuple(
    path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "events").glob("*.json"))
)
CANARY = "canary"
FIRST_CANARY = 10**24

# What may stand where something else is expected: values of each attribute type, right and wrong, and no values at all.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**400, 1e308, "", "x", "\ud800", "\x00\x1f", "é\U0001f600", [], {}, [[]],
    {"": ""},
    {"S": ""}, {"S": "\udfff lone"}, {"S": "a" * 5000}, {"S": 1}, {"S": None}, {"N": "9" * 38}, {"N": "-1E-130"},
    {"N": "1E+125"}, {"N": "NaN"}, {"N": ""}, {"N": 5}, {"N": "1_0"}, {"N": "\u0663"}, {"B": "AAEC"}, {"B": ""},
    {"BOOL": True}, {"BOOL": "yes"}, {"NULL": True}, {"NULL": False}, {"SS": ["b", "a"]}, {"SS": []}, {"SS": "ab"},
    {"SS": [1, None]},
    {"NS": ["1", "2.50"]}, {"BS": ["AA==", "AQ=="]}, {"L": [{"S": "x"}, {"N": "1"}]}, {"L": {}},
    {"M": {"a": {"S": "b"}}},
    {"M": []}, {"S": "a", "N": "1"}, {"Q": "1"}, "INSERT", "MODIFY", "REMOVE", "12345678901234567890123",
)  # fmt: skip
NAMES = (
    "Records", "dynamodb", "Keys", "NewImage", "OldImage", "SequenceNumber", "eventName", "price", "stock", "name",
    "category", "tags", "alerts", "listPrice", "currency", "specs", "", "\ud800", "eventSourceARN", "live",
)  # fmt: skip


def nested(levels: int) -> dict[str, Any]:
    """Make a value as deep as DynamoDB allows (32), or deeper."""
    value: dict[str, Any] = {"S": "deep"}
    for level in range(levels):
        value = {"M": {"in": value}} if level % 2 else {"L": [value]}
    return value


def canary(number: int) -> dict[str, Any]:
    """Make a good record, a new product, that has to come through whatever is beside it."""
    key = {"id": {"S": f"{CANARY}-{number}"}}
    return {
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": key,
            "NewImage": {**key, "name": {"S": "a good one"}, "category": {"S": "Home"}, "stock": {"N": "9"}},
            "SequenceNumber": str(FIRST_CANARY + number),
            "ApproximateCreationDateTime": 1_700_000_000,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/products/stream/2026-01-01T00:00:00.000",
    }


def mutated(dice: random.Random) -> Any:
    """Take a sample and spoil it in a few places."""
    event = json.loads(dice.choice(SAMPLES))
    for _ in range(dice.choice((0, 1, 1, 2, 3, 6))):
        records = event.get("Records") if isinstance(event, dict) else None
        if isinstance(records, list) and records and dice.random() < 0.2:
            records.insert(dice.randrange(len(records) + 1), dice.choice(records))
        else:
            dice.choice(_MUTATIONS)(dice, *_place(dice, event))
    return event


def _place(dice: random.Random, event: Any) -> tuple[Any, Any]:
    """Choose a container and a key or an index in it, at any depth."""
    container: Any = {"Records": []}
    key: Any = "Records"
    found = event
    for _ in range(dice.choice((1, 2, 3, 4, 4, 5, 5, 6, 7))):
        if isinstance(found, dict) and found:
            container, key = found, dice.choice(list(found))
        elif isinstance(found, list) and found:
            container, key = found, dice.randrange(len(found))
        else:
            break
        found = container[key]
    return container, key


def _replace(dice: random.Random, container: Any, key: Any) -> None:
    container[key] = nested(dice.choice((5, 32, 40))) if dice.random() < 0.03 else _value(dice)


def _delete(_: random.Random, container: Any, key: Any) -> None:
    del container[key]


def _add(dice: random.Random, container: Any, _: Any) -> None:
    if isinstance(container, dict):
        container[dice.choice(NAMES)] = _value(dice)
    else:
        container.append(_value(dice))


def _value(dice: random.Random) -> Any:
    """Choose a value, a new one each time: what is in the event may be changed in place."""
    value = dice.choice(VALUES)
    return deepcopy(value) if isinstance(value, dict | list) else value


def _rename(dice: random.Random, container: Any, key: Any) -> None:
    if isinstance(container, dict):
        container[dice.choice(NAMES)] = container.pop(key)


_MUTATIONS: tuple[Callable[[random.Random, Any, Any], None], ...] = (_replace, _replace, _delete, _add, _rename)
