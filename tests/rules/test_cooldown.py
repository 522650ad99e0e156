"""Cool-downs: silence per product and rule, and what was held back is told."""

from __future__ import annotations

from tests.builders import rules
from tests.rules.scenario import DAY, HOUR, MINUTE, Shop, fired, play, reasons, rule
from tests.service import Service

DROP = rule("price_drop", 'at_least = "10%"\ncooldown = "1h"')


def test_within_the_cool_down_nothing_is_sent() -> None:
    """One alert an hour, however the price jumps; at exactly an hour it may speak again."""
    shop = Shop().put(price=100).put(price=80).put(after=HOUR - 1, price=60).put(after=HOUR, price=50)
    assert fired(DROP, shop) == [2, 4]


def test_the_reason_says_how_long_the_cool_down_lasts() -> None:
    """Whether a change would have fired or not, people see how much silence is left."""
    shop = Shop().put(price="24.99").put(price=20).put(after=19 * MINUTE, price="19.2").put(after=20 * MINUTE, price=15)
    assert reasons(DROP, shop)[2:] == [
        "dropped 4.0% from 20, needs 10%; 41 minutes of cool-down left",
        "dropped 21.9% from 19.2, needs 10%; 40 minutes of cool-down left",
    ]


def test_the_reason_of_a_rule_without_numbers_names_the_cool_down_too() -> None:
    """A `changed` rule that is held back says so, and not only that something changed."""
    text = rule("changed", 'attributes = ["name"]\ncooldown = "2d"')
    shop = Shop().put(name="a").put(name="b").put(after=DAY, name="c")
    assert fired(text, shop) == [2]
    assert reasons(text, shop)[2] == "name changed; 1 day of cool-down left"


def test_the_next_alert_counts_what_was_held_back() -> None:
    """Two changes were held back; the alert says how many, which was the latest, and when it was."""
    shop = Shop().put(price=100).put(price=80).put(after=MINUTE, price=60).put(after=2 * MINUTE, price=50)
    shop.put(after=2 * HOUR, price=40)
    first, second = play(DROP, shop)
    assert "heldBack" not in first.data
    assert second.data["heldBack"] == {
        "count": 2,
        "latest": {
            "title": "mug: 50, was 60",
            "sequenceNumber": shop.records[3]["dynamodb"]["SequenceNumber"],
            "time": "2026-11-21T09:04:00Z",
        },
    }
    assert second.data["text"].endswith("\n2 changes before this were held back, the latest: mug: 50, was 60")


def test_one_change_held_back_is_said_in_the_singular() -> None:
    """The text is a sentence, not a template that shows."""
    shop = Shop().put(price=100).put(price=80).put(after=MINUTE, price=60).put(after=2 * HOUR, price=40)
    assert play(DROP, shop)[1].data["text"].endswith("1 change before this was held back, the latest: mug: 60, was 80")


def test_a_change_that_would_not_have_fired_is_not_counted_as_held_back() -> None:
    """A drop of 1% during the cool-down was never an alert."""
    shop = Shop().put(price=100).put(price=80).put(after=MINUTE, price="79.2").put(after=2 * HOUR, price=40)
    assert "heldBack" not in play(DROP, shop)[1].data


def test_the_count_begins_anew_after_each_alert() -> None:
    """What one alert has told, the next does not repeat."""
    shop = Shop().put(price=100).put(price=80).put(after=MINUTE, price=60)
    shop.put(after=2 * HOUR, price=40).put(after=4 * HOUR, price=20)
    assert ["heldBack" in alert.data for alert in play(DROP, shop)] == [False, True, False]


def test_each_product_cools_down_by_itself() -> None:
    """Silence about the mug does not silence the lamp."""
    shop = Shop().prices(100, 80, product="mug").prices(100, 80, product="lamp")
    assert fired(DROP, shop) == [2, 4]


def test_each_rule_cools_down_by_itself() -> None:
    """The rule that fired is silent; the one that did not may speak."""
    text = DROP + rule("price_rise", 'cooldown = "1h"', "rise")
    shop = Shop().prices(100, 80, 100, 80)
    assert [alert.rule for alert in play(text, shop)] == ["r", "rise"]
    text = DROP + rule("price_drop", "", "always")
    made = [(alert.rule, alert.data["baseline"]) for alert in play(text, Shop().prices(9, 8, 7))]
    assert sorted(made) == [("always", "8"), ("always", "9"), ("r", "9")]


def test_the_clock_is_the_records_own() -> None:
    """A whole day that arrives in one second is judged by when its changes were made."""
    shop = Shop().prices(*range(100, 0, -10), every=HOUR)
    assert fired(rule("price_drop", 'cooldown = "2h"'), shop) == [2, 4, 6, 8, 10]


def test_a_cool_down_holds_across_batches() -> None:
    """The silence is remembered in the ledger, not in the process."""
    shop = Shop().put(price=100).put(price=80).put(after=MINUTE, price=60)
    before = Service(rules(DROP))
    before.handle(*shop.records[:2])
    after = Service(rules(DROP), before.ledger)
    after.handle(shop.records[2])
    assert (len(before.alerts), len(after.alerts)) == (1, 0)
    assert after.memory("r").held == 1
