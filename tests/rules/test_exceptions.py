"""Defaults of the file, and exceptions that a product carries itself."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.common.errors import RulesError
from tests.builders import rules
from tests.rules.scenario import HOUR, MINUTE, Shop, fired, play, reasons, rule
from tests.service import Service

EXCEPTIONS = '[product]\noverrides = "alertRules"\n'
DROP = EXCEPTIONS + rule("price_drop", 'at_least = "10%"')


def test_a_default_holds_for_each_rule_that_has_a_use_for_it() -> None:
    """One `at_least` serves all price rules, and says nothing to a rule about stock."""
    text = '[defaults]\nat_least = "50%"\nseverity = "critical"\n'
    text += rule("price_drop") + rule("price_drop", 'at_least = "10%"', "own") + rule("out_of_stock", "", "out")
    shop = Shop().put(price=100, stock=1).put(price=80).put(stock=0)
    assert [(alert.rule, alert.severity) for alert in play(text, shop)] == [("own", "critical"), ("out", "critical")]


def test_a_default_for_targets_passes_over_rules_without_one() -> None:
    """`rearm` and `first_sight` mean nothing to a price rule without a target, and are not a mistake there."""
    text = "[defaults]\nrearm = 22\nfirst_sight = true\n"
    text += rule("price_drop") + rule("price_drop", "below = 20", "target")
    assert [alert.rule for alert in play(text, Shop().prices(15, 14))] == ["target", "r"]


def test_a_mistake_in_the_defaults_is_reported_once_where_it_stands() -> None:
    """It is one mistake, on its own line, however many rules there are."""
    text = '[defaults]\nat_least = "a lot"\ncooldown = "1h"\n' + "".join(
        rule("price_drop", "", f"r{n}") for n in range(9)
    )
    with pytest.raises(RulesError) as raised:
        rules(text)
    (problem,) = raised.value.problems
    assert (problem.line, problem.rule, problem.key) == (2, "", "at_least")


def test_a_default_that_contradicts_a_rule_is_shown_where_it_stands() -> None:
    """The rule is named, and the line is that of the default."""
    with pytest.raises(RulesError) as raised:
        rules("[defaults]\nrearm = 3\n" + rule("low_stock", "threshold = 5"))
    (problem,) = raised.value.problems
    assert (problem.line, problem.rule, problem.key) == (2, "r", "rearm")


def test_mistakes_come_in_the_order_of_the_file() -> None:
    """People go through the list from the top."""
    with pytest.raises(RulesError) as raised:
        rules(rule("added", "coooldown = 1") + "[product]\nnaem = 1\n[defaults]\nat_least = false\n")
    assert [problem.line for problem in raised.value.problems] == [4, 6, 8]


def test_a_product_may_ask_for_less() -> None:
    """`at_least` of 3% for this one product; the others keep 10%."""
    shop = Shop().put("rare", price=100, alertRules={"r": {"at_least": "3%"}}).put("rare", price=96)
    shop.put("plain", price=100).put("plain", price=96)
    assert fired(DROP, shop) == [2]


def test_a_product_may_mute_a_rule() -> None:
    """Nothing is sent, and the reason says that it is the product's wish."""
    shop = Shop().put(price=100, alertRules={"r": "mute"}).put(price=50)
    assert fired(DROP, shop) == []
    assert reasons(DROP, shop)[1] == "muted for this product"


def test_unmuted_a_rule_speaks_again() -> None:
    """The exception holds as long as the item carries it."""
    shop = Shop().put(price=100, alertRules={"r": "mute"}).put(price=50).put(price=25, alertRules=None)
    assert fired(DROP, shop) == [3]


def test_an_exception_counts_from_the_change_that_brings_it() -> None:
    """The new image decides: the write that mutes is muted already."""
    shop = Shop().put(price=100).put(price=50, alertRules={"r": "mute"})
    assert fired(DROP, shop) == []


def test_numbers_in_an_exception_may_be_numbers() -> None:
    """DynamoDB's N does as well as a text."""
    text = EXCEPTIONS + rule("low_stock", "threshold = 5")
    shop = Shop().put(stock=30, alertRules={"r": {"threshold": 20}}).put(stock=19)
    assert fired(text, shop) == [2]


def test_an_exception_may_change_severity_and_cool_down() -> None:
    """A rule with an exception is the rule in all but what the exception says."""
    shop = Shop().put(price=100, alertRules={"r": {"severity": "critical", "cooldown": "1h"}})
    shop.put(price=80).put(after=MINUTE, price=60).put(after=HOUR, price=50)
    alerts = play(DROP, shop)
    assert [alert.severity for alert in alerts] == ["critical", "critical"]
    assert alerts[1].data["heldBack"]["count"] == 1


def test_what_an_exception_remembers_goes_with_the_product() -> None:
    """A cool-down that only the product asked for ends with the product, as any other memory does."""
    shop = Shop().put(price=100, alertRules={"r": {"cooldown": "1d"}}).put(price=80).remove(after=MINUTE)
    shop.put(after=2 * MINUTE, price=100, alertRules={"r": {"cooldown": "1d"}}).put(after=3 * MINUTE, price=80)
    assert fired(DROP, shop) == [2, 5]


@pytest.mark.parametrize(
    ("exception", "said"),
    [
        ("loud", 'expected "mute" or a map'),
        ({"at_least": "a lot"}, "at_least"),
        ({"at_leest": "5%"}, "did you mean at_least?"),
        ({"when": "added"}, "when: unknown key"),
        ({"threshold": 5}, "threshold"),
        (["mute"], 'expected "mute" or a map'),
        (5, 'expected "mute" or a map'),
        (None, 'expected "mute" or a map'),
        ({}, None),
    ],
    ids=str,
)
def test_a_malformed_exception_is_reported_and_the_default_holds(
    exception: Any, said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """The rule fires as the file has it, and the log says once what is wrong with the exception."""
    shop = Shop().put(price=100, alertRules={"r": exception}).put(price=90).put(price=80)
    service = Service(rules(DROP))
    service.handle(*shop.records)
    assert len(service.alerts) == 2
    told = [record.getMessage() for record in caplog.records if "exception" in record.getMessage()]
    assert [said in line and '"r"' in line for line in told if said] == ([True] if said else [])
    assert len(told) == (1 if said else 0)


def test_exceptions_that_are_not_a_map_are_reported_too(caplog: pytest.LogCaptureFixture) -> None:
    """A text where the map should be changes nothing but the log."""
    service = Service(rules(DROP))
    service.handle(*Shop().put(price=100, alertRules="mute").put(price=50).put(price=25).records)
    assert len(service.alerts) == 2
    assert caplog.text.count("expected a map of rule names") == 1


def test_an_exception_for_a_rule_that_does_not_exist_is_passed_over() -> None:
    """Rules come and go; items keep what they carry."""
    assert fired(DROP, Shop().put(price=100, alertRules={"gone": {"at_least": "1%"}}).put(price=95).put(price=50)) == [
        3
    ]
