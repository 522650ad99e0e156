"""The way of a message out of a receiver's queue: read, ask, hold or send, write down. No exception leaves it.

What it promises, whatever a queue holds and whatever a receiver answers:
- an alert is delivered once to each receiver; if the function ends between the receiver's answer and the ledger's,
  or SQS hands out two copies at the same moment, it is delivered twice;
- one message that cannot be delivered harms no other;
- what is tried no more is kept whole in the queue `undelivered`, with the reason.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from notifications.common.errors import (
    DeliveryFailedError,
    MalformedAlertError,
    PermanentError,
    ProductAlertsError,
    ReceiverGoneError,
    RetryableError,
)
from notifications.common.time_budget import RemainingTime
from notifications.delivery.handling.channel import Channel
from notifications.delivery.handling.digests import TO_SEND, Digests
from notifications.delivery.handling.progress import (
    DELIVERED,
    DONE,
    FAILING,
    HELD,
    UNDELIVERED,
    Delivery,
    Progress,
    ProgressLedger,
    ProgressSnapshot,
    logged,
)
from notifications.delivery.handling.queues import QueuedMessage, Queues, Undelivered
from notifications.delivery.handling.retries import FLUSH_DELAYS, SOON, delay_after
from notifications.delivery.handling.windows import due
from notifications.delivery.rendering.view import AlertView

log = logging.getLogger(__name__)

Response = dict[str, Any]
ONE_DELIVERY = TO_SEND
"""Milliseconds that sending one message takes at the most, with what is written down about it."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Deliveries:
    """Delivers what stands in the queues of receivers."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        progress: ProgressLedger,
        queues: Queues,
        queue_prefix: str,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Deliver through `channels`, by the receivers' names; a queue is called `queue_prefix` and the name."""
        self._channels = channels
        self._progress = progress
        self._queues = queues
        self._queue_prefix = queue_prefix
        self._now = now
        self._digests = Digests(progress, queues, now)

    def handle(self, event: Any, remaining_time: RemainingTime | None = None) -> Response:
        """Process an event of SQS; the response is a partial batch response.

        `{"test": RECEIVER, "alert": {…}}` sends one alert at once, marked as a test, and says whether that went well.
        """
        if isinstance(event, dict) and "test" in event:
            return self._test(event)
        failures = []
        late = False
        for record in _records_of(event):
            try:
                message = QueuedMessage.of(record)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                log.warning("an entry that SQS did not write was left alone: %r", error)
                continue
            late = late or (remaining_time is not None and remaining_time() < ONE_DELIVERY)
            if late:
                self._delay(message, 0)
            if late or not self._finish(message, remaining_time):
                failures.append({"itemIdentifier": message.message_id})
        return {"batchItemFailures": failures}

    def _test(self, event: dict[str, Any]) -> Response:
        channel = self._channels.get(str(event["test"]))
        if channel is None:
            return {"delivered": False, "error": f"no receiver is called {event['test']!r}"}
        try:
            channel.send_test(json.dumps(event.get("alert")))
        except ProductAlertsError as error:
            return {"delivered": False, "error": f"{error}"}
        return {"delivered": True, "error": ""}

    def _finish(self, message: QueuedMessage, remaining_time: RemainingTime | None) -> bool:
        """Return whether the message is done with, and may be deleted."""
        receiver = message.queue_arn.rpartition(":")[2].removeprefix(self._queue_prefix)
        try:
            return self._deliver(receiver, message, remaining_time)
        except ProductAlertsError as error:  # of the ledger or the queue `undelivered`, else it was dealt with
            log.warning("%s: message %s comes again: %s", receiver, message.message_id, error)
            self._delay(message, SOON)
            return False

    def _deliver(self, receiver: str, message: QueuedMessage, remaining_time: RemainingTime | None) -> bool:
        channel = self._channels.get(receiver)
        if channel is None:
            self._keep(_nameless(receiver), message.body, PermanentError("receivers.toml has no such receiver"))
            return True
        flush = _flush_in(message.body)
        if flush:
            flushing = partial(
                self._digests.flush, channel, everything=flush.get("now") is True, remaining_time=remaining_time
            )
            return self._flush(channel, message, flushing)
        try:
            view = channel.view_of(message.body)
        except PermanentError as error:
            self._keep(_nameless(receiver), message.body, error)
            return True
        if view.id.startswith("#"):  # the ledger's own keys do
            self._keep(_nameless(receiver), message.body, MalformedAlertError('an alert\'s id cannot begin with "#"'))
            return True
        known = self._progress.read(receiver, [view.id])
        return self._decide(channel, message, view, known)

    def _decide(self, channel: Channel, message: QueuedMessage, view: AlertView, known: ProgressSnapshot) -> bool:
        receiver = channel.receiver
        before = known.progress.get(view.id, Progress(FAILING))
        if before.status in DONE:
            return True
        attempts = before.attempts if before.status == FAILING else 0
        delivery = Delivery(receiver.name, view.id, DELIVERED, attempts + 1, message.body.encode(), view.title)
        if known.disabled:
            gone = ReceiverGoneError(f"disabled until the next deploy: {known.disabled}")
            self._give_up(replace(delivery, attempts=attempts), message.body, gone)
            return True
        when = due(receiver, view.severity, self._now())
        if when:
            held = replace(delivery, status=HELD, attempts=0)
            self._progress.hold(held, when)
            log.info("%s: %s held", receiver.name, view.id, extra=logged(held))
            return True
        try:
            channel.send(view)
        except ReceiverGoneError as error:
            self._progress.disable(receiver.name, str(error))
            self._give_up(delivery, message.body, error)
            return True
        except PermanentError as error:
            self._give_up(delivery, message.body, error)
            return True
        except RetryableError as error:
            return self._try_again(message, delivery, error)
        self._write(delivery)
        log.info("%s: %s delivered", receiver.name, view.id, extra=logged(delivery))
        return True

    def _try_again(self, message: QueuedMessage, delivery: Delivery, error: RetryableError) -> bool:
        asked = error.retry_after if isinstance(error, DeliveryFailedError) else None
        delay = delay_after(delivery.attempts, asked)
        if delay is None:
            self._give_up(delivery, message.body, error)
            return True
        failing = replace(delivery, status=FAILING, error=str(error))
        log.warning(
            "%s: attempt %d failed, next in %d s: %s", delivery.receiver, delivery.attempts, delay, error,
            extra=logged(failing),
        )  # fmt: skip
        self._write(failing)
        self._delay(message, delay)
        return False

    def _flush(self, channel: Channel, message: QueuedMessage, flush: Callable[[], int]) -> bool:
        """Flush an outbox.

        What fails for long is tried again by the next hour's flush, which has its own message.
        """
        try:
            flush()
        except ProductAlertsError as error:
            asked = error.retry_after if isinstance(error, DeliveryFailedError) else None
            delay = delay_after(message.receives, asked, FLUSH_DELAYS)
            log.warning("%s: the digest failed, next attempt %s: %s", channel.receiver.name, _in(delay), error)
            if delay is None:
                return True
            self._delay(message, delay)
            return False
        return True

    def _give_up(self, delivery: Delivery, body: str, error: ProductAlertsError) -> None:
        self._keep(delivery, body, error)
        self._write(replace(delivery, status=UNDELIVERED, error=str(error)))

    def _keep(self, delivery: Delivery, body: str, error: ProductAlertsError) -> None:
        undelivered = replace(delivery, status=UNDELIVERED)
        log.warning("%s: undelivered: %s", delivery.receiver, error, extra=logged(undelivered))
        self._queues.keep(Undelivered(delivery.receiver, body, type(error).__name__, str(error), delivery.attempts))

    def _write(self, delivery: Delivery) -> None:
        """Write it down. What was sent is not sent again only because that failed."""
        try:
            self._progress.write(delivery)
        except ProductAlertsError as error:
            log.warning("%s: the ledger misses that %s is %s: %s", *_named(delivery), error)

    def _delay(self, message: QueuedMessage, seconds: int) -> None:
        try:
            self._queues.delay(message, seconds)
        except ProductAlertsError as error:
            log.warning("message %s comes again with the queue's own timeout: %s", message.message_id, error)


def _nameless(receiver: str) -> Delivery:
    """Stand for the delivery of what has no id that can be trusted."""
    return Delivery(receiver, "", UNDELIVERED, 0)


def _records_of(event: Any) -> Iterable[Any]:
    records = event.get("Records") if isinstance(event, dict) else None
    if isinstance(records, list):
        return records
    log.warning("the event has no list of Records; it came from no queue, and nothing was done")
    return ()


def _flush_in(body: str) -> dict[str, Any]:
    """Read `{"flush": RECEIVER}`, perhaps with `"now": true`; {} for any other message."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and "flush" in found and set(found) <= {"flush", "now"} else {}


def _named(delivery: Delivery) -> tuple[str, str, str]:
    return delivery.receiver, delivery.alert_id, delivery.status


def _in(delay: int | None) -> str:
    return "within the hour" if delay is None else f"in {delay} s"
