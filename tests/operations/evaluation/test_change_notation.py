"""A change that is written down becomes the record that was meant, or a message."""

from __future__ import annotations

import pytest

from notifications.common.errors import ConfigurationError
from notifications.rules.product import Product
from operations.evaluation.change_notation import parse, record_of


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9:00 price 5 → 4", "write the time with two digits, 09:00"),
        ("price = 5 → 4", "'price = 5 → 4' has an extra =: price 5 → 4"),
        ("price: 5 → 4", "'5 → 4' lacks the attribute's name in front of the arrow"),
        ("price 5 4", "'price 5 4' has 2 numbers and no arrow between them: price 5 → 4"),
        ("price 5 →", "has an arrow without a value on both sides"),
        ("price 5 → 4 → 3", "or more than one"),
        ("price 5 → 4 -> 3", "or more than one"),
        ("shop=berlin sku=7 price 5 → 4", "begins with a key that has no colon behind it"),
        ("", "'' names no attribute"),
        ("mug:", "'mug:' names no attribute"),
        ("09:00 ", "is not NAME VALUE"),
    ],
)
def test_nonsense_is_pointed_out(text: str, message: str) -> None:
    """What reads as something that nobody means is refused, with what to write."""
    with pytest.raises(ConfigurationError) as raised:
        parse(text)
    assert message in str(raised.value)
    assert "write it as 'category Home, price 10 → 8'" in str(raised.value)


def test_what_looks_odd_and_is_meant_passes() -> None:
    """Texts with digits, arrows in quotes, and a product whose id looks like a number."""
    assert parse("name 3 Mugs").new == {"name": {"S": "3 Mugs"}}
    assert parse("price 10 → 8, a=b 5").new == {"price": {"N": "8"}, "a=b": {"N": "5"}}
    assert parse('name "a → b"').new == {"name": {"S": "a → b"}}
    assert parse("mug: removed:").event_name == "REMOVE"
    assert parse("4711: price 5->4").product == "4711"


def test_a_composite_key_is_given_by_names() -> None:
    """Each attribute by its name; a number unless it is in quotes."""
    for sku, typed in (("7", {"N": "7"}), ('"7"', {"S": "7"})):
        record = record_of(f"09:00 shop=berlin sku={sku}: pricing.amount 3990 → 2990", 1, Product())["dynamodb"]
        key = {"shop": {"S": "berlin"}, "sku": typed}
        assert record["Keys"] == key
        assert record["OldImage"] == {**key, "pricing": {"M": {"amount": {"N": "3990"}}}}
        assert record["NewImage"] == {**key, "pricing": {"M": {"amount": {"N": "2990"}}}}
    assert record_of("shop=berlin sku=7: new: price 5", 1, Product())["eventName"] == "INSERT"
