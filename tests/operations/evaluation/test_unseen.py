"""What the rules name is held against the records at hand."""

from __future__ import annotations

from typing import Any

from operations.evaluation.unseen import Unseen
from tests.builders import added, rules
from tests.rules.scenario import rule


def _warnings(text: str, *records: Any) -> list[str]:
    unseen = Unseen(rules(text))
    for _ in unseen.watch(records):
        pass
    return unseen.warnings


def test_another_type_than_where_asks_for_is_told() -> None:
    """Where no record has a value of the type; one that has it is enough, and so is an attribute that none has."""
    text = rule("added", 'where = { sku = "7", sold = { not = "true" }, tags = "new", size = { at_least = 5 } }')
    record = added(sku=7, sold=True, tags={"new"}, size=5)
    assert _warnings(text, record, record) == [
        'rule "r", where: sku is the number 7, needs the text "7"',
        'rule "r", where: sold is true, needs not the text "true"',
        'rule "r", where: tags is the set new, needs the text "new"; `where` does not look into it',
    ]
    assert _warnings(text, record, added(sku="8", sold="x", tags="y")) == []


def test_an_attribute_is_meant_by_one_path_only() -> None:
    """A nested name is compared whole, and by its last part; what was meant by one path is not meant by the next."""
    text = '[product]\nprice = "pricing.amount"\ncurrency = "pricing.currency"\nstock = "inventory.unit"\n'
    shown = _warnings(text + rule("price_drop"), added(price=5))
    assert shown[0].endswith("pricing.amount is not in the record; did you mean price?")
    assert shown[1].endswith("pricing.currency is not in the record")
    shown = _warnings(text + rule("low_stock", "threshold = 5"), added(inventory={"units": 5}, currency="EUR"))
    assert shown[0].endswith("inventory.unit is not in the record; did you mean inventory.units?")
    assert shown[1].endswith("pricing.currency is not in the record; did you mean currency?")


def test_a_composite_key_written_as_one_name_is_told() -> None:
    """What joins its attributes is the default of `id`."""
    (shown,) = _warnings('[product]\nid = "shop/sku"\n' + rule("added"), added(shop="berlin", sku=7))
    assert shown.endswith("shop/sku is not in the record; a composite key is joined by / without it: leave it out")


def test_minor_units_of_an_unknown_currency_are_told() -> None:
    """Nobody can tell how many digits they have; known ones pass, and so do other units."""
    text = '[product]\nprice_unit = "minor"\ncurrency = "currency"\n' + rule("price_drop", "", "a")
    known, unknown = added(price=2590, currency="eur"), added(price=2590, currency="€")
    assert _warnings(text, known) == []
    assert _warnings(text, known, unknown, added(price=2590)) == [
        (
            'price_unit = "minor": the currency of 2 prices in the records is not a code of three letters, and they '
            "are taken for hundredths"
        )
    ]
    assert _warnings(text.replace("minor", "cents"), unknown) == []


def test_amounts_far_from_every_price_are_told() -> None:
    """Rules are in whole units of the currency, whatever the table keeps; a drop by more than any price never comes."""
    text = '[product]\nprice_unit = "cents"\ncurrency = { value = "EUR" }\n'
    text += rule("price_drop", "at_least = 1000", "a") + rule("price_drop", "below = 2000", "b")
    text += rule("price_drop", "at_least = 0.1", "c") + rule("price_rise", "above = 0.5", "d")
    text += rule("price_drop", "at_least = 10", "e") + rule("price_drop", 'at_least = "10%"\nbelow = 20', "f")
    assert _warnings(text, added(price=4990), added(price=2990)) == [
        (
            'rule "a", at_least: 1000 is more than any price in the records, which go from 29.9 to 49.9; '
            "amounts are in whole units of the currency"
        ),
        (
            'rule "b", below: 2000 is far from the prices in the records, which go from 29.9 to 49.9; '
            "amounts are in whole units of the currency"
        ),
        (
            'rule "c", at_least: 0.1 is less than 1% of any price in the records, which go from 29.9 to 49.9; '
            'a percentage is written "10%"'
        ),
        (
            'rule "d", above: 0.5 is far from the prices in the records, which go from 29.9 to 49.9; '
            "amounts are in whole units of the currency"
        ),
    ]
    assert _warnings(text, added(price="?")) == []
