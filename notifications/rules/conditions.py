"""When a rule fires: one class a family of `when`, each judging one change by what it shows and what is remembered.

A judgement always carries its reason, so that the question "why did I (not) get this?" has one answer, given by the
code that decided. The reason is put into words only when somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from notifications.rules.memory import Memory
from notifications.stream.attributes import Path, number
from notifications.stream.changes import INSERT, MODIFY, REMOVE, Change
from notifications.text.formatting import decimal_text


class Judgement(NamedTuple):
    """Whether a rule fires for a change, why, and what was compared with what."""

    fired: bool
    why: str
    """A format string for `facts`."""
    facts: tuple[Any, ...] = ()
    baseline: Decimal | None = None
    latest: Decimal | None = None
    threshold: str | None = None

    @property
    def reason(self) -> str:
        """The reason in words, with the numbers compared."""
        return self.why.format(*(decimal_text(fact) if isinstance(fact, Decimal) else fact for fact in self.facts))


class Condition(Protocol):
    """One kind of `when`."""

    @property
    def events(self) -> frozenset[str]:
        """The events that it can fire for."""

    @property
    def watches(self) -> tuple[Path, ...] | None:
        """Only a modification of one of these can fire it; None: a modification of any attribute."""

    @property
    def uses_memory(self) -> bool:
        """Whether its judgement depends on earlier changes."""

    def asks_memory(self, change: Change) -> bool:
        """Tell whether the judgement of this change does, or whether there is anything to learn from it."""

    def judge(self, change: Change, memory: Memory) -> Judgement:
        """Decide; never raises for a value that is absent or of another type."""

    def learn(self, change: Change, memory: Memory, judgement: Judgement, alerted: bool) -> Memory:
        """Return what is to be remembered after this change."""


class Stateless:
    """A condition that remembers nothing."""

    __slots__ = ()
    uses_memory = False

    def asks_memory(self, change: Change) -> bool:  # noqa: ARG002
        """Ask nothing."""
        return False

    def learn(self, change: Change, memory: Memory, judgement: Judgement, alerted: bool) -> Memory:  # noqa: ARG002
        """Remember nothing."""
        return memory


class FiresOnInsert:
    """A condition that may fire for a product at first sight."""

    __slots__ = ()
    first_sight: bool

    @property
    def events(self) -> frozenset[str]:
        """Insertions too, where first sight counts."""
        return frozenset({INSERT, MODIFY}) if self.first_sight else frozenset({MODIFY})


def no_number(side: str, path: Path, value: Any) -> Judgement:
    """Judge a change that lacks a number on one side, "old" or "new": say whether anything is there instead."""
    return Judgement(False, "the {} {} is {}", (side, path.text, "absent" if value is None else "not a number"))


def comes_or_goes(change: Change, path: Path) -> bool:
    """Tell whether a modification gives an item a number that it lacked, or takes it away."""
    return change.event_name == MODIFY and (number(change.old(path)) is None) != (number(change.new(path)) is None)


@dataclass(frozen=True, slots=True)
class Added(Stateless):
    """A new item."""

    events = frozenset({INSERT})
    watches = None

    def judge(self, change: Change, memory: Memory) -> Judgement:  # noqa: ARG002 - the event says it all
        """Fire: the event is an insertion already."""
        return Judgement(True, "the item is new")


@dataclass(frozen=True, slots=True)
class Removed(Stateless):
    """An item deleted, or expired by its time to live."""

    expired: bool | None = None
    """Only expired ones, or only deleted ones; None: both."""
    events = frozenset({REMOVE})
    watches = None

    def judge(self, change: Change, memory: Memory) -> Judgement:  # noqa: ARG002
        """Tell a deletion from an expiry."""
        fired = self.expired is None or self.expired == change.expired
        return Judgement(fired, "the item expired" if change.expired else "the item was deleted")


@dataclass(frozen=True, slots=True)
class Changed(Stateless):
    """One of the named attributes differs; sets are compared unordered."""

    watches: tuple[Path, ...] | None
    events = frozenset({MODIFY})

    def judge(self, change: Change, memory: Memory) -> Judgement:  # noqa: ARG002
        """Fire if a watched attribute differs."""
        fields = change.fields(self.watches)
        if fields:
            return Judgement(True, "{} changed", (", ".join(field.attribute for field in fields),))
        if self.watches is None:
            return Judgement(False, "no attribute changed")
        return Judgement(False, "{} did not change", (", ".join(path.text for path in self.watches),))
