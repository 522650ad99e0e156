"""What each kind of receiver is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notifications.config.receiver import Receiver
from notifications.delivery.rendering import chatbot, discord, slack, teams, text
from notifications.delivery.rendering.digest import DigestView
from notifications.delivery.rendering.mail import MailMessage, render_mail
from notifications.delivery.rendering.text import TextMessage
from notifications.delivery.rendering.view import AlertView

PROJECT = Path(__file__).parents[3]
"""Where receivers.toml and the owner's templates lie."""


@dataclass(frozen=True, slots=True)
class JsonMessage:
    """A body to be posted, or published to the topic of a chat."""

    body: bytes
    content_type: str = "application/json"


RenderedMessage = TextMessage | MailMessage | JsonMessage
_Json = Callable[[Any, Receiver], dict[str, Any]]
_ALERT: Mapping[str, _Json] = {
    "slack": slack.render_alert,
    "teams": teams.render_alert,
    "discord": discord.render_alert,
    "chatbot": chatbot.render_alert,
}
_DIGEST: Mapping[str, _Json] = {
    "slack": slack.render_digest,
    "teams": teams.render_digest,
    "discord": discord.render_digest,
    "chatbot": chatbot.render_digest,
}


def render(
    shown: AlertView | DigestView, receiver: Receiver, message_id: str = "", folder: Path = PROJECT
) -> RenderedMessage:
    """Write the message of the receiver's kind; `message_id` names a digest's mail, an alert's mail has its own.

    Raises ConfigurationError for an owner's template that is wrong, ValueError for a digest to a webhook: a machine
    gets every alert as it is.
    """
    if receiver.kind == "mail":
        return render_mail(shown, receiver, shown.id if isinstance(shown, AlertView) else message_id, folder)
    if isinstance(shown, DigestView):
        if receiver.kind == "text":
            return text.render_digest(shown, receiver)
        if receiver.kind == "webhook":
            raise ValueError("a webhook gets no digest")
        return JsonMessage(_encoded(_DIGEST[receiver.kind](shown, receiver)))
    if receiver.kind == "text":
        return text.render_alert(shown, receiver)
    if receiver.kind == "webhook":
        return JsonMessage(shown.body.encode(), "application/cloudevents+json")
    return JsonMessage(_encoded(_ALERT[receiver.kind](shown, receiver)))


def _encoded(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
