"""What the rules name is held against the records at hand."""

from typing import Any

from operations.evaluation.unseen import Unseen
from tests.builders import added, rules
from tests.rules.scenario import rule


def _warnings(text: str, *records: Any) -> list[str]:
    unseen = Unseen(rules(text))
    for _ in unseen.watch(records):
        pass
    return unseen.warnings


def test_18_12_another_type_than_where_asks_for_is_told() -> None:
    """Where no record has a value of the type; one that has it is enough, and so is an attribute that none has."""
    text = rule("added", 'where = { sku = "7", sold = { not = "true" }, tags = "new", size = { at_least = 5 } }')
    record = added(sku=7, sold=True, tags={"new"}, size=5)
    assert _warnings(text, record, record) == [
        'rule "r", where: sku is the number 7, needs the text "7"',
        'rule "r", where: sold is true, needs not the text "true"',
        'rule "r", where: tags is the set new, needs the text "new"; `where` does not look into it',
    ]
    assert _warnings(text, record, added(sku="8", sold="x", tags="y")) == []


def test_18_12_an_attribute_is_meant_by_one_path_only() -> None:
    """A nested name is compared whole, and by its last part; what was meant by one path is not meant by the next."""
    text = '[product]\nprice = "pricing.amount"\ncurrency = "pricing.currency"\nstock = "inventory.unit"\n'
    shown = _warnings(text + rule("price_drop"), added(price=5))
    assert shown[0].endswith("pricing.amount is not in the record; did you mean price?")
    assert shown[1].endswith("pricing.currency is not in the record")
    shown = _warnings(text + rule("low_stock", "threshold = 5"), added(inventory={"units": 5}, currency="EUR"))
    assert shown[0].endswith("inventory.unit is not in the record; did you mean inventory.units?")
    assert shown[1].endswith("pricing.currency is not in the record; did you mean currency?")
