"""What was sent and what rules remember: read once before a batch is published, written once after.

One item an alert, under what people call the product and in the order of its changes: the ledger is the history, too.
An alert's id has the stream and the sequence number in it, so products may share a name. Beside them one item a product
with what its rules remember, under the product's primary key, and one an hour of a rule that has a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from notifications.alerts.alert import Alert
from notifications.rules.memory import Hour, HourlyCount, Memory

MOST_ENTRIES = 100  # of one write, as DynamoDB's TransactWriteItems has it


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


@dataclass(slots=True)
class LedgerSnapshot:
    """The answer; what is not in it is not known."""

    sent: set[str] = field(default_factory=set)
    """Alert ids."""
    memories: dict[str, dict[str, Memory]] = field(default_factory=dict)
    """Product to rule to memory."""
    hourly_counts: dict[Hour, HourlyCount] = field(default_factory=dict)


class SentAlert(NamedTuple):
    """An alert was published."""

    product: str
    """As in `AlertKey`."""
    alert: Alert


class RuleMemory(NamedTuple):
    """What the rules remember of a product now."""

    product: str
    """As `Change.item` names it."""
    memories: Mapping[str, Memory]
    gone: bool = False
    """The product was removed: its memory may expire."""


class HourlyIncrement(NamedTuple):
    """Alerts to be counted in an hour."""

    hour: Hour
    admitted: frozenset[str]
    """Alert ids."""
    summarised: bool


Entry = SentAlert | RuleMemory | HourlyIncrement

BeforeCall = Callable[[], None]
"""Called before each request; raises what is to keep the request from being made."""


def nothing() -> None:
    """Keep no request from being made."""


class Ledger(Protocol):
    """What was sent, and what rules remember."""

    def read(self, query: LedgerQuery, before_call: BeforeCall = nothing) -> LedgerSnapshot:
        """Answer. Raises RetryableError where that cannot be known."""

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Keep at most a hundred entries, all or none. Raises RetryableError where that failed."""
