"""Counts what becomes of alerts to receivers, as metrics: a layer around the ledger and the queue `undelivered`.

An alert is `delivered`, `held` for a digest or the end of quiet hours, `failing` (it comes again) or `undelivered`. One
that was held is counted again when its digest goes out, one that fails with every attempt.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from notifications.common.embedded_metrics import COUNT, FUNCTION, NAMESPACE, WriteLine, document
from notifications.common.errors import ReceiverGoneError
from notifications.delivery.handling.progress import HELD, UNDELIVERED, Delivery, Held, ProgressLedger, ProgressSnapshot
from notifications.delivery.handling.queues import QueuedMessage, Queues, Undelivered

DELIVERIES, GONE = "Deliveries", "ReceiverGone"
RECEIVER, OUTCOME = "Receiver", "Outcome"


class DeliveryMetrics:
    """Writes a line of the embedded metric format for each count."""

    def __init__(self, function_name: str, write: WriteLine, clock: Callable[[], float] = time.time) -> None:
        """Name the function in every line."""
        self._function = {FUNCTION: function_name}
        self._write = write
        self._clock = clock

    def count(self, receiver: str, outcome: str, alerts: int = 1) -> None:
        """Count alerts that this became of."""
        self._line(DELIVERIES, alerts, {RECEIVER: receiver, OUTCOME: outcome})

    def count_gone(self) -> None:
        """Count an alert that its receiver will not get, because it said that it is gone."""
        self._line(GONE, 1, {})

    def _line(self, name: str, value: int, dimensions: dict[str, str]) -> None:
        line = document(NAMESPACE, {name: (value, COUNT)}, self._function | dimensions, self._clock())
        self._write(line + "\n")


class CountedProgress:
    """A ledger of deliveries that counts what is written to it. What was sent counts, even if that is not written."""

    def __init__(self, ledger: ProgressLedger, metrics: DeliveryMetrics) -> None:
        """Count with `metrics`."""
        self._ledger = ledger
        self._metrics = metrics

    def read(self, receiver: str, alert_ids: Iterable[str]) -> ProgressSnapshot:
        """Read it."""
        return self._ledger.read(receiver, alert_ids)

    def write(self, delivery: Delivery) -> None:
        """Write it; a digest as a whole has no event, and its alerts count when they are released."""
        if delivery.event and delivery.status != UNDELIVERED:
            self._metrics.count(delivery.receiver, delivery.status)
        self._ledger.write(delivery)

    def hold(self, delivery: Delivery, due: datetime) -> None:
        """Hold it."""
        self._ledger.hold(delivery, due)
        self._metrics.count(delivery.receiver, HELD)

    def held(self, receiver: str, until: datetime) -> Iterator[Held]:
        """Give what is due."""
        return self._ledger.held(receiver, until)

    def release(self, alerts: Sequence[tuple[Held, Delivery]]) -> None:
        """Release them."""
        self._ledger.release(alerts)
        found = Counter((each.receiver, each.status) for _, each in alerts if each.status != UNDELIVERED)
        for (receiver, status), number in found.items():
            self._metrics.count(receiver, status, number)

    def open_outbox(self, receiver: str, seconds: int) -> frozenset[bytes]:
        """Take the outbox."""
        return self._ledger.open_outbox(receiver, seconds)

    def mark_sent(self, receiver: str, marks: frozenset[bytes]) -> None:
        """Mark it."""
        self._ledger.mark_sent(receiver, marks)

    def close_outbox(self, receiver: str, *, crossed_off: bool) -> None:
        """Give the outbox back."""
        self._ledger.close_outbox(receiver, crossed_off=crossed_off)

    def disable(self, receiver: str, reason: str) -> None:
        """Disable it."""
        self._ledger.disable(receiver, reason)


class CountedQueues:
    """Queues that count what is undelivered."""

    def __init__(self, queues: Queues, metrics: DeliveryMetrics) -> None:
        """Count with `metrics`."""
        self._queues = queues
        self._metrics = metrics

    def delay(self, message: QueuedMessage, seconds: int) -> None:
        """Delay it."""
        self._queues.delay(message, seconds)

    def keep(self, undelivered: Undelivered) -> None:
        """Keep it."""
        self._queues.keep(undelivered)
        self._metrics.count(undelivered.receiver, UNDELIVERED)
        if undelivered.error == ReceiverGoneError.__name__:
            self._metrics.count_gone()
