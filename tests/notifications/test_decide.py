"""Whether a rule that fires also alerts."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.rules.memory import NOTHING, Hour, HourlyCount, Memory
from notifications.rules.rule import Evaluation, RuleOutcome
from notifications.text.formatting import duration_text
from tests.builders import CREATED_AT, change_of, one_rule, priced, sequence_number


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
    assert decision.memory == Memory(sequence_number(5), alerted_at=CREATED_AT, stream=change_of(raw()).stream_label)


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


def test_the_reason_says_what_held_it_back() -> None:
    """Whoever asks why there was no alert gets an answer."""
    cooling = decided('cooldown = "1h"', Memory(alerted_at=CREATED_AT - 19 * 60))
    assert cooling.reason == "dropped 11.1% from 9; 41 minutes of cool-down left"
    limited = decided("max_per_hour = 1", tally=HourlyCount({"a"}))
    assert limited.reason == "dropped 11.1% from 9; the limit of this hour is reached"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (3900, "1 hour 5 minutes"),
        (90_061, "1 day 1 hour"),
        (172_800, "2 days"),
    ],
)
def test_a_duration_reads_well(seconds: float, text: str) -> None:
    """The two largest units, in the right number."""
    assert duration_text(seconds) == text
