"""Step 4: whether a rule that fires also alerts: cool-downs, the hourly limit, and each change counted once.

Time is the records' creation time, so a replay decides as the live run did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from notifications.changes import ProductChange
from notifications.conditions import Judgement
from notifications.memory import NOTHING, Memory
from notifications.rules import Rule

_SECONDS_AN_HOUR = 3600


class Outcome(Enum):
    """What becomes of a rule and a record."""

    QUIET = "quiet"
    """The rule does not fire."""
    ALERT = "alert"
    COOLING_DOWN = "cooling down"
    """It fires, and is held back by the cool-down."""
    LIMITED = "limited"
    """It fires, and is held back by the hourly limit."""
    MUTED = "muted"
    """The product carries an exception that mutes the rule."""
    SEEN = "seen"
    """This change was counted before."""


class Hour(NamedTuple):
    """One hour of one rule with a limit."""

    rule: str
    starts_at: int
    """Epoch seconds."""

    @classmethod
    def of(cls, rule: Rule, created_at: float) -> Hour:
        """Give the hour of the clock (UTC) that the record falls in."""
        return cls(rule.name, int(created_at // _SECONDS_AN_HOUR) * _SECONDS_AN_HOUR)

    @property
    def ends_at(self) -> int:
        """Epoch seconds."""
        return self.starts_at + _SECONDS_AN_HOUR


@dataclass(slots=True)
class Tally:
    """The alerts of one hour of one rule, by id: adding one twice changes nothing."""

    admitted: set[str] = field(default_factory=set)
    summarised: bool = False
    """Whether the one alert went out that says that the limit is reached."""


class Decision(NamedTuple):
    """What a rule makes of a change, and what it will remember."""

    outcome: Outcome
    judgement: Judgement
    memory: Memory
    """After this change; the memory before it where nothing is to be remembered."""
    held_before: Memory = NOTHING
    """For an alert: the memory with the changes that were held back before it."""
    seconds_left: float = 0
    """Of the cool-down."""
    late: bool = False
    """The change is older than what the rule has seen; its memory stays as it is."""

    @property
    def reason(self) -> str:
        """The reason in words."""
        if self.outcome is Outcome.SEEN:
            return "this change was counted before"
        if self.outcome is Outcome.MUTED:
            return "muted for this product"
        reason = self.judgement.reason
        if self.outcome is Outcome.LIMITED:
            return f"{reason}; the limit of this hour is reached"
        if self.outcome is Outcome.COOLING_DOWN or (self.seconds_left > 0 and self.judgement.latest is not None):
            return f"{reason}; {duration_text(self.seconds_left)} of cool-down left"
        return reason


def decide(
    rule: Rule, change: ProductChange, memory: Memory, alert_id: str, tally: Tally | None, *, replayed: bool = False
) -> Decision:
    """Judge a change and apply what keeps the noise down; nothing is changed but `tally`.

    `replayed`: the record was given up and comes again, perhaps behind later ones. One that is older than what the
    rule has seen is then judged by its own two images, and leaves the memory as it is.
    """
    record = change.record
    late = rule.remembers and memory.has_seen(record.sequence_number)
    if late and not replayed:
        return Decision(Outcome.SEEN, Judgement(False, ""), memory)
    known = NOTHING if late else memory
    judgement = rule.judge(change, known)
    seconds_left = _seconds_left(rule, known, record.created_at)
    if not judgement.fired:
        forget = late or not rule.condition.uses_memory
        after = memory if forget else _learned(rule, change, memory, judgement)
        return Decision(Outcome.QUIET, judgement, after, seconds_left=seconds_left)
    outcome = Outcome.COOLING_DOWN if seconds_left > 0 else Outcome.ALERT
    if outcome is Outcome.ALERT and tally is not None and rule.max_per_hour is not None:
        outcome = _within_limit(tally, alert_id, rule.max_per_hour)
    if late:
        return Decision(outcome, judgement, memory, late=True)
    after = _learned(rule, change, memory, judgement, alerted=outcome is Outcome.ALERT)
    return Decision(outcome, judgement, after, known, seconds_left)


def _seconds_left(rule: Rule, memory: Memory, now: float | None) -> float:
    """Count the seconds of cool-down that are left; 0 where none is."""
    if now is None or memory.alerted_at is None or not rule.cooldown:  # clocks jump: no cool-down, no waiting
        return 0
    return max(memory.alerted_at + rule.cooldown - now, 0)


def _within_limit(tally: Tally, alert_id: str, limit: int) -> Outcome:
    if alert_id in tally.admitted:
        return Outcome.ALERT
    if len(tally.admitted) < limit:
        tally.admitted.add(alert_id)
        return Outcome.ALERT
    return Outcome.LIMITED


def _learned(
    rule: Rule, change: ProductChange, memory: Memory, judgement: Judgement, *, alerted: bool = False
) -> Memory:
    if not rule.remembers:
        return memory
    record = change.record
    after = rule.condition.learn(change, memory, judgement, alerted)._replace(sequence_number=record.sequence_number)
    if alerted:
        return after._replace(
            alerted_at=record.created_at, held=0, held_title="", held_sequence_number="", held_time=""
        )
    return after


def hold_back(memory: Memory, title: str, sequence_number: str, time: str | None) -> Memory:
    """Remember a change that was held back: how many there are, and the latest of them."""
    return memory._replace(
        held=memory.held + 1, held_title=title, held_sequence_number=sequence_number, held_time=time or ""
    )


def duration_text(seconds: float) -> str:
    """Write a duration in its two largest units: 41 minutes, 1 hour 5 minutes."""
    left = max(int(seconds), 1)
    parts = []
    for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts[:2])
