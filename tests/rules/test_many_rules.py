"""Two hundred rules in one file."""

from __future__ import annotations

from typing import Any

from tests.builders import rules
from tests.rules.scenario import Shop, rule
from tests.service import Service

ATTRIBUTES = [f"a{number}" for number in range(20)]
ONES: dict[str, Any] = dict.fromkeys(ATTRIBUTES, 1)
MANY = "".join(
    rule("changed", f'attributes = ["{ATTRIBUTES[number % 20]}"]\ncooldown = "1h"', f"rule-{number}")
    for number in range(200)
)


def test_of_two_hundred_rules_those_fire_that_the_change_concerns() -> None:
    """Ten rules watch a3; ten alerts in the order of the file."""
    shop = Shop().put(**ONES).put(a3=2)
    service = Service(rules(MANY))
    service.handle(*shop.records)
    assert [alert.rule for alert in service.alerts] == [f"rule-{number}" for number in range(3, 200, 20)]


def test_a_record_that_concerns_none_of_them_asks_the_ledger_nothing() -> None:
    """It is skipped before it is even decoded."""
    loaded = rules(MANY)
    shop = Shop().put(views=1, **ONES).put(views=2)
    service = Service(loaded)
    service.handle(*shop.records)
    assert loaded.prefilter.can_skip(shop.records[1])
    assert (service.ledger.calls, service.alerts) == (0, [])


def test_all_two_hundred_share_two_ledger_calls_a_batch() -> None:
    """One read and one write, however many rules fired: memories of one product are one item."""
    shop = Shop().put(**ONES).put(a0=2)
    service = Service(rules(MANY))
    service.handle(*shop.records)
    assert (len(service.alerts), service.ledger.calls) == (10, 2)
    assert len(service.memory("rule-0").sequence_number) > 1
