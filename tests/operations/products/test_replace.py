"""A value that is written only while it is what somebody has seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from notifications.stream.attributes import Path
from operations.products.products_table import ChangedMeanwhileError, ChangeError, ProductsTable
from tests.aws_in_memory import aws_in_memory, make_products

KEY = {"productId": {"S": "prod-1"}}
PRICE = Path.parse("offers[0].price")
OFFERS = {"L": [{"M": {"price": {"N": "10.0"}, "currency": {"S": "EUR"}}}, {"S": "other"}]}


@pytest.fixture
def table() -> Iterator[ProductsTable]:
    """Give a table with a product whose price is nested."""
    with aws_in_memory():
        client = make_products()
        client.put_item(TableName="products", Item={**KEY, "offers": OFFERS, "stock": {"N": "3"}})
        yield ProductsTable(client, "products")


def between(table: ProductsTable, monkeypatch: pytest.MonkeyPatch, *items: dict[str, Any]) -> None:
    """Have somebody write an item between each of the next reads and the write that follows."""
    left = list(items)
    plain = table.get

    def get(key: Any) -> Any:
        found = plain(key)
        if left:
            table.dynamodb.put_item(TableName="products", Item=left.pop(0))
        return found

    monkeypatch.setattr(table, "get", get)


def test_a_nested_value_is_set_and_all_beside_it_stays(table: ProductsTable) -> None:
    """By its path; 10 is 10.0."""
    table.replace(KEY, PRICE, {"N": "10"}, {"N": "8.50"})
    assert table.get(KEY) == {
        **KEY,
        "offers": {"L": [{"M": {"price": {"N": "8.50"}, "currency": {"S": "EUR"}}}, {"S": "other"}]},
        "stock": {"N": "3"},
    }


@pytest.mark.parametrize("old", [{"N": "9"}, {"S": "10"}, None], ids=str)
def test_another_value_is_left_alone(table: ProductsTable, old: Any) -> None:
    """The error has what is there."""
    with pytest.raises(ChangedMeanwhileError) as raised:
        table.replace(KEY, PRICE, old, {"N": "8"})
    assert raised.value.found == {"N": "10.0"}
    assert (table.get(KEY) or {})["offers"] == OFFERS


def test_what_changes_beside_the_value_at_the_same_moment_is_kept(
    table: ProductsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attribute is written whole, so what it has by then is looked at again."""
    offers = {"L": [{"M": {"price": {"N": "10"}, "currency": {"S": "USD"}}}]}
    between(table, monkeypatch, {**KEY, "offers": offers})
    table.replace(KEY, PRICE, {"N": "10"}, {"N": "8"})
    assert (table.get(KEY) or {})["offers"] == {"L": [{"M": {"price": {"N": "8"}, "currency": {"S": "USD"}}}]}


def test_the_value_itself_changed_at_the_same_moment_is_left_alone(
    table: ProductsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it came in between the look and the write."""
    between(table, monkeypatch, {**KEY, "offers": {"L": [{"M": {"price": {"N": "9"}}}]}})
    with pytest.raises(ChangedMeanwhileError):
        table.replace(KEY, PRICE, {"N": "10"}, {"N": "8"})


def test_an_absent_value_is_set(table: ProductsTable) -> None:
    """And one that is there by then is left alone."""
    table.replace(KEY, Path.parse("list"), None, {"N": "1"})
    with pytest.raises(ChangedMeanwhileError):
        table.replace(KEY, Path.parse("list"), None, {"N": "2"})


def test_an_item_that_is_gone_is_not_made_anew(table: ProductsTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when it goes between the look and the write."""
    plain = table.get

    def get(key: Any) -> Any:
        found = plain(key)
        table.dynamodb.delete_item(TableName="products", Key=KEY)
        return found

    monkeypatch.setattr(table, "get", get)
    for _ in range(2):
        with pytest.raises(ChangeError, match="not in the table any more"):
            table.replace(KEY, Path.parse("stock"), {"N": "3"}, {"N": "2"})
    assert plain(KEY) is None


def test_it_ends_where_others_change_the_item_all_the_time(
    table: ProductsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing written."""
    items = [
        {**KEY, "offers": {"L": [{"M": {"price": {"N": "10"}, "seen": {"N": str(number)}}}]}} for number in range(9)
    ]
    between(table, monkeypatch, *items)
    with pytest.raises(ChangeError, match="try again"):
        table.replace(KEY, PRICE, {"N": "10"}, {"N": "8"})
