"""Samples have the shape of the user's table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from notifications.stream.attributes import Path
from tests.builders import rules
from tests.local.samples.tables import FakeDynamoDb, sample_product

NESTED = 'name = "info.title"\nprice = "pricing.offers[0].amount"\nstock = "stock\\\\.count"\ncurrency = "pricing.unit"'
PRICE = Path.parse("pricing.offers[0].amount")


def test_nested_paths_are_written_as_maps_and_lists() -> None:
    """What `[product]` names by a path stands where that path finds it, and an update leaves its neighbours."""
    dynamodb = FakeDynamoDb(productId="S")
    product = sample_product(dynamodb, NESTED)

    product.put("prod-1", name="Mouse", price=Decimal("25.99"), stock=Decimal(12))
    product.set("prod-1", "price", Decimal("19.99"))

    item = dynamodb.only()
    assert item["pricing"] == {"M": {"unit": {"S": "USD"}, "offers": {"L": [{"M": {"amount": {"N": "19.99"}}}]}}}
    assert item["info"] == {"M": {"title": {"S": "Mouse"}}}
    assert item["stock.count"] == {"N": "12"}
    assert PRICE.find(item) == {"N": "19.99"}


def test_a_composite_key_and_other_names_are_filled() -> None:
    """Each attribute of the key has a value of its type, and the product's own id stands beside it."""
    dynamodb = FakeDynamoDb(shop="S", sku="N")
    product = sample_product(dynamodb, 'id = "article"')

    product.put("prod-123", name="Mouse")

    item = dynamodb.only()
    assert (item["shop"], item["sku"], item["article"]) == ({"S": "prod-123"}, {"N": "1"}, {"S": "prod-123"})
    assert "productId" not in item
    product.delete("prod-123")
    assert not dynamodb.items


def test_a_number_or_bytes_may_be_the_key() -> None:
    """A number key takes the id's digits; a record has bytes as base64 text."""
    assert sample_product(FakeDynamoDb(sku="N")).key("prod-123") == {"sku": {"N": "123"}}
    assert sample_product(FakeDynamoDb(sku="B")).key("prod") == {"sku": {"B": "cHJvZA=="}}


@pytest.mark.parametrize(
    ("more", "written", "read"),
    [
        ("", {"N": "25.99"}, "25.99"),
        ('price_unit = "cents"', {"N": "2599"}, "25.99"),
        ('price_unit = "minor"\ncurrency = { value = "EUR" }', {"N": "2599"}, "25.99"),
        ('price_unit = "minor"\ncurrency = { value = "JPY" }', {"N": "2599"}, "2599"),
        ('price_unit = "minor"\ncurrency = { value = "KWD" }', {"N": "25990"}, "25.99"),
        ('price_unit = "minor"\ncurrency = "unit"', {"N": "2599"}, "25.99"),
        ('price_unit = "cents"\nprice_type = "text"', {"S": "2599"}, "25.99"),
        ('price_type = "text"\nprice = "sale.price"', {"S": "25.99"}, "25.99"),
        ('currency = { value = "JPY" }', {"N": "2599"}, "2599"),
    ],
)
def test_prices_are_written_as_the_table_keeps_them(more: str, written: Any, read: str) -> None:
    """In its unit and type: the rules read the amount that is meant."""
    dynamodb = FakeDynamoDb(productId="S")
    product = sample_product(dynamodb, more)
    described = rules(f"[product]\n{more}\n[[rules]]\nname = 'r'\nwhen = 'added'\n").product
    product.put("prod-1", name="Mouse", price=product.price("25.99"))
    found = described.price.find(dynamodb.only())
    currency = described.currency if isinstance(described.currency, str) else "USD"
    assert found == written
    assert described.price_form.amount(found, currency) == Decimal(read)


def test_hints_have_the_tables_own_prices() -> None:
    """What the screen says to type is what this table takes."""
    cents = sample_product(FakeDynamoDb(productId="S"), 'price_unit = "cents"')
    assert [line.split("price=")[-1] for line in cents.hints("p")][:2] == ["4990 stock=7", "3990"]
    assert '"price":{"N":"4990"}' in cents.example("p")
    assert '"price":{"S":"49.90"}' in sample_product(FakeDynamoDb(productId="S"), 'price_type = "text"').example("p")


def test_hints_follow_the_shape_of_the_table() -> None:
    """What the screen says to type is what this table takes."""
    nested = sample_product(FakeDynamoDb(shop="S", sku="S"), NESTED)
    assert nested.hints("prod-456") == [
        'shop=prod-456 sku=1 pricing.unit=USD info.title="Desk Lamp" pricing.offers[0].amount=49.90 stock\\.count=7',
        "shop=prod-456 sku=1 pricing.offers[0].amount=39.90",
        "shop=prod-456 sku=1 --delete",
    ]
    assert sample_product(FakeDynamoDb(productId="S")).hints("prod-456") == [
        'prod-456 name="Desk Lamp" price=49.90 stock=7',
        "prod-456 price=39.90",
        "prod-456 --delete",
    ]
