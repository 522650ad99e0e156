"""Limits: so many alerts an hour, then one that says so."""

from __future__ import annotations

from tests.builders import rules
from tests.rules.scenario import HOUR, MINUTE, Shop, play, rule, verdicts
from tests.service import DONE, DOWN, Service

LIMIT = rule("added", "max_per_hour = 2")


def _new(count: int, every: float = MINUTE) -> Shop:
    shop = Shop()
    for number in range(count):
        shop.put(f"p{number}", number * every, price=1)
    return shop


def test_beyond_the_limit_one_summary_is_sent() -> None:
    """Two alerts, then one that says that there are more; then silence until the hour is over."""
    alerts = play(LIMIT, _new(6))
    assert [alert.title for alert in alerts] == [
        "New product: p0",
        "New product: p1",
        "r: 2 alerts this hour, more are held back",
    ]
    assert alerts[2].data["summary"] == {"limit": 2, "until": "2026-11-21T10:00:00Z"}
    assert alerts[2].data["text"] == (
        'Rule "r" has alerted 2 times since 2026-11-21T09:00:00Z. Further alerts of it are held back until '
        "2026-11-21T10:00:00Z. The first of them: New product: p2"
    )


def test_the_next_hour_of_the_clock_begins_anew() -> None:
    """At 10:00 two more may be sent, and another summary."""
    shop = _new(4)
    for number in range(4):
        shop.put(f"q{number}", 58 * MINUTE + number, price=1)  # 10:00:00 and after
    assert [alert.title for alert in play(LIMIT, shop)][3:] == [
        "New product: q0",
        "New product: q1",
        "r: 2 alerts this hour, more are held back",
    ]


def test_what_the_limit_holds_back_says_so() -> None:
    """`explain` shows which alerts were not sent, and that the summary went out in place of the first."""
    shop = _new(4)
    found = verdicts(LIMIT, shop)
    assert [verdict.fired for verdict in found] == [True, True, False, False]
    assert found[2].reason == "the item is new; the limit of this hour is reached"
    assert [len(verdict.alerts) for verdict in found] == [1, 1, 1, 0]


def test_the_limit_is_the_rules_own() -> None:
    """One rule at its limit does not silence another."""
    alerts = play(LIMIT + rule("added", "max_per_hour = 100", "other"), _new(4))
    assert [alert.rule for alert in alerts].count("other") == 4


def test_the_limit_counts_over_batches() -> None:
    """Each record in a batch of its own, by processes that know of each other through the ledger alone."""
    shop = _new(5)
    ledger = None
    titles = []
    for record in shop.records:
        service = Service(rules(LIMIT), ledger)
        service.handle(record)
        ledger = service.ledger
        titles += service.titles
    assert titles == ["New product: p0", "New product: p1", "r: 2 alerts this hour, more are held back"]


def test_a_repeated_batch_counts_once() -> None:
    """The same two products again use up nothing, and the summary is not sent again."""
    shop = _new(3)
    service = Service(rules(LIMIT))
    service.handle(*shop.records[:2])
    service.handle(*shop.records[:2])
    service.handle(*shop.records)
    service.handle(*shop.records)
    assert service.titles == ["New product: p0", "New product: p1", "r: 2 alerts this hour, more are held back"]


def test_a_record_that_stands_twice_in_a_batch_takes_one_place() -> None:
    """Named twice, DynamoDB would refuse it: the batch would come again until it is given up."""
    shop = _new(2)
    service = Service(rules(LIMIT))
    assert service.handle(shop.records[0], *shop.records) == DONE
    assert service.titles == ["New product: p0", "New product: p1"]


def test_a_rule_with_memory_tells_later_what_the_limit_held_back() -> None:
    """With a cool-down the rule knows its products, so the next alert names what nobody heard of."""
    text = rule("price_drop", 'max_per_hour = 1\ncooldown = "1m"')
    shop = Shop().prices(10, 9, product="mug", every=1).put("lamp", 5, price=10).put("lamp", 6, price=8)
    shop.put("lamp", 2 * HOUR, price=7)
    alerts = play(text, shop)
    assert alerts[-1].data["heldBack"]["latest"]["title"] == "lamp: 8, was 10"


def test_an_alert_that_is_not_out_keeps_its_place_in_the_hour() -> None:
    """It comes again, and finds its place; the hour has as many alerts as it may have."""
    service = Service(rules(LIMIT))
    service.topic.failure_of = lambda message: DOWN if message.alert.subject == "p0" else None
    service.handle(*_new(2).records)
    assert [len(count.admitted) for count in service.ledger.hourly_counts.values()] == [2]
    service.topic.failure_of = lambda _: None
    service.handle(*_new(3).records)
    assert service.titles == ["New product: p1", "New product: p0", "r: 2 alerts this hour, more are held back"]
