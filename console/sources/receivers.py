"""The receivers of a stage, and what an alert looks like to each of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from notifications.common.errors import ConfigurationError, MalformedAlertError, ReceiversError
from notifications.config import receivers_file
from notifications.config.receiver import Receiver, Receivers
from notifications.delivery.rendering.kinds import JsonMessage, render
from notifications.delivery.rendering.mail import MailMessage
from notifications.delivery.rendering.view import AlertView, view_of
from notifications.rules.ruleset import Ruleset
from operations.settings.project import PROJECT
from operations.settings.service_file import read_service

SAMPLE = "sample"
_SAMPLES = {
    "mail": Receiver("sample-mail", "mail", to=("you@shop.example",), sender="alerts@shop.example"),
    "slack": Receiver("sample-slack", "slack"),
    "teams": Receiver("sample-teams", "teams"),
    "discord": Receiver("sample-discord", "discord"),
    "text": Receiver("sample-text", "text"),
}
"""What an alert would look like to a receiver of a kind that the file does not have."""
_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a receiver would get it."""

    receiver: Receiver
    subject: str
    text: str
    """Of a mail, or of a text."""
    html: str
    """Of a mail."""
    json: str
    """Of a chat or a webhook, indented."""


def receivers_of(stage: str) -> Receivers:
    """Read the receivers of a stage; there are none where the file has a mistake, which the Rules page shows."""
    try:
        service = read_service(PROJECT, stage, {})
        return receivers_file.load(PROJECT / service.receivers_file, plain_http=service.plain_http)
    except (ConfigurationError, ReceiversError):
        return Receivers(())


def previews(receivers: Receivers) -> list[Receiver]:
    """List who a message can be shown for: the stage's receivers, and a sample of each kind that they lack."""
    kinds = {receiver.kind for receiver in receivers.all}
    return [*receivers.all, *(sample for kind, sample in _SAMPLES.items() if kind not in kinds)]


def view(body: str, rules: Ruleset, receiver: Receiver, stage: str) -> AlertView | None:
    """Make the view of an alert; None for what is not an alert."""
    try:
        return view_of(body, rules.product, receiver, stage, rules.own_titles)
    except MalformedAlertError:
        return None


def message(shown: AlertView, receiver: Receiver) -> Shown:
    """Render an alert for a receiver. Raises ConfigurationError for an owner's template that is wrong."""
    rendered = render(shown, receiver)
    if isinstance(rendered, MailMessage):
        return Shown(receiver, rendered.subject, rendered.text, rendered.html, "")
    if isinstance(rendered, JsonMessage):
        return Shown(receiver, "", "", "", indented(rendered.body.decode()))
    return Shown(receiver, rendered.subject, rendered.text, "", "")


def indented(text: str) -> str:
    """Indent JSON; what is not JSON stays as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def in_scheme(html: str, scheme: str) -> str:
    """Have a mail shown as if the reader's device were set to light or dark."""
    return _DARK.sub("@media all" if scheme == "dark" else "@media not all", html)
