"""Digests: what is due in a receiver's outbox, sent as one message."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from notifications.common.errors import PermanentError, ProductAlertsError, ReceiverGoneError
from notifications.delivery.handling.channel import Channel
from notifications.delivery.handling.progress import (
    DELIVERED,
    UNDELIVERED,
    Delivery,
    Held,
    ProgressLedger,
)
from notifications.delivery.handling.queues import Queues, Undelivered
from notifications.delivery.handling.retries import HORIZON
from notifications.delivery.rendering.view import AlertView

MOST_ALERTS, MOST_BYTES = 20_000, 50_000_000
"""In one digest, for the function's memory; the rest comes with the next."""
_EARLY = timedelta(seconds=60)  # the scheduler's clock and ours may differ
_ALL = timedelta(days=2)  # nothing is held for longer
_NAMESPACE = uuid.UUID("b8a9a2c6-3a4e-5a4d-9f0c-6f1d8f0f5a11")

log = logging.getLogger(__name__)


class Digests:
    """Flushes outboxes."""

    def __init__(self, progress: ProgressLedger, queues: Queues, now: Callable[[], datetime]) -> None:
        """Read and cross off with `progress`; what a receiver refuses is kept by `queues`."""
        self._progress = progress
        self._queues = queues
        self._now = now

    def flush(self, channel: Channel, *, everything: bool = False) -> int:
        """Send what is due, or `everything` that is held, as one message; return how many alerts that were.

        An empty digest is not sent.

        Raises RetryableError where it is to be tried again. A digest that is refused, or that failed for as long as an
        alert is tried, goes to the queue `undelivered`, alert by alert.
        """
        receiver = channel.receiver.name
        held = list(_as_many_as_fit(self._progress.held(receiver, self._now() + (_ALL if everything else _EARLY))))
        if not held:
            return 0
        digest_id = id_of(receiver, held)
        known = self._progress.read(receiver, [digest_id])
        read = list(_read(channel, held))
        if known.disabled:
            self._give_up(receiver, held, ReceiverGoneError(f"disabled until the next deploy: {known.disabled}"))
            return 0
        views = [view for _, view in read if view]
        if digest_id not in known.progress:  # else it is out, and only could not be crossed off
            try:
                channel.send_digest(views, digest_id)
            except PermanentError as error:
                if isinstance(error, ReceiverGoneError):
                    self._progress.disable(receiver, str(error))
                self._give_up(receiver, held, error)
                return 0
            except ProductAlertsError as error:
                if self._now() - held[0].due > timedelta(seconds=HORIZON):
                    self._give_up(receiver, held, error)
                    return 0
                raise
            title = f"digest of {len(views)} alerts"
            self._progress.write(Delivery(receiver, digest_id, DELIVERED, 1, title=title))
        self._cross_off(receiver, read)
        log.info("%s: digest of %d alerts delivered", receiver, len(views))
        return len(views)

    def _cross_off(self, receiver: str, read: Iterable[tuple[Held, AlertView | None]]) -> None:
        self._progress.release([
            (each, Delivery(receiver, each.alert_id, DELIVERED, 1, each.event, view.title if view else ""))
            for each, view in read
        ])  # fmt: skip

    def _give_up(self, receiver: str, held: list[Held], error: ProductAlertsError) -> None:
        log.warning("%s: digest of %d alerts undelivered: %s", receiver, len(held), error)
        for each in held:
            body = each.event.decode()
            self._queues.keep(Undelivered(receiver, body, type(error).__name__, str(error), 1))
            delivery = Delivery(receiver, each.alert_id, UNDELIVERED, 1, each.event, error=str(error))
            self._progress.release([(each, delivery)])


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
