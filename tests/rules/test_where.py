"""`where` and `expired`: which items a rule is about."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.scenario import Shop, fired, play, reasons, rule

ITEM: dict[str, Any] = {
    "category": "Home",
    "stock": 5,
    "active": True,
    "sku": "EU-123",
    "specs": {"color": "red"},
    "offers": [{"seller": "ours"}],
}


@pytest.mark.parametrize(
    ("predicate", "met"),
    [
        ('category = "Home"', True),
        ('category = "home"', False),
        ('category = ["Electronics", "Home"]', True),
        ('category = ["Electronics", "Toys"]', False),
        ("stock = 5", True),
        ("stock = 5.0", True),
        ('stock = "5"', False),
        ("active = true", True),
        ("active = false", False),
        ('sku = { prefix = "EU-" }', True),
        ('sku = { prefix = "US-" }', False),
        ('sku = { suffix = "23" }', True),
        ("stock = { less_than = 5 }", False),
        ("stock = { less_than = 5.01 }", True),
        ("stock = { at_most = 5 }", True),
        ("stock = { more_than = 5 }", False),
        ("stock = { at_least = 5 }", True),
        ("stock = { more_than = 1, less_than = 9 }", True),
        ("stock = { more_than = 1, less_than = 3 }", False),
        ("sku = { less_than = 5 }", False),
        ("category = { exists = true }", True),
        ("brand = { exists = true }", False),
        ("brand = { exists = false }", True),
        ('category = { not = "Toys" }', True),
        ('category = { not = ["Home", "Toys"] }', False),
        ('brand = { not = "Acme" }', True),
        ("stock = { not = { less_than = 5 } }", True),
        ('sku = { not = { prefix = "EU-" } }', False),
        ('"specs.color" = "red"', True),
        ('"specs.color" = "blue"', False),
        ('"specs.size" = "red"', False),
        ('"offers[0].seller" = "ours"', True),
        ('"offers[1].seller" = { exists = true }', False),
        ('category = "Home", active = true', True),
        ('category = "Home", active = false', False),
    ],
)
def test_a_predicate_holds_or_not(predicate: str, met: bool) -> None:
    """Every test of `where`, met and unmet."""
    assert fired(rule("added", f"where = {{ {predicate} }}"), Shop().put(**ITEM)) == ([1] if met else [])


def test_where_looks_at_the_item_as_it_is_now() -> None:
    """The new image counts: a product that moves into the category with its drop fires."""
    text = rule("price_drop", 'where = { category = "Sale" }')
    shop = Shop().put(price=10, category="Home").put(price=9, category="Sale").put(price=8, category="Home")
    assert fired(text, shop) == [2]


def test_a_change_that_only_meets_the_predicate_fires_nothing() -> None:
    """`where` narrows a rule; by itself it is not a reason to alert."""
    assert fired(rule("price_drop", 'where = { category = "Sale" }'), Shop().put(price=9).put(category="Sale")) == []


def test_where_looks_at_a_removed_item_as_it_was() -> None:
    """There is no new image then: the old one counts."""
    text = rule("removed", 'where = { category = "Sale" }')
    shop = Shop().put("a", category="Sale").put("b", category="Home").remove("a").remove("b")
    assert fired(text, shop) == [3]


def test_the_reason_names_the_predicate_that_failed() -> None:
    """What the item has, and what the rule needs."""
    text = rule("added", 'where = { category = ["Sale", "Toys"], stock = { less_than = 3 } }')
    assert reasons(text, Shop().put(category="Home", stock=1)) == ['category is "Home", needs "Sale" or "Toys"']
    assert reasons(text, Shop().put(category="Sale", stock=7)) == ["stock is 7, needs less than 3"]
    assert reasons(text, Shop().put(stock=1)) == ['category is absent, needs "Sale" or "Toys"']


@pytest.mark.parametrize(
    ("more", "deleted", "expired"), [("", 1, 1), ("expired = false", 1, 0), ("expired = true", 0, 1)]
)
def test_expiries_can_be_left_out(more: str, deleted: int, expired: int) -> None:
    """`expired = false` is for deletions by people, true for those by the table's time to live; absent, for both."""
    text = rule("removed", more)
    assert len(fired(text, Shop().put(name="a").remove())) == deleted
    assert len(fired(text, Shop().put(name="a").remove(expired=True))) == expired


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("true", 'active is the text "true", needs true'),
        (False, "active is false, needs true"),
        (5, "active is the number 5, needs true"),
        (None, "active is absent, needs true"),
    ],
)
def test_a_reason_tells_texts_from_truth_values(found: object, reason: str) -> None:
    """A text stands in quotes; a truth value reads as the file writes it."""
    shop = Shop().put(price=10, active=found).put(price=8)
    assert reasons(rule("price_drop", "where = { active = true }"), shop)[1] == reason


EITHER = rule("price_drop", 'where = [{ category = "Home", stock = { more_than = 0 } }, { brand = "Acme" }]')


@pytest.mark.parametrize(
    ("item", "holds"),
    [
        ({"category": "Home", "stock": 1}, True),
        ({"brand": "Acme"}, True),
        ({"category": "Home", "stock": 0, "brand": "Acme"}, True),
        ({"category": "Home", "stock": 0}, False),
        ({"category": "Toys", "stock": 1}, False),
        ({}, False),
    ],
)
def test_of_a_list_of_tables_one_has_to_hold(item: dict[str, Any], holds: bool) -> None:
    """All of one table, whichever it is."""
    assert fired(EITHER, Shop().put(price=10, **item).put(price=8)) == ([2] if holds else [])


def test_the_reason_says_what_each_alternative_fails_by() -> None:
    """One reason a table, in their order."""
    shop = Shop().put(price=10, category="Home", stock=0).put(price=8)
    assert reasons(EITHER, shop)[1] == 'stock is 0, needs more than 0, and brand is absent, needs "Acme"'


def test_a_template_may_name_what_a_list_names() -> None:
    """Without `new.`, as with one table."""
    text = EITHER + 'title = "{brand}"\n'
    assert [alert.title for alert in play(text, Shop().put(price=10, brand="Acme").put(price=8))] == ["Acme"]


def test_a_default_may_be_a_list() -> None:
    """It reaches every rule."""
    text = "[defaults]\nwhere = [{ a = 1 }, { b = 1 }]\n" + rule("price_drop")
    assert fired(text, Shop().put(price=10, b=1).put(price=8).put(price=7, b=2)) == [2]
