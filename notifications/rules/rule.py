"""A rule, and what it makes of a change: whether it fires, and whether the alert goes out.

Time is the records' creation time, so a replay decides as the live run did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from notifications.rules.conditions import Condition, Judgement
from notifications.rules.memory import NOTHING, Hour, HourlyCount, Memory
from notifications.rules.mutes import NO_MUTES, Mutes, muted_until
from notifications.rules.where import WhereClause
from notifications.stream.attributes import Path
from notifications.stream.changes import INSERT, MODIFY, NEW, OLD, PARTIAL_VIEW_TYPES, REMOVE, Change, images_sent
from notifications.text.formatting import Template, duration_text, rfc3339


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rules]]` entry, ready to judge."""

    name: str
    when: str
    condition: Condition
    severity: str
    title: Template
    text: Template
    where: tuple[WhereClause, ...] = ()
    cooldown: float = 0
    """Seconds after an alert in which further ones of the same product are suppressed."""
    max_per_hour: int | None = None
    """Alerts an hour, all products together; None: no limit."""
    muted: bool = False
    """The product asked for silence: no alert goes out, and the memory goes on."""
    events: frozenset[str] = field(init=False)
    """The events that it can fire for."""
    uses_memory: bool = field(init=False)
    """Whether its judgement depends on earlier changes of the product."""
    remembers: bool = field(init=False)
    """Whether that, or a cool-down, has it remember anything of the product."""

    def __post_init__(self) -> None:
        """Ask the condition once."""
        object.__setattr__(self, "events", self.condition.events)
        object.__setattr__(self, "uses_memory", self.condition.uses_memory)
        object.__setattr__(self, "remembers", self.cooldown > 0 or self.uses_memory)

    @property
    def reports(self) -> tuple[Path, ...] | None:
        """Which attributes its alerts list as changed: those that it names for `changed`, and else all."""
        return self.condition.watches if self.when == "changed" else None

    def needs(self, event_name: str, always_known: Iterable[str] = ()) -> frozenset[str]:
        """Return the images that an event needs; `always_known` attributes, such as keys, need no image."""
        if event_name == MODIFY:
            return frozenset({OLD, NEW})
        known = frozenset(always_known)
        watched = self.condition.watches or ()
        asked = [*(path for each in self.where for path in each.paths), *(watched if event_name == INSERT else ())]
        if all(path.top in known for path in asked):
            return frozenset()
        return frozenset({OLD if event_name == REMOVE else NEW})

    def missing_images(self, change: Change) -> frozenset[str]:
        """Return the images that it needs and the stream does not send."""
        return self.needs(change.event_name, change.keys) - images_sent(change.view_type)

    def asks_memory(self, change: Change) -> bool:
        """Tell whether what it makes of this change depends on earlier ones."""
        return self.condition.asks_memory(change)

    def judge(self, change: Change, memory: Memory = NOTHING) -> Judgement:
        """Decide, with the reason either way."""
        if change.event_name not in self.events:
            expected = " or ".join(sorted(self.events))
            return Judgement(False, "fires on {}, this is {}", (expected, change.event_name))
        missing = self.missing_images(change) if change.view_type in PARTIAL_VIEW_TYPES else None
        if missing:
            return Judgement(False, "needs the {} image, the stream sends {}", (names_of(missing), change.view_type))
        judgement = self.condition.judge(change, memory)
        if judgement.fired:
            for condition in self.where:
                failed = condition.failed(change)
                if failed:
                    return judgement._replace(fired=False, why="{}", facts=(failed,))
        return judgement


def names_of(images: frozenset[str]) -> str:
    """Name images in a sentence: "old and the new"."""
    return " and the ".join(sorted(images, reverse=True))


class RuleOutcome(Enum):
    """What becomes of a rule and a change."""

    QUIET = "quiet"
    """The rule does not fire."""
    ALERT = "alert"
    COOLING_DOWN = "cooling down"
    """It fires; the cool-down suppresses the alert."""
    LIMITED = "limited"
    """It fires; the hourly limit suppresses the alert."""
    MUTED = "muted"
    """It fires; the product carries an exception that mutes the rule, or an operator muted it for a time."""
    SEEN = "seen"
    """This change was counted before."""


SUPPRESSED = frozenset({RuleOutcome.COOLING_DOWN, RuleOutcome.LIMITED})
NOT_JUDGED = Judgement(False, "")
"""Of a rule whose judgement depends on what the ledger has yet to say."""


@dataclass(slots=True)
class Evaluation:
    """One rule and one change: first what the record alone tells, then what is decided with the ledger's answer."""

    change: Change
    rule: Rule
    product_id: str
    alert_id: str
    judgement: Judgement = NOT_JUDGED
    outcome: RuleOutcome = RuleOutcome.QUIET
    memory_before: Memory = NOTHING
    memory: Memory = NOTHING
    """What the rule remembers of the product from this change on."""
    seconds_left: float = 0
    """Of the cool-down."""
    late: bool = False
    """The change is not newer than what the rule has seen."""
    muted_until: float | None = None
    """Where an operator's mute holds the alert back: its end, epoch seconds."""
    summary_id: str = ""
    """The id of the summary of its hour, where the rule has a limit."""
    limit_reached: bool = False
    """This is the hour's first suppressed alert: a summary goes out in its place."""

    @property
    def hour(self) -> Hour | None:
        """The hour whose limit counts, if the rule has one."""
        created_at = self.change.created_at
        if self.rule.max_per_hour is None or created_at is None:
            return None
        return Hour.of(self.rule.name, created_at)

    @property
    def held_back(self) -> Memory:
        """For an alert: the memory with the changes that were suppressed before it."""
        return self.memory_before if self.outcome is RuleOutcome.ALERT else NOTHING

    @property
    def reason(self) -> str:
        """The reason for the outcome in words."""
        if self.outcome is RuleOutcome.SEEN:
            return "this change was counted before"
        reason = self.judgement.reason
        if self.outcome is RuleOutcome.MUTED and self.muted_until is None:
            return "muted for this product"
        if self.outcome is RuleOutcome.MUTED:
            return f"{reason}; muted until {rfc3339(self.muted_until)}"
        if self.outcome is RuleOutcome.LIMITED:
            return f"{reason}; the limit of this hour is reached"
        if self.outcome is RuleOutcome.COOLING_DOWN or (self.seconds_left > 0 and self.judgement.latest is not None):
            return f"{reason}; {duration_text(self.seconds_left)} of cool-down left"
        return reason

    def decide(
        self, memory: Memory, count: HourlyCount | None = None, mutes: Mutes = NO_MUTES, *, replayed: bool = False
    ) -> None:
        """Judge, unless that is done, and apply what keeps the noise down; an alert is added to the hour's `count`.

        May be called again with more that the ledger says: nothing of the decision before stays.

        `replayed`: the record was given up and comes again, perhaps behind later ones. One that is older than what the
        rule has seen is then judged by its own two images, and leaves the memory as it is.
        """
        rule, change = self.rule, self.change
        self.memory = memory
        self.outcome, self.limit_reached, self.muted_until = RuleOutcome.QUIET, False, None
        self.late = rule.remembers and memory.has_seen(change.sequence_number, change.stream_label)
        # What an older stream still brings may never have been counted: it is judged as a replayed record is.
        if self.late and not replayed and not memory.is_of_another(change.stream_label):
            self.outcome = RuleOutcome.SEEN
            return
        judged_with, self.memory_before = self.memory_before, NOTHING if self.late else memory
        if self.judgement is NOT_JUDGED or (rule.uses_memory and self.memory_before != judged_with):
            self.judgement = rule.judge(change, self.memory_before)
        self.seconds_left = self._cooldown_left()
        if self.judgement.fired:
            self.outcome = self._outcome(count, mutes)
        if rule.remembers and not self.late and (self.judgement.fired or rule.uses_memory):
            self.memory = self._learned()

    def suppress(self, title: str, time: str | None) -> None:
        """Remember that this change was suppressed: how many there are, and the latest of them."""
        self.memory = self.memory._replace(
            held=self.memory.held + 1,
            held_title=title,
            held_sequence_number=self.change.sequence_number,
            held_time=time or "",
        )

    def _cooldown_left(self) -> float:
        now, since = self.change.created_at, self.memory_before.alerted_at
        if now is None or since is None or not self.rule.cooldown:  # clocks jump: no cool-down, no waiting
            return 0
        return max(since + self.rule.cooldown - now, 0)

    def _outcome(self, count: HourlyCount | None, mutes: Mutes) -> RuleOutcome:
        if self.rule.muted:
            return RuleOutcome.MUTED
        if mutes:
            self.muted_until = muted_until(mutes, self.rule.name, self.product_id, self.change.created_at)
            if self.muted_until is not None:
                return RuleOutcome.MUTED
        return RuleOutcome.COOLING_DOWN if self.seconds_left > 0 else self._within_limit(count)

    def _within_limit(self, count: HourlyCount | None) -> RuleOutcome:
        limit = self.rule.max_per_hour
        if limit is None or count is None or count.admits(self.alert_id, limit):
            return RuleOutcome.ALERT
        self.limit_reached = count.summary in {"", self.alert_id}
        if self.limit_reached:
            count.summary = self.alert_id
        return RuleOutcome.LIMITED

    def _learned(self) -> Memory:
        change = self.change
        alerted = self.outcome is RuleOutcome.ALERT
        after = self.rule.condition.learn(change, self.memory, self.judgement, alerted)
        after = after._replace(sequence_number=change.sequence_number, stream=change.stream_label)
        if not alerted:
            return after
        return after._replace(
            alerted_at=change.created_at, held=0, held_title="", held_sequence_number="", held_time=""
        )
