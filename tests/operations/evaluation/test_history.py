"""What edited rules would make of the alerts that went out: as much as these tell, and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifications.publishing.messages import to_message
from notifications.rules.ruleset import Ruleset
from operations.evaluation.history import PastDifference, judge_history
from tests.builders import STREAM, added, modified, removed, rules
from tests.rules.scenario import HOUR, MINUTE, Shop, rule
from tests.service import Service

KEYS = {"productId": "S"}
ANY = rule("price_drop", name="drop")
TENTH = rule("price_drop", 'at_least = "10%"', "drop")


def sent(current: Ruleset, *records: dict[str, Any]) -> list[str]:
    """Give the alerts that the function publishes."""
    service = Service(current)
    service.handle(*records)
    return [to_message(alert).body for alert in service.alerts]


def judged(tried: str, current: str, *records: dict[str, Any], keys: dict[str, str] | None = None) -> PastDifference:
    """Publish with the current rules, and judge what was published."""
    return judge_history(rules(tried), rules(current), sent(rules(current), *records), STREAM, keys or KEYS)


def titles(found: PastDifference) -> list[str]:
    """List what is gone."""
    return [alert.title for alert in found.gone]


def test_what_a_stricter_rule_would_not_send_is_gone() -> None:
    """And the rest is kept."""
    shop = Shop().put(price=100).put(price=99).put(after=60, price="79.2").put(after=HOUR, price=55)
    found = judged(TENTH, ANY, *shop.records)
    assert (found.alerts, found.kept, found.unknown) == (3, 2, 0)
    assert titles(found) == ["mug: 99, was 100"]


def test_a_rule_that_is_not_there_any_more_sends_nothing() -> None:
    """Other rules are not touched."""
    both = ANY + rule("out_of_stock", name="sold-out")
    shop = Shop().put(price=10, stock=3).put(after=MINUTE, price=8).put(after=MINUTE, stock=0)
    found = judged(ANY, both, *shop.records)
    assert (found.alerts, found.kept, found.unknown) == (2, 1, 0)
    assert [alert.rule for alert in found.gone] == ["sold-out"]


def test_a_where_is_judged_by_the_product_that_the_alert_holds() -> None:
    """Also by what did not change."""
    where = rule("price_drop", 'where = { category = "Home" }', "drop")
    shop = Shop().put(price=10, category="Home").put(after=MINUTE, price=8)
    shop.put("lamp", price=10, category="Garden").put("lamp", after=MINUTE, price=8)
    found = judged(where, ANY, *shop.records)
    assert (found.kept, titles(found)) == (1, ["lamp: 8, was 10"])


def test_new_and_removed_products_nested_values_and_all_types_are_put_together_again() -> None:
    """The same rules keep all that the service sends."""
    text = rule("added", name="new") + rule("removed", name="gone") + rule("changed", name="edit")
    item: dict[str, Any] = {"list": ["a", {"b": True}], "none": None, "text": "1e999", "deep": {"x": {"y": 1}}}
    records = (
        added("a", 1, **item),
        modified({**item, "price": 1}, {**item, "deep": {"x": {"y": 2}}, "price": 2}, "a", 2),
        removed("a", 3, **item),
    )
    found = judged(text, text, *records)
    assert (found.alerts, found.kept, found.unknown, titles(found)) == (3, 3, 0, [])


def test_nothing_is_said_of_an_alert_that_the_current_rules_do_not_raise_again() -> None:
    """Its record compared with what no alert tells: here with a price that only a record without an alert had."""
    last = rule("price_drop", 'at_least = "10%"\nbaseline = "last_alert"', "drop")
    shop = Shop().put(price=100).put(price=95).put(price=89)
    found = judged(rule("price_drop", 'at_least = "50%"\nbaseline = "last_alert"', "drop"), last, *shop.records)
    assert (found.alerts, found.kept, found.unknown, titles(found)) == (1, 0, 1, [])


def test_alerts_that_would_come_are_never_spoken_of() -> None:
    """A looser rule keeps all."""
    shop = Shop().put(price=100).put(price=99).put(after=60, price="79.2")
    found = judged(ANY, TENTH, *shop.records)
    assert (found.alerts, found.kept, found.unknown, titles(found)) == (1, 1, 0, [])


@pytest.mark.parametrize(
    "change",
    [
        {"data": []},
        {"data": {}},
        {"data": {"product": 7}},
        {"data": {"changes": "x"}},
        {"data": {"changes": [{"attribute": "price[99]", "old": "1"}]}},
        {"data": {"changes": [{"attribute": "..", "old": "1"}]}},
        {"data": {"eventName": ["MODIFY"]}},
        {"data": {"product": {"productId": "mug", "price": "9" * 500}}},
        {"data": {"sequenceNumber": None}},
        {"id": 7},
        {"time": "yesterday"},
    ],
    ids=str,
)
def test_an_alert_that_is_not_one_harms_no_other(change: dict[str, Any]) -> None:
    """Whoever wrote it."""
    shop = Shop().put(price=100).put(price=99).put("lamp", price=10).put("lamp", price=8)
    first, second = sent(rules(ANY), *shop.records)
    broken = json.loads(first)
    data = change.get("data")
    broken |= {**change, **({"data": {**broken["data"], **data}} if isinstance(data, dict) and data else {})}
    deep = '{"id": "x", "data": {"product": ' + '{"a":' * 3000 + "1" + "}" * 3000 + "}}"
    bodies = [json.dumps(broken), second, "", "[]", "{", "[" * 90_000, deep]
    found = judge_history(rules(TENTH), rules(ANY), bodies, STREAM, KEYS)
    assert "lamp: 8, was 10" not in titles(found)
    assert found.kept >= 1
