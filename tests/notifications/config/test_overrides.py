"""Exceptions that a product carries itself."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.config.rule_keys import OVERRIDABLE_KEYS
from notifications.rules.rule import Rule
from tests.builders import added, change_of, raw, removed, rules

LOADED = rules(
    """
[product]
overrides = "alerts"

[defaults]
cooldown = "1h"

[[rules]]
name = "drop"
when = "price_drop"
at_least = "10%"
below = 20

[[rules]]
name = "low"
when = "low_stock"
threshold = 5
"""
)
DROP, LOW = LOADED.rules


def rule_in(entry: Any, rule: Rule = DROP) -> Rule | None:
    """Give a rule as it holds for the product of a stream record."""
    assert LOADED.rule_for
    return LOADED.rule_for(rule, change_of(entry))


def rule_for(rule: Rule, alerts: Any) -> Rule | None:
    """Give a rule as it holds for a product with these exceptions."""
    return rule_in(added(alerts=alerts), rule)


def test_without_exceptions_the_rule_is_the_files() -> None:
    """The very same object: nothing is compiled for products that ask for nothing."""
    assert rule_for(DROP, {}) is DROP
    assert rule_for(DROP, {"low": "mute"}) is DROP
    assert rule_in(added()) is DROP


def test_mute_silences_one_rule() -> None:
    """And no other."""
    assert rule_for(DROP, {"drop": "mute"}) is None
    assert rule_for(LOW, {"drop": "mute"}) is LOW


def test_an_exception_changes_what_it_names_and_nothing_else() -> None:
    """The rule's own keys and the defaults stay."""
    changed = rule_for(DROP, {"drop": {"at_least": "5%", "severity": "critical"}})
    assert changed
    assert (str(changed.condition.at_least), changed.condition.target) == ("5%", 20)  # type: ignore[attr-defined]
    assert (changed.severity, changed.cooldown, changed.name) == ("critical", 3600, "drop")


def test_numbers_may_be_numbers_in_the_item() -> None:
    """An N is as good as a text."""
    changed = rule_for(LOW, {"low": {"threshold": 9}})
    assert changed
    assert changed.condition.threshold == 9  # type: ignore[attr-defined]


def test_an_exception_is_compiled_once() -> None:
    """A thousand records of a product do not compile a thousand rules."""
    assert rule_for(DROP, {"drop": {"below": "7"}}) is rule_for(DROP, {"drop": {"below": "7"}})


def test_of_a_removed_product_the_old_item_counts() -> None:
    """Muted products stay muted when they go."""
    assert rule_in(removed(alerts={"drop": "mute"})) is None


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ("mute", "expected a map of rule names"),
        (["drop"], "expected a map of rule names"),
        ({"drop": "off"}, 'expected "mute" or a map of at_least'),
        ({"drop": 5}, 'expected "mute" or a map of at_least'),
        ({"drop": {"at_leest": "5%"}}, "did you mean at_least?"),
        ({"drop": {"title": "x"}}, "unknown key"),
        ({"drop": {"threshold": 5}}, "threshold"),
        ({"drop": {"at_least": "ten"}}, "expected a percentage"),
        ({"drop": {"at_least": None}}, "expected a percentage"),
    ],
    ids=str,
)
def test_a_malformed_exception_leaves_the_rule_as_it_is(
    alerts: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what is wrong with it, and the product still alerts."""
    assert rule_for(DROP, alerts) is DROP
    assert 'a product has a malformed exception from rule "drop"' in caplog.text
    assert said in caplog.text


@pytest.mark.parametrize("value", [{"X": 1}, "bare", {"M": {"drop": {"X": 1}}}, {"M": []}], ids=str)
def test_a_malformed_value_leaves_the_rule_as_it_is(value: Any) -> None:
    """A malformed item is not an exception either."""
    entry = raw("INSERT", new={"alerts": value})
    assert rule_in(entry) is DROP


def test_what_an_alert_is_called_cannot_be_overridden() -> None:
    """An item changes numbers and severities, never names, kinds or texts."""
    assert not {"name", "when", "where", "title", "text", "attributes", "max_per_hour"} & set(OVERRIDABLE_KEYS)
