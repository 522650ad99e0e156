"""What rules remember: over batches, repeats, failures, renamed rules and removed products."""

from __future__ import annotations

import pytest

from notifications.common.errors import ProductAlertsError, RefusedAlertError, ServiceError
from notifications.publishing.fakes import MemoryLedger
from notifications.publishing.messages import AlertMessage
from notifications.rules.memory import Memory
from tests.builders import (
    added,
    image,
    one_rule,
    priced,
    raw,
    removed,
    rules,
)
from tests.rules.scenario import HOUR, MINUTE, Shop, rule
from tests.service import DONE, DOWN, Service, from_

DROP = rule("price_drop", 'at_least = "10%"\nbaseline = "last_alert"\ncooldown = "1h"')
LOW = rule("low_stock", "threshold = 5\nrearm = 10", "low")


def _flapping() -> Shop:
    shop = Shop().put(price=100, stock=20).put(price=80).put(after=MINUTE, price=60).put(after=MINUTE, stock=4)
    return shop.put(after=2 * MINUTE, stock=6).put(after=2 * MINUTE, price=50).put(after=3 * MINUTE, stock=4)


def test_a_batch_that_comes_twice_counts_its_changes_once() -> None:
    """Alerts, the count of what was held back, arming and baselines are the same after the second delivery."""
    shop = _flapping()
    service = Service(rules(DROP + LOW))
    service.handle(*shop.records)
    once = dict(service.ledger.memories), len(service.alerts)
    service.handle(*shop.records)
    assert (service.ledger.memories, len(service.alerts)) == once
    assert service.memory("r").held == 2
    assert not service.memory("low").armed


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_batches_of_any_size_come_to_the_same(size: int) -> None:
    """How Lambda cuts the stream into batches is nobody's business."""
    shop = _flapping()
    whole, cut = Service(rules(DROP + LOW)), Service(rules(DROP + LOW))
    whole.handle(*shop.records)
    for start in range(0, len(shop.records), size):
        cut.handle(*shop.records[start : start + size])
    assert cut.ledger.memories == whole.ledger.memories
    assert sorted(cut.titles) == sorted(whole.titles)


def test_batches_that_overlap_count_each_change_once() -> None:
    """A batch handed back in part begins again with records that were counted."""
    shop = _flapping()
    whole, overlapping = Service(rules(DROP + LOW)), Service(rules(DROP + LOW))
    whole.handle(*shop.records)
    for start in range(len(shop.records)):
        overlapping.handle(*shop.records[max(start - 2, 0) : start + 2])
    assert overlapping.ledger.memories == whole.ledger.memories
    assert sorted(overlapping.titles) == sorted(whole.titles)


def test_a_record_that_stands_twice_in_one_batch_counts_once() -> None:
    """The stream does not do that; who replays recordings might."""
    shop = Shop().put(price=100).put(price=80).put(after=MINUTE, price=60)
    service = Service(rules(DROP))
    service.handle(*shop.records, *shop.records)
    assert (len(service.alerts), service.memory("r").held) == (1, 1)


def test_a_failed_alert_is_not_remembered_as_sent() -> None:
    """SNS fails, the batch comes again, the alert goes out then: no cool-down began with the failure."""
    shop = Shop().put(price=100).put(price=80).put(after=MINUTE, price=60)
    service = Service(rules(DROP))
    outage = True

    def failure_of(_: AlertMessage) -> ServiceError | None:
        return ServiceError("SNS is away") if outage else None

    service.topic.failure_of = failure_of
    assert service.handle(*shop.records) == from_(2)
    assert service.memory("r").alerted_at is None
    outage = False
    assert service.handle(*shop.records[1:]) == DONE
    assert service.titles == ["mug: 80, was 100"]
    assert service.memory("r").held == 1


def test_one_rule_failing_does_not_undo_what_another_product_learned() -> None:
    """The mug's alert fails; the lamp's went out, and its cool-down holds when the batch comes again."""
    shop = Shop().prices(100, 80, product="mug").prices(100, 80, product="lamp")
    service = Service(rules(DROP))
    service.topic.failure_of = lambda message: ServiceError("no") if message.alert.subject == "mug" else None
    assert service.handle(*shop.records) == from_(2)
    service.topic.failure_of = lambda _: None
    service.handle(*shop.records[1:])
    assert sorted(service.titles) == ["lamp: 80, was 100", "mug: 80, was 100"]


def test_memory_survives_a_redeploy_with_other_rules() -> None:
    """A rule that is renamed or removed takes only its own memory along; its neighbour's holds."""
    shop = Shop().put(price=100, stock=20).put(price=80, stock=4).put(after=MINUTE, price=60, stock=6)
    shop.put(after=2 * MINUTE, price=50, stock=4)
    before = Service(rules(DROP + LOW))
    before.handle(*shop.records[:2])
    after = Service(rules(rule("price_drop", 'cooldown = "1h"', "renamed") + LOW), before.ledger)
    after.handle(*shop.records[2:])
    assert [alert.rule for alert in after.alerts] == ["renamed"]  # low is still disarmed, the renamed one begins anew
    assert after.memory("r").alerted_at == before.memory("r").alerted_at  # kept, should the name come back


def test_a_rule_that_comes_back_knows_what_it_knew() -> None:
    """Taken out for a deployment and put back, its cool-down holds."""
    shop = Shop().put(price=100).put(price=80).put(after=MINUTE, price=70).put(after=2 * MINUTE, price=60)
    ledger = MemoryLedger()
    Service(rules(DROP), ledger).handle(*shop.records[:2])
    Service(rules(LOW), ledger).handle(shop.records[2])
    again = Service(rules(DROP), ledger)
    again.handle(shop.records[3])
    assert (again.titles, again.memory("r").held) == ([], 1)


def test_a_removed_product_is_forgotten() -> None:
    """Created again under its id it is a new product: no cool-down, no baseline, no record of it."""
    shop = Shop().put(price=100).put(price=80).remove(after=MINUTE)
    shop.put(after=2 * MINUTE, price=50).put(after=3 * MINUTE, price=40)
    service = Service(rules(DROP))
    service.handle(*shop.records[:3])
    removal = shop.records[2]
    stream = removal["eventSourceARN"].partition("/stream/")[2]
    assert service.memory("r") == Memory(sequence_number=removal["dynamodb"]["SequenceNumber"], stream=stream)
    service.handle(*shop.records[3:])
    assert service.titles == ["mug: 80, was 100", "mug: 40, was 50"]


def test_a_change_from_before_the_removal_is_not_counted_again() -> None:
    """Forgetting keeps the one thing that tells a repeat from a new change."""
    shop = Shop().put(price=100).put(price=80).remove(after=2 * HOUR)
    service = Service(rules(DROP))
    service.handle(*shop.records)
    service.handle(*shop.records)
    assert len(service.alerts) == 1


def test_a_record_that_cannot_fire_asks_the_ledger_nothing() -> None:
    """What changes no price and no stock costs no call, though every rule here has a memory."""
    shop = Shop().put(price=100, stock=20, views=1).put(views=2).put(views=3)
    service = Service(rules(DROP + LOW))
    service.handle(*shop.records)
    assert service.ledger.calls == 0


def test_rules_without_memory_write_none() -> None:
    """A plain alert leaves a plain entry."""
    service = Service(rules(rule("price_drop")))
    service.handle(*Shop().prices(10, 9).records)
    assert (len(service.alerts), service.ledger.memories) == (1, {})


def test_a_refused_alert_does_not_stop_the_memory() -> None:
    """An alert that nobody will ever take counts as told: the next one compares with the newer price."""
    error: list[ProductAlertsError | None] = [RefusedAlertError("no")]
    service = Service(one_rule("price_drop", "at_least = 10\nbaseline = 'last_alert'"))

    def refuse(_: AlertMessage) -> ProductAlertsError | None:
        return error[0]

    service.topic.failure_of = refuse
    first, second = priced(100, 80, at=1), priced(80, 75, at=2)
    assert service.handle(first) == DONE
    error[0] = None
    assert service.handle(second) == DONE
    assert service.alerts == []
    assert len(service.failures.parked) == 1


def test_a_poison_record_is_parked_though_a_later_change_of_its_product_was_alerted() -> None:
    """A record that is given up behind a failed one is not parked yet: nothing behind it may make it forgotten."""
    service = Service(one_rule("price_drop", 'cooldown = "1h"'))
    service.topic.failure_of = lambda message: DOWN if message.alert.subject == "a" else None
    bad = {"price": {"N": "8"}, "bad": {"X": "?"}}
    poison = raw("MODIFY", product="b", old=image(price=9), new=bad, at=2)
    batch = (priced(9, 8, "a", 1), poison, priced(8, 7, "b", 3))
    assert service.handle(*batch) == from_(1)
    assert service.failures.parked == []
    service.topic.failure_of = lambda _: None
    assert service.handle(*batch) == DONE
    assert service.parked == [poison]


def test_a_change_behind_a_failed_alert_alerts_though_its_product_was_removed_before() -> None:
    """What is written of a removed product says nothing of the changes that come again."""
    text = '[[rules]]\nname = "new"\nwhen = "added"\n[[rules]]\nname = "drop"\nwhen = "price_drop"\ncooldown = "1h"'
    service = Service(rules(text))
    service.topic.failure_of = lambda message: DOWN if message.alert.rule == "new" else None
    batch = (removed("p", 1), added("p", 2, price=9), priced(9, 8, "p", 3))
    assert service.handle(*batch) == from_(2)
    service.topic.failure_of = lambda _: None
    assert service.handle(*batch[1:]) == DONE
    assert service.titles == ["New product: p", "p: 8, was 9"]
