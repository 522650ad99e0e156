"""What DynamoDB takes and its model does not say.

Sources: Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB", "Item sizes and formats" and "Reserved words";
Amazon DynamoDB API Reference, "BatchGetItem", "BatchWriteItem", "TransactWriteItems" and "AttributeValue".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from tests.builders import ROOT

MOST_ACTIONS = 100  # of a transaction
MOST_KEYS, MOST_WRITES = 100, 25  # of a batch, over all tables
LARGEST_ITEM = 400 * 1024
LARGEST_TRANSACTION = 4 * 1024**2
LARGEST_BATCH = 16 * 1024**2
LONGEST_EXPRESSION = 4 * 1024
LARGEST_SUBSTITUTES = 2 * 1024**2
LONGEST_NAME = 65_535
LONGEST_KEY = {"HASH": 2048, "RANGE": 1024}
DEEPEST = 32
_MOST_DIGITS = 38
_LARGEST, _SMALLEST = Decimal("9.9999999999999999999999999999999999999E+125"), Decimal("1E-130")
_LEDGER = yaml.safe_load((ROOT / "infrastructure" / "ledger-table.yml").read_text("utf-8"))["Resources"]["LedgerTable"]
LEDGER_KEY = {each["AttributeName"]: each["KeyType"] for each in _LEDGER["Properties"]["KeySchema"]}
_SETS = {"SS", "NS", "BS"}
_PLACEHOLDER = re.compile(r"[#:]\w+")
_WORD = re.compile(r"(?<![#:\w])[A-Za-z_]\w*")
_SYNTAX = {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN", "CONTAINS", "SIZE"}

Item = Mapping[str, Any]


def mistakes(operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Say what DynamoDB would refuse."""
    if operation == "BatchGetItem":
        asked = [(table, key) for table, part in params["RequestItems"].items() for key in part["Keys"]]
        yield from _too_many("keys", len(asked), MOST_KEYS)
        yield from _twice(asked)
        for _, key in asked:
            yield from _key_mistakes(key)
    elif operation == "BatchWriteItem":
        entries = [(table, entry) for table, part in params["RequestItems"].items() for entry in part]
        yield from _too_many("writes", len(entries), MOST_WRITES)
        yield from _writes((t, e.get("PutRequest", {}).get("Item"), e.get("DeleteRequest", {})) for t, e in entries)
        yield from _too_large(
            "a batch", (e["PutRequest"]["Item"] for _, e in entries if "PutRequest" in e), LARGEST_BATCH
        )
    elif operation == "TransactWriteItems":
        actions = [action for entry in params["TransactItems"] for action in entry.values()]
        yield from _too_many("actions", len(actions), MOST_ACTIONS)
        yield from _writes((action["TableName"], action.get("Item"), action) for action in actions)
        yield from _too_large(
            "a transaction", (action["Item"] for action in actions if "Item" in action), LARGEST_TRANSACTION
        )
        for action in actions:
            yield from _expression_mistakes(action)
    else:
        if "Item" in params:
            yield from _item_mistakes(params["Item"])
        yield from _key_mistakes(params.get("Key", {}))
        yield from _expression_mistakes(params)


def _writes(writes: Iterable[tuple[str, Item | None, Mapping[str, Any]]]) -> Iterator[str]:
    keys = []
    for table, item, action in writes:
        if item is not None:
            yield from _item_mistakes(item)
        key = action.get("Key") or {name: (item or {}).get(name) for name in LEDGER_KEY}
        if None in key.values():
            yield f"an item without its key, {' and '.join(LEDGER_KEY)}"
        yield from _key_mistakes(action.get("Key", {}))
        keys.append((table, key))
    yield from _twice(keys)


def _too_many(what: str, count: int, most: int) -> Iterator[str]:
    if not 1 <= count <= most:
        yield f"{count} {what}: expected 1 to {most}"


def _twice(keys: Iterable[tuple[str, Any]]) -> Iterator[str]:
    written = [json.dumps(key, sort_keys=True, default=repr) for key in keys]
    if len(set(written)) < len(written):
        yield "the same key twice"


def _too_large(what: str, items: Iterable[Item], most: int) -> Iterator[str]:
    size = sum(map(size_of, items))
    if size > most:
        yield f"{what} of {size} bytes: expected at most {most}"


def _item_mistakes(item: Item) -> Iterator[str]:
    yield from _too_large("an item", [item], LARGEST_ITEM)
    yield from _key_mistakes({name: item[name] for name in LEDGER_KEY if name in item})
    for name, value in item.items():
        if not 1 <= len(name.encode()) <= LONGEST_NAME:
            yield f"an attribute name of {len(name.encode())} bytes"
        yield from _value_mistakes(value)


def _key_mistakes(key: Item) -> Iterator[str]:
    for name, value in key.items():
        ((kind, content),) = value.items()
        most = LONGEST_KEY[LEDGER_KEY.get(name, "HASH")]
        if kind not in {"S", "N", "B"} or not 1 <= len(_bytes(content)) <= most:
            yield f"the key {name} is {kind} of {len(_bytes(content))} bytes: expected S, N or B of 1 to {most}"
        yield from _value_mistakes(value)


def _value_mistakes(value: Any, depth: int = 1) -> Iterator[str]:
    if len(value) != 1:
        yield f"a value of {len(value)} types"
        return
    ((kind, content),) = value.items()
    if depth > DEEPEST:
        yield f"a value more than {DEEPEST} levels deep"
    if kind in {"N", "NS"}:
        yield from (f"{text[:50]!r} is not a number of DynamoDB" for text in _each(content) if not _is_number(text))
    if kind in _SETS and (not content or len(set(content)) < len(content)):
        yield f"{kind}: a set is not empty, and has nothing twice"
    if kind in {"L", "M"}:
        for inner in content.values() if kind == "M" else content:
            yield from _value_mistakes(inner, depth + 1)


def _is_number(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    fits = number.is_finite() and (number == 0 or _SMALLEST <= abs(number) <= _LARGEST)
    return fits and len(digits) <= _MOST_DIGITS and text.isascii() and "_" not in text


def _expression_mistakes(params: Mapping[str, Any]) -> Iterator[str]:
    written = {name: text for name, text in params.items() if name.endswith("Expression")}
    names, values = params.get("ExpressionAttributeNames", {}), params.get("ExpressionAttributeValues", {})
    for name, text in written.items():
        if not 1 <= len(text.encode()) <= LONGEST_EXPRESSION:
            yield f"{name} of {len(text.encode())} bytes"
        reserved = {word.upper() for word in _WORD.findall(text)} & _reserved_words()
        if reserved - _SYNTAX:
            yield f"{name} names {', '.join(sorted(reserved - _SYNTAX))}, which are reserved"
    used = {each for text in written.values() for each in _PLACEHOLDER.findall(text)}
    if used != {*names, *values}:
        yield f"placeholders {sorted(used)}, but {sorted({*names, *values})} are given"
    for value in values.values():
        yield from _value_mistakes(value)
    yield from _too_large("the values of an expression", [values], LARGEST_SUBSTITUTES)


@cache
def _reserved_words() -> set[str]:
    """Read moto's list, without what it takes to import moto."""
    moto = find_spec("moto")
    assert moto
    assert moto.origin
    return set((Path(moto.origin).parent / "dynamodb/parsing/reserved_keywords.txt").read_text("utf-8").split())


def size_of(item: Item) -> int:
    """Give the bytes that DynamoDB counts of an item."""
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: Any) -> int:
    return sum(_size_of_content(kind, content) for kind, content in value.items())


def _size_of_content(kind: str, content: Any) -> int:
    if kind in {"BOOL", "NULL"}:
        return 1
    if kind in {"N", "NS"}:
        return sum(min(len(text) // 2 + 2, 21) for text in _each(content))
    if kind == "L":
        return 3 + sum(1 + _size_of_value(inner) for inner in content)
    if kind == "M":
        return 3 + len(content) + size_of(content)
    return sum(len(_bytes(text)) for text in _each(content))


def _each(content: Any) -> list[Any]:
    return [content] if isinstance(content, str | bytes) else list(content)


def _bytes(content: Any) -> bytes:
    return content if isinstance(content, bytes) else str(content).encode()
