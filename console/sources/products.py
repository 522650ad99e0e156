"""The products of the table, as the Products page lists them: read in the background, searched in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from console.aws.stage import Stage
from console.sources.product_rows import ProductRow, kept_text, key_texts, row_of
from notifications.delivery.rendering.safe_text import clean
from notifications.rules.product import Product
from notifications.stream.attributes import Path
from operations.products.products_table import (
    ChangedMeanwhileError,
    ChangeError,
    ProductsTable,
    number_or_text,
    table_name,
)

MOST_PRODUCTS = 20_000
_FRESH_SECONDS = {True: 10.0, False: 120.0}
"""How old a list may be before it is read anew, on the laptop and on AWS."""
_TYPES = {
    "SS": "a set of texts", "NS": "a set of numbers", "BS": "a set of binary values", "M": "a map", "L": "a list",
    "B": "a binary value", "BOOL": "a yes or no", "NULL": "NULL",
}  # fmt: skip


class Found(NamedTuple):
    """What was found of the products."""

    rows: list[ProductRow]
    """Some of them."""
    total: int
    reading: bool
    """Whether the table is being read for the first time, so that there may be more."""


class Products:
    """The products table of a stage."""

    def __init__(self, stage: Stage) -> None:
        """List the table of `stage`."""
        self._stage = stage
        self._lock = threading.Lock()
        self._items: dict[tuple[str, ...], dict[str, Any]] = {}
        self._rows: dict[tuple[str, ...], tuple[dict[str, Any], Product, ProductRow]] = {}
        self._table: ProductsTable | None = None
        self._read_at = 0.0
        self._reading = False
        self.whole = False
        """Whether all products were read."""
        self.problem = ""
        """Why the last reading failed."""

    def table(self) -> ProductsTable:
        """Return the table. Raises ConfigurationError where there is no stage."""
        stack = self._stage.stack()
        client = stack.client("dynamodb")
        name = table_name(stack.outputs)
        with self._lock:
            if self._table is None or not self._table.is_of(client, name):
                self._table = ProductsTable(client, name)
                self._items.clear()
                self._read_at = 0.0
            return self._table

    def matching(self, text: str, product: Product, most: int, after: int = 0) -> Found:
        """Return some of the products whose id or name has the text, by id."""
        table = self.table()
        self.refresh()
        with self._lock:
            items = sorted(self._items.items(), key=lambda pair: pair[0])
            reading = not self._read_at and not self.problem
        wanted = text.casefold().strip()
        if not wanted:
            part = items[after : after + most]
            return Found([self._row(table, key, item, product) for key, item in part], len(items), reading)
        rows = [self._row(table, key, item, product) for key, item in items]
        found = [row for row in rows if wanted in row.search]
        return Found(found[after : after + most], len(found), reading)

    def read_one(self, key: tuple[str, ...]) -> dict[str, Any] | None:
        """Read one item from the table itself; None where it has none."""
        table = self.table()
        item = table.get(table.key(dict(zip(table.key_types, key, strict=True))))
        with self._lock:
            if item:
                self._items[key] = item
            else:
                self._items.pop(key, None)
        return item

    def set(self, key: tuple[str, ...], path: Path, kept: str, text: str) -> dict[str, Any]:
        """Write a number, or a text where there was one, if the table still has what `kept` says; return the item.

        Raises ChangeError for what DynamoDB cannot hold, and ChangedMeanwhileError where the table has another value.
        """
        table = self.table()
        typed_key = table.key(dict(zip(table.key_types, key, strict=True)))
        item = table.get(typed_key)
        old = path.find(item) if item else None
        if item and kept_text(old) != kept:
            raise ChangedMeanwhileError(old)
        new = _new_value(path, old, text)
        table.replace(typed_key, path, old, new)
        return self.read_one(key) or {}

    def take(self, image: Mapping[str, Any] | None, keys: Mapping[str, Any]) -> None:
        """Take what a record says of an item; None: it is gone."""
        table = self._table
        if table is None or not self._read_at:
            return
        key = key_texts(keys, table.key_types)
        with self._lock:
            if image is None:
                self._items.pop(key, None)
            elif key in self._items or len(self._items) < MOST_PRODUCTS:
                self._items[key] = dict(image)

    def refresh(self, *, wait: float = 0.15) -> None:
        """Read the table anew in the background if the list is old; a first reading is waited for, a moment."""
        with self._lock:
            fresh = time.monotonic() - self._read_at < _FRESH_SECONDS[self._stage.is_local]
            if self._reading or (self._read_at and fresh):
                return
            self._reading = True
            first = not self._read_at
        thread = threading.Thread(target=self._read, daemon=True)
        thread.start()
        if first:
            thread.join(wait)

    def _row(self, table: ProductsTable, key: tuple[str, ...], item: dict[str, Any], product: Product) -> ProductRow:
        """Make a row once: a search looks at all of them."""
        known = self._rows.get(key)
        if known is None or known[0] is not item or known[1] is not product:
            known = self._rows[key] = (item, product, row_of(item, table.key_types, product))
        return known[2]

    def _read(self) -> None:
        try:
            table = self.table()
            key_types = table.key_types
            items: dict[tuple[str, ...], dict[str, Any]] = {}
            whole = False
            for page in table.pages():
                for item in page:
                    items[key_texts(item, key_types)] = item
                if len(items) >= MOST_PRODUCTS:
                    break
                with self._lock:
                    if not self._read_at:
                        self._items.update(items)  # the first ones can be looked at already
            else:
                whole = True
            with self._lock:
                self._items = items
                self.whole = whole  # not earlier: the list before is shown meanwhile
                self._rows = {key: row for key, row in self._rows.items() if key in items}
                self._read_at = time.monotonic()
            self.problem = ""
        except Exception as error:  # noqa: BLE001 - in a thread: the page shows it
            self.problem = str(error)
        finally:
            self._reading = False


def _new_value(path: Path, old: Any, text: str) -> dict[str, str]:
    """Return the typed value to write in the place of an old one, of the same type. Raises ChangeError."""
    kind = next(iter(old), "") if isinstance(old, dict) else "N"
    if kind == "S":
        return {"S": text}
    if kind != "N":
        named = _TYPES.get(kind, kind)
        raise ChangeError(
            f"{path.text} is {named} in the table: only a number or a text is changed here. "
            "Change it where the item is written."
        )
    amount = number_or_text(text)
    if isinstance(amount, str):
        raise ChangeError(f"{path.text} takes a number, such as 19.99; got {clean(text, 40) or 'nothing'}.")
    return {"N": str(amount)}
