"""A products table, whatever its key: items are written by path, as `[product]` names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from functools import cached_property
from typing import Any

from notifications.common.errors import ProductAlertsError
from notifications.stream.attributes import Path

PrimaryKey = Mapping[str, Any]
"""Attribute name to typed value, `{"productId": {"S": "prod-123"}}`."""

MOST_DIGITS, MAGNITUDE = 38, 125
_ATTEMPTS = 5
_LONGEST_KEY = (2048, 1024)
"""Bytes of a partition key and of a sort key. Source: Amazon DynamoDB Developer Guide, "Quotas in DynamoDB"."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_EXACT = Context(prec=5000)


class ChangeError(ProductAlertsError):
    """A product cannot be changed as asked; the message says why, and what to do."""


class ChangedMeanwhileError(ChangeError):
    """A value is not what it was taken to be; nothing was written."""

    def __init__(self, found: Any) -> None:
        """`found` is the typed value that the table has; None for an absent one."""
        super().__init__("The value has changed meanwhile.")
        self.found = found


class ProductsTable:
    """A table, read and written through a boto3 client."""

    def __init__(self, dynamodb: Any, name: str) -> None:
        self.name = name
        self.dynamodb = dynamodb

    @cached_property
    def key_types(self) -> dict[str, str]:
        """The attributes of the key, the partition key first, and their types: S, N or B."""
        table = self.dynamodb.describe_table(TableName=self.name)["Table"]
        types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
        keys = sorted(table["KeySchema"], key=lambda each: each["KeyType"] != "HASH")
        return {each["AttributeName"]: types[each["AttributeName"]] for each in keys}

    def key(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the typed key for texts. Raises ChangeError for a text that no key of the table can be."""
        longest = dict(zip(self.key_types, _LONGEST_KEY, strict=False))
        return {name: _key_value(name, kind, values[name], longest[name]) for name, kind in self.key_types.items()}

    def set(self, key: PrimaryKey, values: Mapping[Path, Any]) -> None:
        """Set typed values in an item, made if it does not exist; what is not named stays. Raises ChangeError."""
        before = self.dynamodb.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item", {})
        tops: dict[str, Any] = {}
        for path, value in values.items():
            tops[path.top] = with_value(tops.get(path.top, before.get(path.top)), path.rest, value)
        self.dynamodb.update_item(
            TableName=self.name,
            Key=key,
            UpdateExpression="SET " + ", ".join(f"#{n} = :{n}" for n in range(len(tops))),
            ExpressionAttributeNames={f"#{n}": name for n, name in enumerate(tops)},
            ExpressionAttributeValues={f":{n}": value for n, value in enumerate(tops.values())},
        )

    def replace(self, key: PrimaryKey, path: Path, old: Any, new: Any) -> None:
        """Set a typed value where the item still has `old` (None: no value), and nothing else of the item.

        Raises ChangedMeanwhileError where it has another value, and ChangeError where there is no such item.
        """
        for _ in range(_ATTEMPTS):
            item = self.get(key)
            if item is None:
                raise ChangeError("The product is not in the table any more. Reload the page.")
            found = path.find(item)
            if not same_value(found, old):
                raise ChangedMeanwhileError(found)
            before = item.get(path.top)
            try:
                self.dynamodb.update_item(
                    TableName=self.name,
                    Key=key,
                    UpdateExpression="SET #top = :new",
                    # All of the attribute: what stands beside a nested value is written with it.
                    ConditionExpression="attribute_exists(#key) AND "
                    + ("attribute_not_exists(#top)" if before is None else "#top = :before"),
                    ExpressionAttributeNames={"#top": path.top, "#key": next(iter(key))},
                    ExpressionAttributeValues={
                        ":new": with_value(before, path.rest, new),
                        **({} if before is None else {":before": before}),
                    },
                )
            except self.dynamodb.exceptions.ConditionalCheckFailedException:
                continue  # by somebody who was quicker: what has changed is looked at
            return
        raise ChangeError("Others change this product all the time. Nothing was changed: try again.")

    def get(self, key: PrimaryKey) -> dict[str, Any] | None:
        """Read an item; None where it does not exist."""
        found: dict[str, Any] | None = self.dynamodb.get_item(TableName=self.name, Key=key, ConsistentRead=True).get(
            "Item"
        )
        return found

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """Yield all items, a page of a Scan at a time."""
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.name):
            yield page["Items"]

    def is_of(self, dynamodb: Any, name: str) -> bool:
        """Tell whether it is this table, read through this client."""
        return self.dynamodb is dynamodb and self.name == name


def table_name(outputs: Mapping[str, str]) -> str:
    """Return the name of the products table of a stack."""
    return outputs.get("ProductsTableName") or outputs["ProductsStreamArn"].partition(":table/")[2].partition("/")[0]


def item(key: PrimaryKey, values: Mapping[Path, Any]) -> dict[str, Any]:
    """Return a typed item; an attribute of the key keeps the key's value."""
    content: dict[str, Any] = {}
    for path, value in values.items():
        content[path.top] = with_value(content.get(path.top), path.rest, value)
    return {**content, **key}


def with_value(container: Any, rest: tuple[str | int, ...], value: Any) -> Any:
    """Return typed JSON with `value` at the path `rest`; maps and lists on the way are made. Raises ChangeError."""
    if not rest:
        return value
    part, *inner = rest
    if isinstance(part, str):
        content = dict(container["M"]) if container and "M" in container else {}
        content[part] = with_value(content.get(part), tuple(inner), value)
        return {"M": content}
    entries = list(container["L"]) if container and "L" in container else []
    if part > len(entries):
        raise ChangeError(
            f"The list has {len(entries)} entries, so [{part}] cannot be set; the next is [{len(entries)}]."
        )
    entries[part : part + 1] = [with_value(entries[part] if part < len(entries) else None, tuple(inner), value)]
    return {"L": entries}


def same_value(one: Any, other: Any) -> bool:
    """Compare typed values; numbers by what they are worth, as DynamoDB does."""
    if isinstance(one, dict) and isinstance(other, dict) and "N" in one and "N" in other:
        values = [number_or_text(str(each["N"])) for each in (one, other)]
        return values[0] == values[1]
    return bool(one == other)


def number_or_text(text: str) -> Decimal | str:
    """Read a number exactly, and anything else as a text. Raises ChangeError for a number that DynamoDB cannot hold."""
    if not _NUMBER.fullmatch(text):
        return text
    number = Decimal(text)
    digits = len(number.normalize(_EXACT).as_tuple().digits)
    if digits > MOST_DIGITS or (number and not -MAGNITUDE <= number.adjusted() <= MAGNITUDE):
        raise ChangeError(
            f"DynamoDB cannot store {text}: a number has at most {MOST_DIGITS} digits, "
            f"and an exponent from -{MAGNITUDE} to {MAGNITUDE}."
        )
    return number


def _key_value(name: str, kind: str, text: str, longest: int) -> dict[str, Any]:
    if not text:
        raise ChangeError(f"{name} is part of the table's key and must not be empty.")
    if len(text.encode(errors="replace")) > longest:
        raise ChangeError(f"{name} is part of the table's key and has {longest} bytes at the most.")
    if kind == "N":
        number = number_or_text(text)
        if isinstance(number, str):
            raise ChangeError(f"{name} is part of the table's key and a number; {text!r} is not a number.")
        return {"N": str(number)}
    return {"B": text.encode()} if kind == "B" else {kind: text}
