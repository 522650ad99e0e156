"""Whether a rule that fires also alerts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from notifications.rules.memory import NOTHING, Hour, HourlyCount, Memory
from notifications.rules.rule import Evaluation, RuleOutcome
from notifications.stream.attributes import Path
from tests.builders import (
    CREATED_AT,
    change_of,
    one_rule,
    priced,
    sequence_number,
)


def decided(
    more: str = "", memory: Memory = NOTHING, tally: HourlyCount | None = None, replayed: bool = False, **entry: Any
) -> Evaluation:
    """Decide about a price that dropped from 9 to 8."""
    (rule,) = one_rule("price_drop", more).rules
    record = priced(entry.get("old", 9), entry.get("new", 8), at=5)
    if "time" in entry:
        record["dynamodb"]["ApproximateCreationDateTime"] = entry["time"]
    evaluation = Evaluation(change_of(record), rule, "prod-1", "id")
    evaluation.decide(memory, tally, replayed=replayed)
    return evaluation


def test_what_is_decided_again_is_judged_with_the_memory_of_then() -> None:
    """Another invocation may have been quicker: the batch is decided again with what the ledger says by then."""
    (rule,) = one_rule("price_drop", 'baseline = "last_alert"\nat_least = "10%"').rules
    evaluation = Evaluation(change_of(priced(9, 8, at=5)), rule, "prod-1", "id")
    for baseline, outcome in ((100, RuleOutcome.ALERT), (8, RuleOutcome.QUIET), (100, RuleOutcome.ALERT)):
        evaluation.decide(Memory(baseline=Decimal(baseline)))
        assert evaluation.outcome is outcome


def test_a_rule_without_a_memory_keeps_none() -> None:
    """Most rules cost no memory."""
    decision = decided()
    assert (decision.outcome, decision.memory) == (RuleOutcome.ALERT, NOTHING)
    assert decided(new=9).outcome is RuleOutcome.QUIET


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        (0, RuleOutcome.COOLING_DOWN),
        (3599, RuleOutcome.COOLING_DOWN),
        (3600, RuleOutcome.ALERT),
        (3601, RuleOutcome.ALERT),
    ],
)
def test_a_cooldown_ends_to_the_second(seconds: int, outcome: RuleOutcome) -> None:
    """An hour after the last alert the next may go out."""
    memory = Memory(alerted_at=CREATED_AT - seconds)
    assert decided('cooldown = "1h"', memory).outcome is outcome


def test_a_record_without_a_time_does_not_cool_down() -> None:
    """Rather one alert too many than none."""
    assert decided('cooldown = "1h"', Memory(alerted_at=CREATED_AT), time=None).outcome is RuleOutcome.ALERT


def test_an_alert_starts_the_cooldown_and_clears_what_was_held() -> None:
    """The memory after it says when, and that nothing is waiting; the one before it is for the text."""
    before = Memory(alerted_at=CREATED_AT - 9999, held=2, held_title="T", held_sequence_number="1", held_time="x")
    decision = decided('cooldown = "1h"', before)
    assert decision.memory_before == before
    assert decision.memory == Memory(sequence_number(5), alerted_at=CREATED_AT, stream="2026-11-21T09:00:00.000")


def test_a_change_that_was_seen_is_counted_no_more() -> None:
    """The same record again changes nothing."""
    memory = Memory(sequence_number(5), alerted_at=1.0)
    decision = decided('cooldown = "1h"', memory)
    assert (decision.outcome, decision.memory) == (RuleOutcome.SEEN, memory)
    assert decision.reason == "this change was counted before"


def test_a_replayed_change_is_decided_and_not_remembered() -> None:
    """What comes late is judged as if alone."""
    memory = Memory(sequence_number(9), alerted_at=CREATED_AT)
    decision = decided('cooldown = "1h"', memory, replayed=True)
    assert (decision.outcome, decision.memory, decision.late) == (RuleOutcome.ALERT, memory, True)


def test_the_hourly_limit_counts_alerts_once() -> None:
    """The alert that reached the limit is still within it when it comes again."""
    tally = HourlyCount({"a"})
    assert decided("max_per_hour = 2", tally=tally).outcome is RuleOutcome.ALERT
    assert tally.admitted == {"a", "id"}
    assert decided("max_per_hour = 2", tally=tally).outcome is RuleOutcome.ALERT
    assert decided("max_per_hour = 2", tally=HourlyCount({"a", "b"})).outcome is RuleOutcome.LIMITED


def test_an_alert_in_its_cooldown_takes_no_place_in_the_hour() -> None:
    """What is held back anyway is not counted."""
    tally = HourlyCount()
    decided('cooldown = "1h"\nmax_per_hour = 2', Memory(alerted_at=CREATED_AT), tally)
    assert tally.admitted == set()


@pytest.mark.parametrize(("time", "starts"), [(3599.9, 0), (3600.0, 3600), (CREATED_AT, 1795251600)])
def test_an_hour_is_one_of_the_clock(time: float, starts: int) -> None:
    """From full hour to full hour, UTC."""
    hour = Hour.of("r", time)
    assert (hour.rule, hour.starts_at, hour.ends_at) == ("r", starts, starts + 3600)


# What a rule needs and reports


def test_a_rule_knows_which_images_it_needs() -> None:
    """What `operations check` compares with the table."""
    (drop,) = one_rule("price_drop").rules
    (demanding,) = one_rule("added", "where = { a = 1, b = 2 }").rules
    assert drop.needs("MODIFY") == {"old", "new"}
    assert demanding.needs("INSERT") == {"new"}
    assert demanding.needs("INSERT", ["a"]) == {"new"}
    assert demanding.needs("INSERT", ["a", "b"]) == set()


def test_first_sight_needs_the_image_with_the_number() -> None:
    """Of a new item the price is looked at, of a removed one it is not."""
    (rule,) = one_rule("price_drop", "below = 20\nfirst_sight = true").rules
    assert rule.needs("INSERT") == {"new"}
    assert rule.needs("INSERT", ["price"]) == set()
    assert rule.needs("REMOVE") == set()


def test_a_rule_about_attributes_reports_those_and_others_report_all() -> None:
    """`changed` lists what it names; a price drop shows all that changed with it."""
    (changed,) = one_rule("changed", 'attributes = ["a", "b.c"]').rules
    (anything,) = one_rule("changed").rules
    (drop,) = one_rule("price_drop").rules
    assert changed.reports == (Path.parse("a"), Path.parse("b.c"))
    assert anything.reports is None
    assert drop.reports is None
