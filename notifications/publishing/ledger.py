"""What was sent and what rules remember: read once before a batch is published, written once after.

One item an alert, under what people call the product and in the order of its changes: the ledger is the history, too.
An alert's id has the stream and the sequence number in it, so products may share a name. Beside them one item a product
with what its rules remember, under the product's primary key, one an hour of a rule that has a limit, and one with what
operators muted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from notifications.alerts.alert import Alert
from notifications.common.errors import ProductAlertsError
from notifications.rules.memory import Hour, HourlyCount, Memory
from notifications.rules.mutes import NO_MUTES, Mutes

MOST_ENTRIES = 100  # of one write, as DynamoDB's TransactWriteItems has it
MOST_ALERTS = 25  # recorded at once, as its BatchWriteItem has it
MOST_BYTES = 3_000_000  # of one write; DynamoDB takes 4 MB
_ALERT_BYTES = 10_000  # more than any item of an alert has: its texts are cut
_MEMORY_BYTES = 3_000  # the same for what one rule remembers of a product


class AlertKey(NamedTuple):
    """What tells an alert from all others."""

    product: str
    """The table's ARN, "#" and the product's id."""
    sequence_number: str
    alert_id: str


@dataclass(slots=True)
class LedgerQuery:
    """What a batch has to know before it is published."""

    alerts: set[AlertKey] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    """Those whose rules remember something, as `Change.item` names them."""
    hours: set[Hour] = field(default_factory=set)
    mutes: bool = False
    """Whether to say what is muted."""


@dataclass(slots=True)
class LedgerSnapshot:
    """The answer; what is not in it is not known."""

    sent: set[str] = field(default_factory=set)
    """Alert ids."""
    memories: dict[str, dict[str, Memory]] = field(default_factory=dict)
    """Product to rule to memory."""
    hourly_counts: dict[Hour, HourlyCount] = field(default_factory=dict)
    mutes: Mutes = field(default_factory=lambda: NO_MUTES)
    refused: dict[str, ProductAlertsError] = field(default_factory=dict)
    """Products, as the query named them, that the ledger will never answer for."""

    def copy(self) -> LedgerSnapshot:
        """Return one whose entries may be replaced without changing this one."""
        return replace(
            self,
            sent=set(self.sent),
            memories=dict(self.memories),
            hourly_counts=dict(self.hourly_counts),
            refused=dict(self.refused),
        )


class SentAlert(NamedTuple):
    """An alert was published, or is not to be, as an operator muted it: either way its record asks for no other."""

    product: str
    """As in `AlertKey`."""
    alert: Alert
    with_memory: bool = False
    """Rules remember something of its record, which may only be written with it or behind it."""
    muted_until: float | None = None
    """Of one that was muted: until when, epoch seconds."""


class RuleMemory(NamedTuple):
    """What the rules remember of a product now."""

    product: str
    """As `Change.item` names it."""
    memories: Mapping[str, Memory]
    gone: bool = False
    """The product was removed: its memory may expire."""


class Reservation(NamedTuple):
    """Places in an hour of a rule with a limit, taken before the alerts are published."""

    hour: Hour
    limit: int
    alerts: tuple[str, ...]
    """Alert ids, in the order in which they take the places that are left."""
    summary: str = ""
    """The first alert held back, if there is one: it asks to be the one in whose place the summary goes out."""

    def is_granted_by(self, count: HourlyCount) -> bool:
        """Tell whether all that was asked for is in an hour's count."""
        return count.admitted.issuperset(self.alerts) and self.summary in {"", count.summary}


Entry = SentAlert | RuleMemory

BeforeCall = Callable[[], None]
"""Called before each request; raises what is to keep the request from being made."""


def nothing() -> None:
    """Keep no request from being made."""


def in_transactions(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Divide entries into writes, by number and by bytes."""
    part: list[Entry] = []
    room = MOST_BYTES
    for entry in entries:
        size = _ALERT_BYTES if isinstance(entry, SentAlert) else _MEMORY_BYTES * len(entry.memories)
        if part and (len(part) == MOST_ENTRIES or size > room):
            yield part
            part, room = [], MOST_BYTES
        part.append(entry)
        room -= size
    if part:
        yield part


class Ledger(Protocol):
    """What was sent, and what rules remember."""

    def read(self, query: LedgerQuery, before_call: BeforeCall = nothing) -> LedgerSnapshot:
        """Answer. Raises RetryableError where that cannot be known."""

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Keep at most a hundred entries, all or none.

        Raises RetryableError where that failed, and PermanentError where one of them will never be taken.
        """

    def record(self, alerts: Sequence[SentAlert], before_call: BeforeCall = nothing) -> None:
        """Keep at most 25 alerts, each by itself, at half the price.

        Raises as `write` does; some may be kept all the same.
        """

    def reserve(self, wanted: Reservation, before_call: BeforeCall = nothing) -> HourlyCount:
        """Take those of the places that are left, once an alert however often it asks; return the hour as it is now.

        Never admits more than the limit, whoever else asks at the same time. Raises RetryableError where it cannot be
        known what was taken.
        """
