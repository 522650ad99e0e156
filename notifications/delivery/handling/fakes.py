"""In memory what DynamoDB and SQS do for real; the same contract tests hold for both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from notifications.common.errors import ServiceError
from notifications.delivery.handling.progress import Delivery, Held, Progress, ProgressSnapshot
from notifications.delivery.handling.queues import QueuedMessage, Undelivered


class MemoryProgress:
    """Deliveries and outbox that last until the process ends."""

    def __init__(self) -> None:
        """Start empty."""
        self.deliveries: dict[tuple[str, str], Delivery] = {}
        self.outbox: dict[tuple[str, datetime, str], Held] = {}
        self.disabled: dict[str, str] = {}
        self.marks: dict[str, frozenset[bytes]] = {}
        self._open: dict[str, object] = {}

    def read(self, receiver: str, alert_ids: Iterable[str]) -> ProgressSnapshot:
        """Look everything up."""
        found = {each: self.deliveries[receiver, each] for each in alert_ids if (receiver, each) in self.deliveries}
        progress = {each: Progress(delivery.status, delivery.attempts) for each, delivery in found.items()}
        return ProgressSnapshot(progress, self.disabled.get(receiver, ""))

    def write(self, delivery: Delivery) -> None:
        """Keep it."""
        self.deliveries[delivery.receiver, delivery.alert_id] = delivery

    def hold(self, delivery: Delivery, due: datetime) -> None:
        """Keep both."""
        self.write(delivery)
        self.outbox[delivery.receiver, due, delivery.alert_id] = Held(due, delivery.alert_id, delivery.event)

    def held(self, receiver: str, until: datetime) -> Iterator[Held]:
        """Give what is due, in order."""
        due = sorted(key for key in self.outbox if key[0] == receiver and key[1] <= until)
        return iter([self.outbox[key] for key in due])

    def release(self, alerts: Sequence[tuple[Held, Delivery]]) -> None:
        """Take them out."""
        for held, delivery in alerts:
            self.deliveries[delivery.receiver, delivery.alert_id] = delivery
            self.outbox.pop((delivery.receiver, held.due, held.alert_id), None)

    def open_outbox(self, receiver: str, seconds: int) -> frozenset[bytes]:
        """Take it, if nobody has it."""
        mine: object = object()
        if self._open.setdefault(receiver, mine) is not mine:
            raise ServiceError(f"another flush has the outbox, for {seconds} s at the most")
        return self.marks.get(receiver, frozenset())

    def mark_sent(self, receiver: str, marks: frozenset[bytes]) -> None:
        """Keep them."""
        self.marks[receiver] = marks

    def close_outbox(self, receiver: str, *, crossed_off: bool) -> None:
        """Give it back."""
        if crossed_off:
            self.marks.pop(receiver, None)
        self._open.pop(receiver, None)

    def disable(self, receiver: str, reason: str) -> None:
        """Keep the reason."""
        self.disabled[receiver] = reason


class MemoryQueues:
    """Queues that note what was done with them."""

    def __init__(self) -> None:
        """Start empty."""
        self.delays: list[tuple[str, int]] = []
        """Message id and seconds."""
        self.undelivered: list[Undelivered] = []

    def delay(self, message: QueuedMessage, seconds: int) -> None:
        """Note the delay."""
        self.delays.append((message.message_id, seconds))

    def keep(self, undelivered: Undelivered) -> None:
        """Keep the message."""
        self.undelivered.append(undelivered)
