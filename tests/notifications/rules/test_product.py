"""What an alert calls a product."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.common.errors import MalformedRecordError
from notifications.rules.product import Product
from tests.builders import added, change_of, one_rule, raw, removed


def product(text: str = "") -> Product:
    """Read a product table."""
    return one_rule("added", product=text).product


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"id": {"S": "prod-1"}}, "prod-1"),
        ({"Id": {"N": "101"}}, "101"),
        ({"Id": {"N": "1E+3"}}, "1000"),
        ({"id": {"B": "Zm9v"}}, "Zm9v"),
        ({"sk": {"S": "b"}, "pk": {"S": "a"}}, "a/b"),
        ({"pk": {"S": "a"}, "sk": {"N": "7"}}, "a/7"),
        ({"id": {"S": "ü/ 🙂"}}, "ü/ 🙂"),
    ],
)
def test_a_key_of_any_type_names_the_product(keys: dict[str, Any], text: str) -> None:
    """Text, numbers and binary; a composite key in the order of its attributes' names, whatever the record's order."""
    assert one_rule("added", product="").product_id(change_of(raw("INSERT", keys=keys))) == text


@pytest.mark.parametrize("value", ["bare", {"X": "a"}, {"S": 5}, {}, None])
def test_a_malformed_key_is_an_error(value: Any) -> None:
    """An alert without a product would be of no use."""
    with pytest.raises(MalformedRecordError):
        change_of(raw("INSERT", keys={"id": value})).key_text()


def test_the_id_is_the_attribute_that_the_file_names() -> None:
    """And the key where the item has no such attribute."""
    assert one_rule("added", product='id = "sku"').product_id(change_of(added(sku="S-5"))) == "S-5"
    assert one_rule("added", product='id = "sku"').product_id(change_of(added())) == "prod-1"
    assert one_rule("added", product='id = "sku"').product_id(change_of(removed(sku=7))) == "7"


def test_the_roles_are_those_that_are_attributes() -> None:
    """Of a fixed currency there is nothing to read in the item."""
    assert list(product('currency = { value = "USD" }').roles) == ["name", "price", "stock"]
    assert list(product('id = "a"\ncurrency = "b"').roles) == [
        "id",
        "name",
        "price",
        "stock",
        "currency",
    ]
