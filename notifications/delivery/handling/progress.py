"""What is known of each alert and receiver, and the outbox: alerts that wait for a digest or the end of quiet hours."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

DELIVERED, HELD, FAILING, UNDELIVERED, AGAIN = "delivered", "held", "failing", "undelivered", "again"
"""AGAIN: an operator asked for the alert to be delivered once more."""
DONE = frozenset({DELIVERED, HELD})
MARK_BYTES = 16
DISABLED = "disabled"
"""Of a receiver, not of a delivery: it answered 410, and is sent nothing until the next deployment."""


class Progress(NamedTuple):
    """How far the delivery of one alert to one receiver has come."""

    status: str
    attempts: int = 0
    """Those that failed, since it was last given to the queue."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is written down about one alert and one receiver."""

    receiver: str
    alert_id: str
    status: str
    attempts: int
    event: bytes = b""
    """The alert as it was published, so that it can be delivered again."""
    title: str = ""
    error: str = ""


def logged(delivery: Delivery) -> dict[str, Any]:
    """Return the fields of the log line that tells of a delivery; nothing of the product is among them."""
    named = {"alertId": delivery.alert_id} if delivery.alert_id else {}
    return {"receiver": delivery.receiver, "outcome": delivery.status, "attempts": delivery.attempts, **named}


class Held(NamedTuple):
    """An alert in the outbox."""

    due: datetime
    alert_id: str
    event: bytes

    @property
    def mark(self) -> bytes:
        """Stand for this entry of the outbox in what a flush marks as sent: 16 bytes, so that 20,000 fit an item."""
        return hashlib.sha256(f"{self.due.isoformat()}#{self.alert_id}".encode()).digest()[:MARK_BYTES]


@dataclass(slots=True)
class ProgressSnapshot:
    """The answer about one receiver; what is not in it is not known."""

    progress: dict[str, Progress] = field(default_factory=dict)
    """By the alert's id."""
    disabled: str = ""
    """Why the receiver was disabled by this deployment; empty: it is not."""


class ProgressLedger(Protocol):
    """Where all that is kept. Every method raises RetryableError where that failed."""

    def read(self, receiver: str, alert_ids: Iterable[str]) -> ProgressSnapshot:
        """Answer for at most 99 alerts."""

    def write(self, delivery: Delivery) -> None:
        """Keep what became of a delivery, in the place of what was known of it."""

    def hold(self, delivery: Delivery, due: datetime) -> None:
        """Put an alert into the outbox and write that down, both or neither; twice is once."""

    def held(self, receiver: str, until: datetime) -> Iterator[Held]:
        """Give what is due by then, the earliest first."""

    def release(self, alerts: Sequence[tuple[Held, Delivery]]) -> None:
        """Take alerts out of the outbox, and keep what became of each."""

    def open_outbox(self, receiver: str, seconds: int) -> frozenset[bytes]:
        """Keep other flushes from an outbox, for so many seconds at the most; return the marks of what was sent.

        Raises RetryableError, too, while another flush has it.
        """

    def mark_sent(self, receiver: str, marks: frozenset[bytes]) -> None:
        """Remember what a digest had in it, in the place of what was marked before: all of it or nothing."""

    def close_outbox(self, receiver: str, *, crossed_off: bool) -> None:
        """Let the next flush have an outbox; `crossed_off` forgets the marks, too."""

    def disable(self, receiver: str, reason: str) -> None:
        """Disable a receiver until the next deployment."""
