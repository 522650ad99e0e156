"""Digests: what is due in a receiver's outbox, sent as one message."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from notifications.common.errors import OutOfTimeError, PermanentError, ProductAlertsError, ReceiverGoneError
from notifications.common.time_budget import RemainingTime
from notifications.delivery.handling.channel import MACHINE, Channel
from notifications.delivery.handling.progress import (
    DELIVERED,
    UNDELIVERED,
    Delivery,
    Held,
    ProgressLedger,
    logged,
)
from notifications.delivery.handling.queues import Queues, Undelivered
from notifications.delivery.handling.retries import HORIZON
from notifications.delivery.rendering.view import AlertView

MOST_ALERTS, MOST_BYTES = 20_000, 50_000_000
"""In one digest, for the function's memory; the rest comes with the next."""
_EARLY = timedelta(seconds=60)  # the scheduler's clock and ours may differ
_ALL = timedelta(days=2)  # nothing is held for longer
LONGEST_FLUSH = 150  # seconds; longer than the function may run, so that only one that was killed leaves it so
TO_SEND, TO_WRITE = 30_000, 10_000  # milliseconds that have to be left
_AT_ONCE = 60  # alerts, between two looks at the time
_NAMESPACE = uuid.UUID("b8a9a2c6-3a4e-5a4d-9f0c-6f1d8f0f5a11")

log = logging.getLogger(__name__)


class Digests:
    """Flushes outboxes, each by one flush at a time.

    The ledger is told with one write what a digest had in it, before the alerts are crossed off one by one.
    """

    def __init__(self, progress: ProgressLedger, queues: Queues, now: Callable[[], datetime]) -> None:
        """Read and cross off with `progress`; what a receiver refuses is kept by `queues`."""
        self._progress = progress
        self._queues = queues
        self._now = now
        self._sent: dict[str, frozenset[bytes]] = {}
        """By receiver: marks of what this process sent and the ledger may miss."""

    def flush(self, channel: Channel, *, everything: bool = False, remaining_time: RemainingTime | None = None) -> int:
        """Send what is due, or `everything` that is held, as one message; return how many alerts that were.

        An empty digest is not sent. `remaining_time` gives the milliseconds that the invocation has left.

        Raises RetryableError where it is to be tried again. A digest that is refused, or that failed for as long as an
        alert is tried, goes to the queue `undelivered`, alert by alert.
        """
        receiver = channel.receiver.name
        until = self._now() + (_ALL if everything else _EARLY)
        if next(self._progress.held(receiver, until), None) is None:
            return 0
        sent = self._progress.open_outbox(receiver, LONGEST_FLUSH) | self._sent.get(receiver, frozenset())
        crossed_off = False
        try:
            if sent:  # by a flush that could not cross off all of it: what was in its digest is in no other
                every = self._progress.held(receiver, self._now() + _ALL)
                self._cross_off(channel, [each for each in every if each.mark in sent], remaining_time)
            self._sent.pop(receiver, None)
            held = list(_as_many_as_fit(self._progress.held(receiver, until)))
            together = [[each] for each in held] if channel.receiver.kind == MACHINE else [held]
            number = sum(self._send(channel, each, remaining_time) for each in together)
            crossed_off = True
            self._sent.pop(receiver, None)
        finally:
            self._despite_the_ledger(receiver, partial(self._progress.close_outbox, receiver, crossed_off=crossed_off))
        return number

    def _send(self, channel: Channel, held: list[Held], remaining_time: RemainingTime | None) -> int:
        receiver = channel.receiver.name
        if not held:
            return 0
        known = self._progress.read(receiver, [])
        if known.disabled:
            self._give_up(
                receiver, held, ReceiverGoneError(f"disabled until the next deploy: {known.disabled}"), remaining_time
            )
            return 0
        views = [view for _, view in _read(channel, held) if view]
        digest_id = id_of(receiver, held)
        _check_time(remaining_time, TO_SEND)
        try:
            channel.send_digest(views, digest_id)
        except PermanentError as error:
            if isinstance(error, ReceiverGoneError):
                self._progress.disable(receiver, str(error))
            self._give_up(receiver, held, error, remaining_time)
            return 0
        except ProductAlertsError as error:
            if self._now() - held[0].due > timedelta(seconds=HORIZON):
                self._give_up(receiver, held, error, remaining_time)
                return 0
            raise
        marks = self._sent[receiver] = frozenset(each.mark for each in held)
        self._despite_the_ledger(receiver, partial(self._progress.mark_sent, receiver, marks))
        delivery = Delivery(receiver, digest_id, DELIVERED, 1, title=f"digest of {len(views)} alerts")
        self._despite_the_ledger(receiver, partial(self._progress.write, delivery))
        self._cross_off(channel, held, remaining_time)
        log.info("%s: digest of %d alerts delivered", receiver, len(views), extra=logged(delivery))
        return len(views)

    def _despite_the_ledger(self, receiver: str, write: Callable[[], None]) -> None:
        """Write it down. What was sent is not sent again only because that failed."""
        try:
            write()
        except ProductAlertsError as error:
            log.warning("%s: the ledger misses what became of a digest: %s", receiver, error)

    def _cross_off(self, channel: Channel, held: list[Held], remaining_time: RemainingTime | None) -> None:
        receiver = channel.receiver.name
        for start in range(0, len(held), _AT_ONCE):
            _check_time(remaining_time, TO_WRITE)
            self._progress.release([
                (each, Delivery(receiver, each.alert_id, DELIVERED, 1, each.event, view.title if view else ""))
                for each, view in _read(channel, held[start : start + _AT_ONCE])
            ])  # fmt: skip

    def _give_up(
        self,
        receiver: str,
        held: list[Held],
        error: ProductAlertsError,
        remaining_time: RemainingTime | None,
    ) -> None:
        whole = Delivery(receiver, id_of(receiver, held), UNDELIVERED, 1)
        log.warning("%s: digest of %d alerts undelivered: %s", receiver, len(held), error, extra=logged(whole))
        for each in held:
            _check_time(remaining_time, TO_WRITE)
            body = each.event.decode()
            self._queues.keep(Undelivered(receiver, body, type(error).__name__, str(error), 1))
            delivery = Delivery(receiver, each.alert_id, UNDELIVERED, 1, each.event, error=str(error))
            self._progress.release([(each, delivery)])


def _check_time(remaining_time: RemainingTime | None, needed: int) -> None:
    """Raise OutOfTimeError before Lambda ends the invocation in the middle of something."""
    if remaining_time is not None and remaining_time() < needed:
        raise OutOfTimeError("the digest is not done with, and the invocation has no time left")


def _as_many_as_fit(held: Iterable[Held]) -> Iterator[Held]:
    room = MOST_BYTES
    for each in islice(held, MOST_ALERTS):
        room -= len(each.event)
        if room < 0:
            return
        yield each


def id_of(receiver: str, held: Iterable[Held]) -> str:
    """Return the id of a digest: the same for the same alerts."""
    alerts = ",".join(sorted(each.alert_id for each in held))
    return str(uuid.uuid5(_NAMESPACE, f"{receiver},{alerts}"))


def _read(channel: Channel, held: Iterable[Held]) -> Iterator[tuple[Held, AlertView | None]]:
    for each in held:
        try:
            yield each, channel.view_of(each.event.decode())
        except PermanentError as error:  # it was read before it was held: the [product] table may have changed
            log.warning("%s: an alert was left out of the digest: %s", channel.receiver.name, error)
            yield each, None
