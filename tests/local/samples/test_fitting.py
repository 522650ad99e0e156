"""The samples raise alerts under the user's own rules, as far as one product can."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from local.samples.sample_product import SampleProduct
from local.samples.samples import samples
from notifications.stream.attributes import Path
from tests.local.samples.tables import FakeDynamoDb, sample_product

SHOP = """
[[rules]]
name = "berlin"
when = "price_drop"
at_least = "10.00"
where = { shop = ["berlin", "munich"], "pricing.currency" = "EUR", discontinued = false, grade = { at_least = 3 } }

[[rules]]
name = "low"
when = "low_stock"
threshold = 50

[[rules]]
name = "edited"
when = "changed"
attributes = ["pricing.amount", "info.colour"]
"""
SHAPE = 'price = "pricing.amount"\nprice_unit = "minor"\ncurrency = "pricing.currency"\nstock = "inventory.units"'


def _shop() -> tuple[FakeDynamoDb, SampleProduct]:
    dynamodb = FakeDynamoDb(shop="S", sku="N")
    return dynamodb, sample_product(dynamodb, SHAPE, SHOP)


def test_samples_have_what_where_asks_for() -> None:
    """The key, texts, truth values, numbers and the currency are those that the rules name."""
    dynamodb, product = _shop()
    product.put("prod-123", name="Mouse", price=product.prices()[0])
    item = dynamodb.only()
    assert (item["shop"], item["sku"]) == ({"S": "berlin"}, {"N": "123"})
    assert item["pricing"]["M"] == {"currency": {"S": "EUR"}, "amount": {"N": "2599"}}
    assert (item["discontinued"], item["grade"]) == ({"BOOL": False}, {"N": "3"})


def test_hints_have_the_currency_that_the_table_names() -> None:
    """Also where no rule asks for it: without it nobody could tell what the price is."""
    product = sample_product(FakeDynamoDb(shop="S", sku="N"), 'price_unit = "minor"\ncurrency = "pricing.currency"')
    assert "pricing.currency=USD" in product.hints("prod-456")[0]


def test_hints_pass_where() -> None:
    """What the screen says to type makes a product that the rules are about, in its own unit."""
    first, lower, _ = _shop()[1].hints("prod-456")
    assert first == (
        "shop=berlin sku=456 pricing.currency=EUR grade=3 "
        'name="Desk Lamp" pricing.amount=4990 inventory.units=7 '
        """--json '{"discontinued": false}'"""
    )  # fmt: skip
    assert lower == "shop=berlin sku=456 pricing.amount=3990"


@pytest.mark.parametrize(
    ("asked", "prices"),
    [
        ('at_least = "10%"', ("25.99", "19.99")),
        ('at_least = "40%"', ("25.99", "15.59")),
        ('at_least = "10.00"', ("25.99", "15.99")),
        ('below = "100"', ("125.00", "80.00")),
        ('below = "100"\nat_least = "60.00"', ("125.00", "65.00")),
        ('at_most = "5%"', ("25.99", "24.70")),
        ('at_least = "10%"\nbaseline = { attribute = "listPrice" }', ("25.99", "19.99")),
    ],
)
def test_the_price_drops_as_far_as_the_rule_asks(asked: str, prices: tuple[str, str]) -> None:
    """By a percentage, an amount, or across a target, from whatever it is compared with."""
    rule = f'[[rules]]\nname = "drop"\nwhen = "price_drop"\n{asked}\n'
    assert sample_product(FakeDynamoDb(id="S"), "", rule).prices() == tuple(map(Decimal, prices))


@pytest.mark.parametrize(("threshold", "stocks"), [(5, (12, 3)), (50, (100, 3)), (2, (12, 1)), (13, (26, 3))])
def test_stock_runs_low_across_the_threshold(threshold: int, stocks: tuple[int, int]) -> None:
    """It begins at the threshold or above it, ends below it, and something is left."""
    rule = f'[[rules]]\nname = "low"\nwhen = "low_stock"\nthreshold = {threshold}\nincludes_zero = false\n'
    assert sample_product(FakeDynamoDb(id="S"), "", rule).stocks() == tuple(map(Decimal, stocks))


def test_an_attribute_of_a_changed_rule_is_edited() -> None:
    """The samples have a change for `changed`; without such a rule there is nothing to edit."""
    _, product = _shop()
    assert product.edit("Mouse") == (Path.parse("info.colour"), {"S": "new"})
    named = '[[rules]]\nname = "e"\nwhen = "changed"\nattributes = ["name"]\nwhere = { name = { suffix = "Pro" } }\n'
    assert sample_product(FakeDynamoDb(id="S"), "", named).edit("Mouse") == (Path.parse("name"), {"S": "Mouse Pro"})
    assert sample_product(FakeDynamoDb(id="S")).edit("Mouse") is None
    kinds = [sample.kind for sample in _samples(product)]
    assert kinds.count("changed") == 1
    assert "changed" not in [sample.kind for sample in _samples(sample_product(FakeDynamoDb(id="S")))]


def _samples(product: SampleProduct) -> list[Any]:
    nothing: Any = None
    return samples(nothing, nothing, product)
