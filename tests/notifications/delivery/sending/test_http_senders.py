"""What a receiver gets, and what follows from its answer."""

from __future__ import annotations

import base64
import json
import time
from email.utils import formatdate

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from notifications.common.errors import DeliveryFailedError, ReceiverGoneError, RefusedDeliveryError
from notifications.delivery.sending.fakes import MemorySecrets
from notifications.delivery.sending.http import Http
from notifications.delivery.sending.http_senders import ChatSender, WebhookSender, retry_after
from notifications.delivery.sending.sender import Outgoing
from notifications.delivery.sending.signatures import keys_in, signed_headers
from tests.notifications.delivery.sending.servers import Reply, Server

HTTP = Http(allow_private=True)
KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
OLD_KEY = "whsec_" + base64.b64encode(b"o" * 24).decode()
ALERT = Outgoing("2f1e3c9a-5d0a-5b1c-9a53-b1d8d6a3f0aa", "", '{"title": "Größe 🙂"}'.encode())
NOW = 1795251720.0


def webhook(server: Server, secret: str = KEY) -> WebhookSender:
    """Make a sender to a server."""
    return WebhookSender(HTTP, MemorySecrets(hook=secret), "hook", f"http://127.0.0.1:{server.port}/hook")


def chat(server: Server) -> ChatSender:
    """Make a sender to a server."""
    return ChatSender(HTTP, MemorySecrets(room=f"http://127.0.0.1:{server.port}/T/B/x\n"), "room", lambda: NOW)


# The signature


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_a_webhook_is_verified_by_an_independent_library_with_either_key(key: str) -> None:
    """While keys are changed both are in use, and the receiver may know the one or the other."""
    with Server() as server:
        webhook(server, f"{KEY} {OLD_KEY}").send(ALERT)
        (request,) = server.requests
    assert Webhook(key).verify(request.body, request.headers) == {"title": "Größe 🙂"}
    assert request.headers["webhook-id"] == ALERT.id
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body"])
def test_a_webhook_that_was_changed_on_its_way_is_not_verified(changed: str) -> None:
    """Id, time and body are signed together."""
    headers = signed_headers(ALERT.id, int(time.time()), ALERT.body, keys_in(KEY))
    Webhook(KEY).verify(ALERT.body, headers)
    body = ALERT.body + b" " if changed == "body" else ALERT.body
    if changed != "body":
        headers[changed] = {"webhook-id": "other", "webhook-timestamp": str(int(time.time()) + 1)}[changed]
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(body, headers)


def test_each_attempt_has_the_time_that_it_was_made_at() -> None:
    """Receivers refuse old timestamps, and a retry may be hours later."""
    with Server() as server:
        times = iter([1000.0, 1000.0, 8000.9, 8000.9])
        sender = WebhookSender(
            HTTP, MemorySecrets(hook=KEY), "hook", f"http://127.0.0.1:{server.port}/", lambda: next(times)
        )
        for _ in range(2):
            sender.send(ALERT)
        assert [request.headers["webhook-timestamp"] for request in server.requests] == ["1000", "8000"]


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_short", KEY.removeprefix("whsec_"), f"{KEY} {KEY} {KEY}", "whsec_###", "whsec_ä"]
)
def test_a_secret_that_is_no_key_is_tried_again_and_not_repeated(secret: str) -> None:
    """The owner may put it right while the alerts wait."""
    with pytest.raises(DeliveryFailedError) as failed:
        keys_in(secret)
    assert secret in {"", "whsec_"} or secret not in str(failed.value)


# Answers


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_any_status_of_200(status: int) -> None:
    """Teams answers 202, Discord 204."""
    with Server() as server:
        server.replies = [Reply(status, (), b"")] * 2
        webhook(server).send(ALERT)
        chat(server).send(ALERT)
        assert [request.body for request in server.requests] == [ALERT.body] * 2


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504])
def test_a_webhook_is_tried_again_after_any_other_answer(status: int) -> None:
    """A developer mends the endpoint while the alert waits. Source: Standard Webhooks, "Deliverability"."""
    with Server() as server:
        server.replies = [Reply(status, (), b"down for maintenance")]
        with pytest.raises(DeliveryFailedError, match=f"answered {status}: down for maintenance"):
            webhook(server).send(ALERT)


@pytest.mark.parametrize("make", [webhook, chat])
def test_410_says_that_the_receiver_is_gone(make: object) -> None:
    """It is not to be asked again."""
    with Server() as server:
        server.replies = [Reply(410)]
        with pytest.raises(ReceiverGoneError):
            make(server).send(ALERT)  # type: ignore[operator]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_chat_that_refuses_a_message_would_refuse_it_again(status: int) -> None:
    """The owner hears of it at once, and not a day later."""
    with Server() as server:
        server.replies = [Reply(status, (), b"invalid_payload")]
        with pytest.raises(RefusedDeliveryError, match="invalid_payload"):
            chat(server).send(ALERT)


@pytest.mark.parametrize(("header", "seconds"), [("30", 30.0), ("0.65", 0.65), (formatdate(NOW + 90), 90.0)])
def test_a_chat_that_is_busy_says_when_to_come_back(header: str, seconds: float) -> None:
    """Slack, Teams and Discord send 429 with Retry-After."""
    with Server() as server:
        server.replies = [Reply(429, (("Retry-After", header),))]
        with pytest.raises(DeliveryFailedError) as failed:
            chat(server).send(ALERT)
    assert failed.value.retry_after == seconds


@pytest.mark.parametrize("header", ["", "soon", "-5", "1e9", "٣", "nan", "inf", "Thu, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing_is_left_alone(header: str) -> None:
    """The header is the receiver's, and may hold anything."""
    assert retry_after(header, NOW) is None


def test_a_date_that_is_over_means_now() -> None:
    """Clocks differ."""
    assert retry_after(formatdate(NOW - 90), NOW) == 0.0


def test_after_a_failure_the_secret_is_read_anew() -> None:
    """It may have been changed, which is why it failed."""
    secrets = MemorySecrets(room="https://127.0.0.1/")
    with pytest.raises(RefusedDeliveryError):
        ChatSender(Http(), secrets, "room").send(ALERT)
    assert secrets.forgotten == ["room"]


def test_a_url_that_is_a_secret_is_not_in_the_message() -> None:
    """Logs and the ledger keep what went wrong, and more people read those."""
    secrets = MemorySecrets(room="http://hooks.invalid/services/T000/B000/secret")
    with pytest.raises(DeliveryFailedError) as failed:
        ChatSender(HTTP, secrets, "room").send(ALERT)
    assert "secret" not in str(failed.value)
    assert json.loads(ALERT.body)
