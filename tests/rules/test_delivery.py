"""Rules with a memory, over batches: however the stream cuts, repeats and retries, people hear the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.publishing.failures import Parked
from notifications.publishing.fakes import MemoryFailures, MemoryLedger
from notifications.publishing.ledger import BeforeCall, Entry, LedgerQuery, LedgerSnapshot, nothing
from tests.builders import (
    added,
    image,
    modified,
    one_rule,
    priced,
    raw,
    removed,
    rules,
)
from tests.service import DONE, DOWN, Service


def at_minute(minute: float, entry: dict[str, Any]) -> dict[str, Any]:
    """Move a record in time: so many minutes after 09:00."""
    entry["dynamodb"]["ApproximateCreationDateTime"] = 1795251600.0 + 60 * minute
    return entry


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


def test_memory_that_cannot_be_written_brings_the_record_again() -> None:
    """A rule that forgets would lose or repeat later alerts."""
    turns = Shaky([True, False])
    service = Service(one_rule("price_drop", 'cooldown = "1h"'), ShakyLedger(turns))
    entry = priced(100, 80)
    assert service.handle(entry) != DONE
    assert service.handle(entry) == DONE
    assert len({message.alert.id for message in service.topic.published}) == 1
