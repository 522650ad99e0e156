"""Channels over HTTP: the incoming webhooks of Slack, Teams and Discord, and signed webhooks of the user's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Protocol

from notifications.common.errors import DeliveryFailedError, ReceiverGoneError, RefusedDeliveryError
from notifications.delivery.sending.http import Answer, Http
from notifications.delivery.sending.sender import Outgoing
from notifications.delivery.sending.signatures import keys_in, signed_headers

USER_AGENT = "product-alerts"
# What a chat application says of a message that it would refuse again.
_REFUSALS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})
_SUCCESSES = range(200, 300)
_LONGEST_SAID = 200


class Secrets(Protocol):
    """Where URLs and keys are kept."""

    def get(self, name: str) -> str:
        """Return a secret. Raises RetryableError."""

    def forget(self, name: str) -> None:
        """Read it anew next time."""


class ChatSender:
    """Posts to an incoming webhook, whose URL is the secret."""

    def __init__(self, http: Http, secrets: Secrets, secret: str, now: Callable[[], float] = time.time) -> None:
        """Post to the URL that is kept as `secret`."""
        self._http, self._secrets, self._secret, self._now = http, secrets, secret, now

    def send(self, outgoing: Outgoing) -> None:
        """Post one message."""
        try:
            answer = self._http.post(self._secrets.get(self._secret), outgoing.body, _headers(outgoing))
            check(answer, self._now(), _REFUSALS)
        except (RefusedDeliveryError, DeliveryFailedError):
            self._secrets.forget(self._secret)  # a new URL may have been put in place
            raise


class WebhookSender:
    """Posts the alert to a URL of the user's own, signed."""

    def __init__(
        self, http: Http, secrets: Secrets, secret: str, url: str, now: Callable[[], float] = time.time
    ) -> None:
        """Post to `url`, signed with the keys that are kept as `secret`."""
        self._http, self._secrets, self._secret, self._url, self._now = http, secrets, secret, url, now

    def send(self, outgoing: Outgoing) -> None:
        """Post one message; anything but success and 410 is tried again, as the specification has it."""
        try:
            keys = keys_in(self._secrets.get(self._secret))
            headers = signed_headers(outgoing.id, int(self._now()), outgoing.body, keys)
            check(self._http.post(self._url, outgoing.body, {**_headers(outgoing), **headers}), self._now())
        except (RefusedDeliveryError, DeliveryFailedError):
            self._secrets.forget(self._secret)
            raise


def _headers(outgoing: Outgoing) -> dict[str, str]:
    return {"Content-Type": outgoing.content_type, "User-Agent": USER_AGENT}


def check(answer: Answer, now: float, refusals: frozenset[int] = frozenset()) -> None:
    """Return if the receiver has taken the message, else raise what follows from its answer."""
    if answer.status in _SUCCESSES:
        return
    said = f"answered {answer.status}" + (f": {answer.text[:_LONGEST_SAID]}" if answer.text else "")
    if answer.status == HTTPStatus.GONE:
        raise ReceiverGoneError(said)
    if answer.status in refusals:
        raise RefusedDeliveryError(said)
    raise DeliveryFailedError(said, retry_after(answer.retry_after, now))


def retry_after(header: str, now: float) -> float | None:
    """Read `Retry-After`, seconds or a date, as seconds from `now`; None where it says nothing that can be used.

    Source: RFC 9110, section 10.2.3.
    """
    text = header.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():  # Discord sends fractions
        return float(text[:20])
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.fromtimestamp(now, UTC)).total_seconds())
