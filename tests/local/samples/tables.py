"""A table of any shape, that keeps its items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.samples.sample_product import SampleProduct
from local.stack.local_table import LocalTable
from tests.builders import rules


class FakeDynamoDb:
    """DynamoDB's client with one table; the key's attributes and their types, the partition key first."""

    def __init__(self, **key_types: str) -> None:
        self.key_types = key_types
        self.items: dict[str, dict[str, Any]] = {}

    def describe_table(self, **_: Any) -> dict[str, Any]:
        """Describe the table; the sort key may come first."""
        names = list(self.key_types)
        schema = [{"AttributeName": name, "KeyType": "RANGE" if names.index(name) else "HASH"} for name in names]
        attributes = [{"AttributeName": name, "AttributeType": kind} for name, kind in self.key_types.items()]
        return {"Table": {"KeySchema": schema[::-1], "AttributeDefinitions": attributes}}

    def get_item(self, *, Key: Mapping[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        """Get an item."""
        found = self.items.get(str(Key))
        return {"Item": found} if found else {}

    def put_item(self, *, Item: dict[str, Any], **_: Any) -> None:  # noqa: N803
        """Put an item."""
        self.items[str({name: Item[name] for name in self.key_types})] = Item

    def update_item(self, **call: Any) -> None:
        """Set the attributes that the call names."""
        key, names = call["Key"], call["ExpressionAttributeNames"]
        item = self.items.setdefault(str(key), dict(key))
        item |= {name: call["ExpressionAttributeValues"][f":{mark[1:]}"] for mark, name in names.items()}

    def delete_item(self, *, Key: Mapping[str, Any], **_: Any) -> None:  # noqa: N803
        """Delete an item."""
        self.items.pop(str(Key), None)

    def only(self) -> dict[str, Any]:
        """Give the only item."""
        (item,) = self.items.values()
        return item


def table(dynamodb: FakeDynamoDb) -> LocalTable:
    """Make the table."""
    return LocalTable(dynamodb, "a-table")


def sample_product(dynamodb: FakeDynamoDb, product: str = "", rules_text: str = "") -> SampleProduct:
    """Make a product of the shape that the text of `[product]` gives it, for one rule about new products and others."""
    text = f'[product]\n{product}\n[[rules]]\nname = "new"\nwhen = "added"\n{rules_text}'
    return SampleProduct(table(dynamodb), rules(text))
