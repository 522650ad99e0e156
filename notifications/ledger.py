"""What was sent and what rules remember: read once before a batch is published, written once after.

One item an alert, under its product and in the order of the product's changes: the ledger is the history, too.
Beside them one item a product with what its rules remember, and one an hour of a rule that has a limit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from notifications.alerts import Alert
from notifications.decide import Hour, Tally
from notifications.memory import Memory

MOST_ENTRIES = 100  # of one write, as DynamoDB's TransactWriteItems has it
LONGEST_KEY = 512  # characters; DynamoDB takes 2,048 bytes for a partition key


class LedgerKey(NamedTuple):
    """Where something stands in the table."""

    product: str
    alert: str

    @classmethod
    def of_alert(cls, product: str, sequence_number: str, alert_id: str) -> LedgerKey:
        """Give an alert's key: the sequence number is padded, so that the order of texts is its order."""
        return cls(product, f"{sequence_number:0>40}#{alert_id}")

    @classmethod
    def of_hour(cls, hour: Hour) -> LedgerKey:
        """Give the key of an hour of a rule."""
        return cls(f"#limit#{hour.rule}", str(hour.starts_at))


def product_key(source: str, subject: str) -> str:
    """Name a product across tables; one too long for a key is cut and told apart by its hash."""
    name = f"{source}#{subject}"
    if len(name) <= LONGEST_KEY:
        return name
    return f"{name[: LONGEST_KEY - 65]}#{hashlib.sha256(name.encode(errors='replace')).hexdigest()}"


@dataclass(slots=True)
class Question:
    """What a batch has to know before it is published."""

    alerts: dict[LedgerKey, str] = field(default_factory=dict)
    """Key to alert id."""
    products: set[str] = field(default_factory=set)
    hours: set[Hour] = field(default_factory=set)


@dataclass(slots=True)
class Known:
    """The answer; what is not in it is not known."""

    sent: set[str] = field(default_factory=set)
    memories: dict[str, dict[str, Memory]] = field(default_factory=dict)
    """Product to rule to memory."""
    tallies: dict[Hour, Tally] = field(default_factory=dict)


class SentAlert(NamedTuple):
    """An alert was published."""

    product: str
    alert: Alert


class RuleMemory(NamedTuple):
    """What the rules remember of a product now."""

    product: str
    memories: Mapping[str, Memory]
    gone: bool = False
    """The product was removed: to be forgotten some time."""


class HourTally(NamedTuple):
    """Alerts to be counted in an hour."""

    hour: Hour
    admitted: frozenset[str]
    summarised: bool


Entry = SentAlert | RuleMemory | HourTally

BeforeCall = Callable[[], None]
"""Called before each request; raises what is to keep the request from being made."""


def nothing() -> None:
    """Keep no request from being made."""


class Ledger(Protocol):
    """What was sent, and what rules remember."""

    def read(self, question: Question, before_call: BeforeCall = nothing) -> Known:
        """Answer. Raises RetryableError where that cannot be known."""

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Keep at most a hundred entries, all or none. Raises RetryableError where that failed."""
