"""A replay decides as the live run did; records that were given up find their place."""

from __future__ import annotations

import random
from typing import Any

from operations.evaluation.verdicts import judge
from tests.builders import raw, rules
from tests.rules.scenario import HOUR, MINUTE, Shop, play, rule
from tests.service import DONE, Service, from_

RULES = (
    rule("price_drop", 'at_least = "5%"\nbaseline = "last_alert"\ncooldown = "30m"\nmax_per_hour = 3', "drop")
    + rule("price_rise", 'all_time_high = true\ncooldown = "10m"', "high")
    + rule("price_drop", 'below = "50"\nrearm = "60"\nfirst_sight = true', "target")
    + rule("low_stock", "threshold = 5\nrearm = 8", "low")
    + rule("changed", 'attributes = ["name"]\nmax_per_hour = 1', "renamed")
    + rule("removed", "expired = false", "gone")
)


def _busy_night(seed: int) -> Shop:
    """Three products that change at random for some hours; the same seed gives the same night."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    shop = Shop()
    now = 0.0
    for _ in range(120):
        now += draw.choice([0, 1, MINUTE, 20 * MINUTE])
        product = draw.choice(["mug", "lamp", "chair"])
        if product in shop.items and draw.random() < 0.05:
            shop.remove(product, now, expired=draw.random() < 0.5)
        else:
            change: dict[str, Any] = draw.choice(
                [{"price": draw.randint(40, 70)}, {"stock": draw.randint(0, 12)}, {"name": str(now)}]
            )
            shop.put(product, now, **change)
    return shop


def test_live_runs_of_any_batching_and_explain_agree() -> None:
    """One by one, in one batch, and judged by `explain`: the same alerts, each with the same content."""
    counts = [len(play(RULES, _busy_night(seed))) for seed in range(8)]
    assert min(counts) > 10


def test_a_replay_a_day_later_decides_the_same() -> None:
    """Nothing depends on the clock of the machine: the records bring their time along."""
    shop = _busy_night(1)
    live, replay = Service(rules(RULES)), Service(rules(RULES))
    for record in shop.records:
        live.handle(record)
    replay.handle(*shop.records)
    assert sorted(alert.id for alert in replay.alerts) == sorted(alert.id for alert in live.alerts)


def test_explain_counts_a_change_once_as_the_function_does() -> None:
    """A recording in which a batch stands twice fires nothing the second time, rules with and without memory."""
    shop = _busy_night(2)
    verdicts = list(judge(rules(RULES), [*shop.records, *shop.records]))
    again = verdicts[len(verdicts) // 2 :]
    assert [verdict for verdict in again if verdict.alerts] == []
    fired_once = [verdict for verdict in verdicts if verdict.fired]
    repeats = [verdict for verdict in again if verdict.reason == "this change was counted before"]
    told = {(verdict.sequence_number, verdict.rule.name) for verdict in repeats}
    assert {(verdict.sequence_number, verdict.rule.name) for verdict in fired_once} <= told


def test_a_given_up_record_is_judged_by_itself_and_changes_no_memory() -> None:
    """It comes back behind later ones: it alerts, and the cool-down and baselines stay as the later ones left them."""
    shop = Shop().put(price=100).put(price=80).put(after=HOUR, price=60)
    service = Service(rules(rule("price_drop", 'cooldown = "30m"\nbaseline = "last_alert"')))
    service.handle(shop.records[0], shop.records[2])
    before = dict(service.ledger.memories)
    assert service.handle(shop.records[1], redrive=True) == DONE
    assert service.titles == ["mug: 60, was 80", "mug: 80, was 100"]
    assert service.ledger.memories == before
    service.handle(shop.records[1], redrive=True)
    assert len(service.alerts) == 2


def test_a_given_up_record_that_was_alerted_is_not_alerted_again() -> None:
    """The ledger knows it by its id."""
    shop = Shop().prices(100, 80)
    service = Service(rules(rule("price_drop", 'cooldown = "30m"')))
    service.handle(*shop.records)
    service.handle(*shop.records, redrive=True)
    assert len(service.alerts) == 1


def test_a_given_up_record_that_fails_again_is_handed_back_and_not_parked_anew() -> None:
    """It is in the failures queue already."""
    service = Service(rules(rule("added")))
    assert service.handle(raw("UPSERT", at=1), redrive=True) == from_(1)
    assert service.parked == []
