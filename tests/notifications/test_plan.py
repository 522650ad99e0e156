"""Ruleset with a memory, over batches: however the stream cuts, repeats and retries, people hear the same."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.common.errors import ProductAlertsError, RefusedAlertError, ServiceError
from notifications.pipeline import Pipeline
from notifications.publishing.failures import Parked
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from notifications.publishing.ledger import BeforeCall, Entry, LedgerQuery, LedgerSnapshot, nothing
from notifications.publishing.messages import Message
from notifications.rules.ruleset import Ruleset
from tests.builders import (
    added,
    event,
    image,
    modified,
    one_rule,
    priced,
    raw,
    removed,
    rules,
    sequence_number,
    stocked,
)

DOWN = ServiceError("down")
NO_FAILURE = {"batchItemFailures": []}


class Service:
    """A pipeline over fakes."""

    def __init__(self, loaded: Ruleset, ledger: MemoryLedger | None = None) -> None:
        """Start with an empty ledger."""
        self.topic, self.ledger, self.failures = MemoryTopic(), ledger or MemoryLedger(), MemoryFailures()
        self.pipeline = Pipeline(loaded, self.topic, self.ledger, self.failures)

    def handle(self, *entries: Any, **more: Any) -> Any:
        """Process a batch."""
        return self.pipeline.handle({**event(*entries), **more})

    @property
    def told(self) -> list[tuple[str, str]]:
        """Product and title of what is out."""
        return [(message.alert.subject, message.alert.title) for message in self.topic.published]

    @property
    def data(self) -> list[dict[str, Any]]:
        """The data of what is out."""
        return [json.loads(message.body)["data"] for message in self.topic.published]


def at_minute(minute: float, entry: dict[str, Any]) -> dict[str, Any]:
    """Move a record in time: so many minutes after 09:00."""
    entry["dynamodb"]["ApproximateCreationDateTime"] = 1795251600.0 + 60 * minute
    return entry


def prices(*steps: float, product: str = "p", first: int = 1) -> list[dict[str, Any]]:
    """Make the records of a price that goes from step to step."""
    return [priced(old, new, product, first + at) for at, (old, new) in enumerate(itertools.pairwise(steps))]


def fired_at(when: str, more: str, *entries: dict[str, Any], product: str = "") -> list[str]:
    """Give the last digits of the sequence numbers that alert, each record in a batch of its own."""
    service = Service(one_rule(when, more, product))
    for entry in entries:
        assert service.handle(entry) == NO_FAILURE
    return [str(int(message.alert.sequence_number) - int(sequence_number(0))) for message in service.topic.published]


# Baselines


def test_small_drops_add_up_against_the_last_alert() -> None:
    """Ten drops of 2% fire once they add up to 10%, and the next ten count from there."""
    steps = [100.0]
    for _ in range(12):
        steps.append(round(steps[-1] * 0.98, 2))
    assert fired_at("price_drop", 'at_least = "10%"\nbaseline = "last_alert"', *prices(*steps)) == ["6", "12"]
    assert fired_at("price_drop", 'at_least = "10%"', *prices(*steps)) == []


def test_before_the_first_alert_the_baseline_is_the_first_price_seen() -> None:
    """What the rule saw first counts, not what came between."""
    more = 'at_least = "10%"\nbaseline = "last_alert"'
    assert fired_at("price_drop", more, *prices(100, 110, 95, 89)) == ["3"]


def test_back_at_the_last_alerted_price_is_no_move() -> None:
    """What was told is not told again until it is beaten."""
    assert fired_at("price_drop", 'baseline = "last_alert"', *prices(100, 90, 95, 90, 89)) == ["1", "4"]


def test_an_alert_carries_the_baseline_that_was_compared() -> None:
    """The last alerted price, not the previous one."""
    service = Service(one_rule("price_drop", 'at_least = 10\nbaseline = "last_alert"'))
    service.handle(*prices(100, 95, 90))
    assert service.data[0]["baseline"] == "100"


def test_another_attribute_can_be_the_baseline() -> None:
    """A price against its list price; without one the rule does not fire."""
    more = 'at_least = "20%"\nbaseline = { attribute = "listPrice" }'
    listed = [
        modified({"price": 90, "listPrice": 100}, {"price": 85, "listPrice": 100}, at=1),
        modified({"price": 85, "listPrice": 100}, {"price": 80, "listPrice": 100}, at=2),
        modified({"price": 80, "listPrice": 100}, {"price": 60}, at=3),
    ]
    assert fired_at("price_drop", more, *listed) == ["2"]


def test_a_change_of_currency_starts_anew() -> None:
    """Prices in two currencies are never compared, not even with the last alert's."""
    steps = [
        modified({"price": 100, "c": "USD"}, {"price": 80, "c": "USD"}, at=1),
        modified({"price": 80, "c": "USD"}, {"price": 70, "c": "EUR"}, at=2),
        modified({"price": 70, "c": "EUR"}, {"price": 65, "c": "EUR"}, at=3),
        modified({"price": 65, "c": "EUR"}, {"price": 60, "c": "EUR"}, at=4),
    ]
    assert fired_at("price_drop", 'at_least = 10\nbaseline = "last_alert"', *steps, product='currency = "c"') == [
        "1",
        "4",
    ]


# Records, targets, arming


def test_an_all_time_low_is_the_lowest_seen() -> None:
    """After a spike only a price below every earlier one fires."""
    assert fired_at("price_drop", "all_time_low = true", *prices(10, 8, 20, 9, 8, 7, 7.5, 6)) == ["1", "5", "7"]
    assert fired_at("price_rise", "all_time_high = true", *prices(10, 12, 5, 11, 12, 13)) == ["1", "5"]


def test_a_target_can_be_crossed_again_once_rearmed() -> None:
    """Flapping around the target says it once, until the price was back at `rearm`."""
    steps = prices(25, 19, 21, 19, 22, 18, 30, 19)
    assert fired_at("price_drop", "below = 20", *steps) == ["1", "3", "5", "7"]
    assert fired_at("price_drop", "below = 20\nrearm = 22", *steps) == ["1", "5", "7"]
    assert fired_at("price_drop", "below = 20\nrearm = 30", *steps) == ["1", "7"]


def test_low_stock_fires_again_once_rearmed() -> None:
    """Low at 5, armed again at 10."""
    levels = [12, 4, 6, 4, 9, 3, 10, 4]
    steps = [stocked(old, new, "p", at) for at, (old, new) in enumerate(itertools.pairwise(levels), 1)]
    assert fired_at("low_stock", "threshold = 5", *steps) == ["1", "3", "5", "7"]
    assert fired_at("low_stock", "threshold = 5\nrearm = 10", *steps) == ["1", "7"]


def test_first_sight_is_a_key_of_the_rule() -> None:
    """A product that appears beyond the target fires if the rule says so, and not by accident."""
    entries = [
        raw("INSERT", product="a", new={"price": {"N": "19"}}, at=1),
        raw("INSERT", product="b", new={"price": {"N": "20"}}, at=2),
        raw("INSERT", product="c", new={}, at=3),
        modified({}, {"price": 15}, "c", 4),
    ]
    assert fired_at("price_drop", "below = 20", *entries) == []
    assert fired_at("price_drop", "below = 20\nfirst_sight = true", *entries) == ["1", "4"]


def test_low_stock_at_first_sight_is_below_the_threshold_too() -> None:
    """At the threshold is not low, whether the product is new or not."""
    entries = [raw("INSERT", product=str(stock), new={"stock": {"N": str(stock)}}, at=stock) for stock in (4, 5, 6)]
    assert fired_at("low_stock", "threshold = 5\nfirst_sight = true", *entries) == ["4"]
    assert fired_at("low_stock", "threshold = 5", *entries) == []


def test_a_move_beyond_at_most_is_taken_for_a_mistake() -> None:
    """99% off is a typing mistake."""
    assert fired_at("price_drop", 'at_most = "90%"', *prices(100, 10, 100, 9)) == ["1"]


@pytest.mark.parametrize(("expired", "alerts"), [("true", ["2"]), ("false", ["1"])])
def test_expiries_can_be_left_out_or_picked(expired: str, alerts: list[str]) -> None:
    """A table's time to live need not alert anybody."""
    entries = [removed("a", 1), removed("b", 2, expired=True)]
    assert fired_at("removed", f"expired = {expired}", *entries) == alerts


# Cool-downs


def test_a_cooldown_holds_back_and_tells_later() -> None:
    """Within the cool-down nothing; the alert after it says how many there were, and the latest."""
    service = Service(one_rule("price_drop", 'cooldown = "1h"'))
    steps = prices(50, 40, 39, 38, 30)
    for minute, entry in zip((0, 10, 59, 60), steps, strict=True):
        service.handle(at_minute(minute, entry))
    assert service.told == [("p", "p: 40, was 50"), ("p", "p: 30, was 38")]
    assert service.data[1]["heldBack"] == {
        "count": 2,
        "latest": {"title": "p: 38, was 39", "sequenceNumber": sequence_number(3), "time": "2026-11-21T09:59:00Z"},
    }
    assert "heldBack" not in service.data[0]


def test_a_cooldown_is_of_one_product_and_rule() -> None:
    """Another product and another rule alert meanwhile."""
    loaded = rules(
        '[[rules]]\nname = "a"\nwhen = "price_drop"\ncooldown = "1h"\n[[rules]]\nname = "b"\nwhen = "price_drop"'
    )
    service = Service(loaded)
    service.handle(priced(9, 8, "p", 1), priced(8, 7, "p", 2), priced(9, 8, "q", 3))
    made = sorted((message.alert.rule, message.alert.sequence_number[-1]) for message in service.topic.published)
    assert made == [("a", "1"), ("a", "3"), ("b", "1"), ("b", "2"), ("b", "3")]


def test_time_is_the_records_own() -> None:
    """A batch that comes hours late decides as it would have at once."""
    service = Service(one_rule("price_drop", 'cooldown = "1h"'))
    first, second, third = prices(50, 40, 30, 20)
    service.handle(at_minute(0, first), at_minute(61, second), at_minute(100, third))
    assert [title for _, title in service.told] == ["p: 40, was 50", "p: 30, was 40"]


# The hourly limit


def test_beyond_the_hourly_limit_one_summary_stands_for_the_rest() -> None:
    """Silence is announced, once, and ends with the hour."""
    service = Service(one_rule("added", "max_per_hour = 2"))
    for minute, product in enumerate("abcde"):
        service.handle(at_minute(minute, added(product, minute)))
    service.handle(at_minute(60, added("f", 9)))
    assert service.told == [
        ("a", "New product: a"),
        ("b", "New product: b"),
        ("c", "r: 2 alerts this hour, more are held back"),
        ("f", "New product: f"),
    ]
    assert service.data[2]["summary"] == {"limit": 2, "until": "2026-11-21T10:00:00Z"}


def test_an_alert_that_is_not_out_takes_no_place_in_the_hour() -> None:
    """What failed is counted when it is told."""
    service = Service(one_rule("added", "max_per_hour = 2"))
    service.topic.failure_of = lambda message: DOWN if message.alert.subject == "a" else None
    service.handle(added("a", 1), added("b", 2))
    assert [len(tally.admitted) for tally in service.ledger.hourly_counts.values()] == [1]


# Exceptions carried by the product

OVERRIDES = 'overrides = "alerts"'


def test_a_product_can_mute_a_rule_or_change_it() -> None:
    """`mute`, or other numbers, in the item itself."""
    more = 'at_least = "10%"'
    for exception, expected in (
        ({}, ["2"]),
        ({"r": "mute"}, []),
        ({"r": {"at_least": "5%"}}, ["1", "2"]),
        ({"other": "mute"}, ["2"]),
    ):
        entries = [
            modified({"price": old, "alerts": exception}, {"price": new, "alerts": exception}, "p", at)
            for at, (old, new) in enumerate(((100, 95), (95, 80)), 1)
        ]
        assert fired_at("price_drop", more, *entries, product=OVERRIDES) == expected


@pytest.mark.parametrize(
    "exception", ["mute", {"r": "quiet"}, {"r": {"at_leest": 5}}, {"r": {"at_least": "x"}}, {"r": 5}]
)
def test_a_malformed_exception_is_logged_and_the_rule_holds(exception: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A typing mistake in an item silences nobody, and is told once."""
    entries = [
        modified({"price": old, "alerts": exception}, {"price": old - 20, "alerts": exception}, "p", old)
        for old in (100, 80)
    ]
    service = Service(one_rule("price_drop", product=OVERRIDES))
    service.handle(*entries)
    assert len(service.told) == 2
    assert caplog.text.count("malformed exception") == 1


# Removed products


def test_a_removed_product_is_forgotten() -> None:
    """A product of that name that comes back starts anew."""
    more = 'at_least = 10\nbaseline = "last_alert"'
    assert (
        fired_at(
            "price_drop",
            more,
            priced(100, 95, at=1),
            removed("prod-1", 2),
            added("prod-1", 3, price=91),
            priced(91, 85, at=4),
        )
        == []
    )
    assert fired_at("price_drop", more, priced(100, 95, at=1), priced(95, 85, at=4)) == ["4"]


# However the stream delivers

MEMORY_RULES = rules(
    """
[[rules]]
name = "adds-up"
when = "price_drop"
at_least = 3
baseline = "last_alert"

[[rules]]
name = "cool"
when = "price_drop"
cooldown = "3m"

[[rules]]
name = "record"
when = "price_drop"
all_time_low = true

[[rules]]
name = "target"
when = "price_drop"
below = 5
rearm = 8

[[rules]]
name = "low"
when = "low_stock"
threshold = 3
rearm = 6

[[rules]]
name = "added"
when = "added"

[[rules]]
name = "gone"
when = "removed"
"""
)


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw what happens to three products: prices and stocks that move, items that come and go, poison in between."""
    state: dict[str, tuple[int, int] | None] = {}
    entries: list[dict[str, Any]] = []
    for at in range(1, draw(st.integers(1, 14)) + 1):
        product = draw(st.sampled_from("abc"))
        now = state.get(product)
        kind = draw(st.integers(0, 9))
        price, stock = draw(st.integers(0, 10)), draw(st.integers(0, 8))
        if now is None:
            entry = added(product, at, price=price, stock=stock)
            state[product] = (price, stock)
        elif kind == 0:
            entry = removed(product, at, price=now[0], stock=now[1])
            state[product] = None
        elif kind == 1:
            bad = {"price": {"N": "0"}, "stock": {"N": "0"}, "bad": {"X": "?"}}  # parked if any rule fires for it
            entry = raw("MODIFY", product=product, old=image(price=now[0], stock=now[1]), new=bad, at=at)
        else:
            entry = modified({"price": now[0], "stock": now[1]}, {"price": price, "stock": stock}, product, at)
            state[product] = (price, stock)
        entries.append(at_minute(at, entry))
    return entries


class Shaky:
    """Fails what it is asked to, by turns, and in the end nothing."""

    def __init__(self, turns: Sequence[bool]) -> None:
        """Fail on the turns that are true."""
        self.turns = list(turns)

    def fails(self) -> bool:
        """Take a turn."""
        return bool(self.turns) and self.turns.pop()


class ShakyLedger(MemoryLedger):
    """A ledger that fails by turns, before or after it did what it was asked."""

    def __init__(self, shaky: Shaky) -> None:
        """Start empty."""
        super().__init__()
        self.shaky = shaky

    def read(self, question: LedgerQuery, before_call: BeforeCall = nothing) -> LedgerSnapshot:
        """Answer, or fail."""
        if self.shaky.fails():
            raise DOWN
        return super().read(question, before_call)

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Write, or fail with nothing written."""
        if self.shaky.fails():
            raise DOWN
        super().write(entries, before_call)


def play(service: Service, entries: list[dict[str, Any]], cuts: Sequence[int]) -> None:
    """Deliver a history as Lambda does: in batches, each again from the record that the answer names, until done."""
    rest = list(entries)
    sizes = list(cuts)
    for _ in range(500):
        if not rest:
            return
        size = sizes.pop() if sizes else len(rest)
        batch = rest[:size]
        answer = service.handle(*batch)["batchItemFailures"]
        if not answer:
            rest = rest[size:]
            continue
        named = answer[0]["itemIdentifier"]
        rest = rest[[entry["dynamodb"]["SequenceNumber"] for entry in batch].index(named) :]
    raise AssertionError("a batch never ended")


def summary(service: Service) -> list[tuple[str, ...]]:
    """Give what was told, each alert once, in the order of the changes."""
    told = {message.alert.id: message for message in service.topic.published}
    return sorted(
        (one.alert.sequence_number, one.alert.rule, one.alert.title, json.dumps(one.alert.data.get("heldBack")))
        for one in told.values()
    )


@settings(max_examples=100)
@given(histories(), st.lists(st.integers(1, 5), max_size=14))
def test_how_the_stream_is_cut_into_batches_changes_nothing(history: list[dict[str, Any]], cuts: list[int]) -> None:
    """One batch, or many: the same alerts, each once."""
    whole, cut = Service(MEMORY_RULES), Service(MEMORY_RULES)
    play(whole, history, [])
    play(cut, history, cuts)
    assert summary(whole) == summary(cut)
    assert len(cut.topic.published) == len(summary(cut))


@settings(max_examples=100)
@given(histories(), st.lists(st.integers(1, 5), min_size=1, max_size=14))
def test_a_batch_that_comes_twice_counts_once(history: list[dict[str, Any]], cuts: list[int]) -> None:
    """Delivered again after it was done, a batch adds nothing and changes no later decision."""
    once, twice = Service(MEMORY_RULES), Service(MEMORY_RULES)
    play(once, history, [])
    rest = list(history)
    while rest:
        size = cuts[len(rest) % len(cuts)]
        twice.handle(*rest[:size])
        twice.handle(*rest[:size])
        rest = rest[size:]
    assert summary(once) == summary(twice)
    assert len(twice.topic.published) == len(summary(twice))


@settings(max_examples=100)
@given(
    histories(),
    st.lists(st.integers(1, 5), max_size=14),
    st.lists(st.booleans(), max_size=12),
    st.lists(st.booleans(), max_size=20),
    st.lists(st.booleans(), max_size=4),
)
def test_outages_change_nothing_that_people_hear(
    history: list[dict[str, Any]], cuts: list[int], ledger: list[bool], topic: list[bool], parking: list[bool]
) -> None:
    """Whatever fails for a while, in the end the same alerts are out, and the same records parked."""
    calm, shaken = Service(MEMORY_RULES), Service(MEMORY_RULES, ShakyLedger(Shaky(ledger)))
    play(calm, history, [])
    sending, keeping = Shaky(topic), Shaky(parking)
    shaken.topic.failure_of = lambda _: DOWN if sending.fails() else None
    shaken.failures = _ShakyFailures(keeping)
    shaken.pipeline = Pipeline(MEMORY_RULES, shaken.topic, shaken.ledger, shaken.failures)
    play(shaken, history, cuts)
    assert summary(calm) == summary(shaken)
    assert set(_numbers(calm.failures)) == set(_numbers(shaken.failures))


class _ShakyFailures(MemoryFailures):
    def __init__(self, shaky: Shaky) -> None:
        super().__init__()
        self.shaky = shaky

    def park(self, parked: Parked) -> None:
        if self.shaky.fails():
            raise DOWN
        super().park(parked)


def _numbers(failures: MemoryFailures) -> list[str]:
    return [parked.record["dynamodb"]["SequenceNumber"] for parked in failures.parked]


def test_a_failed_alert_is_decided_again_when_it_comes_again() -> None:
    """What was not told is not remembered as told: neither a baseline nor a cool-down starts with it."""
    service = Service(one_rule("price_drop", 'cooldown = "1h"\nat_least = 10\nbaseline = "last_alert"'))
    service.topic.failure_of = lambda _: DOWN
    (entry,) = prices(100, 80)
    assert service.handle(entry) != NO_FAILURE
    service.topic.failure_of = lambda _: None
    assert service.handle(entry) == NO_FAILURE
    assert service.told == [("p", "p: 80, was 100")]


def test_memory_that_cannot_be_written_brings_the_record_again() -> None:
    """A rule that forgets would lose or repeat later alerts."""
    turns = Shaky([True, False])
    service = Service(one_rule("price_drop", 'cooldown = "1h"'), ShakyLedger(turns))
    (entry,) = prices(100, 80)
    assert service.handle(entry) != NO_FAILURE
    assert service.handle(entry) == NO_FAILURE
    assert len({message.alert.id for message in service.topic.published}) == 1


# Redrive


def test_a_replayed_record_is_judged_by_its_own_images() -> None:
    """What was given up and comes again behind later changes alerts, and leaves the memory as it is."""
    service = Service(one_rule("price_drop", 'at_least = 10\nbaseline = "last_alert"'))
    lost, later = prices(100, 80, 60)
    service.handle(later)
    assert service.handle(lost) == NO_FAILURE
    assert service.told == [("p", "p: 60, was 80")]
    before = dict(service.ledger.memories)
    assert service.handle(lost, redrive=True) == NO_FAILURE
    assert service.told == [("p", "p: 60, was 80"), ("p", "p: 80, was 100")]
    assert service.ledger.memories == before
    service.handle(lost, redrive=True)
    assert len(service.told) == 2


def test_a_replayed_record_that_fails_again_is_handed_back_and_not_parked_anew() -> None:
    """It is in the failures queue already."""
    service = Service(one_rule("added"))
    poison = raw("UPSERT", at=1)
    assert service.handle(poison, redrive=True) == {"batchItemFailures": [{"itemIdentifier": sequence_number(1)}]}
    assert service.failures.parked == []


def test_a_refused_alert_does_not_stop_the_memory() -> None:
    """An alert that nobody will ever take counts as told: the next one compares with the newer price."""
    error: list[ProductAlertsError | None] = [RefusedAlertError("no")]
    service = Service(one_rule("price_drop", "at_least = 10\nbaseline = 'last_alert'"))

    def refuse(_: Message) -> ProductAlertsError | None:
        return error[0]

    service.topic.failure_of = refuse
    first, second = prices(100, 80, 75)
    assert service.handle(first) == NO_FAILURE
    error[0] = None
    assert service.handle(second) == NO_FAILURE
    assert service.told == []
    assert len(service.failures.parked) == 1


def test_a_poison_record_is_parked_though_a_later_change_of_its_product_was_told() -> None:
    """A record that is given up behind a failed one is not parked yet: nothing behind it may make it forgotten."""
    service = Service(one_rule("price_drop", 'cooldown = "1h"'))
    service.topic.failure_of = lambda message: DOWN if message.alert.subject == "a" else None
    bad = {"price": {"N": "8"}, "bad": {"X": "?"}}
    poison = raw("MODIFY", product="b", old=image(price=9), new=bad, at=2)
    batch = (priced(9, 8, "a", 1), poison, priced(8, 7, "b", 3))
    assert service.handle(*batch) == {"batchItemFailures": [{"itemIdentifier": sequence_number(1)}]}
    assert service.failures.parked == []
    service.topic.failure_of = lambda _: None
    assert service.handle(*batch) == NO_FAILURE
    assert [parked.record for parked in service.failures.parked] == [poison]


def test_a_change_behind_a_failed_alert_is_told_though_its_product_was_removed_before() -> None:
    """What is written of a removed product says nothing of the changes that come again."""
    text = '[[rules]]\nname = "new"\nwhen = "added"\n[[rules]]\nname = "drop"\nwhen = "price_drop"\ncooldown = "1h"'
    service = Service(rules(text))
    service.topic.failure_of = lambda message: DOWN if message.alert.rule == "new" else None
    batch = (removed("p", 1), added("p", 2, price=9), priced(9, 8, "p", 3))
    assert service.handle(*batch) == {"batchItemFailures": [{"itemIdentifier": sequence_number(2)}]}
    service.topic.failure_of = lambda _: None
    assert service.handle(*batch[1:]) == NO_FAILURE
    assert service.told == [("p", "New product: p"), ("p", "p: 8, was 9")]
