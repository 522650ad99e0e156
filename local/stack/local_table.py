"""The products table in the local AWS: what samples and `npm run change` do to it, beside what an operator does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from notifications.stream.attributes import Path
from operations.products.products_table import PrimaryKey, ProductsTable, item


class LocalTable(ProductsTable):
    """A table whose products may be replaced and deleted."""

    def put(self, key: PrimaryKey, values: Mapping[Path, Any]) -> None:
        """Replace the item by one with these typed values."""
        self.dynamodb.put_item(TableName=self.name, Item=item(key, values))

    def put_all(self, products: Sequence[tuple[PrimaryKey, Mapping[Path, Any]]]) -> None:
        """Put up to 25 items in one call."""
        puts = [{"PutRequest": {"Item": item(key, values)}} for key, values in products]
        self.dynamodb.batch_write_item(RequestItems={self.name: puts})

    def delete(self, key: PrimaryKey) -> None:
        """Delete the item, if there is one."""
        self.dynamodb.delete_item(TableName=self.name, Key=key)
