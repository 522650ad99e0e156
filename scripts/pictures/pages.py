"""The pages that are drawn, as HTML: what receivers get for the sample changes, and the dashboard."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from notifications.config import rules_file
from notifications.config.receiver import Receiver
from notifications.config.receivers_file import parse
from notifications.delivery.rendering.digest import DigestView, digest_of
from notifications.delivery.rendering.kinds import JsonMessage, render
from notifications.delivery.rendering.mail import DARK, LIGHT, MailMessage
from notifications.delivery.rendering.view import AlertView, view_of
from notifications.publishing.messages import to_message
from operations.evaluation.recorded_events import records_in
from operations.evaluation.verdicts import judge
from operations.settings.project import PROJECT
from scripts.pictures import dashboard
from scripts.pictures.console import console_pages
from scripts.pictures.played_day import play

FOLDER = PROJECT / "docs" / "pictures"
RECORD = FOLDER / "pictures.json"
_DIGEST_OF = ("new-product", "price-drop", "low-stock", "sold-out", "back-in-stock", "mixed-batch")
_RECEIVERS = """
[[receivers]]
name = "merchandising"
kind = "mail"
to = ["merch@shop.example"]
from = "alerts@shop.example"
digest = "08:00 Europe/Berlin"

[[receivers]]
name = "buyers"
kind = "slack"
secret = "buyers-slack"
quiet = "22:00-07:00 Europe/Berlin"
"""
_CHAT = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 20px; background: {card}; color: {text}; font: 15px/22px -apple-system, "Segoe UI", Roboto,
Helvetica, Arial, sans-serif }}
.message {{ display: flex; gap: 8px }} .face {{ flex: none; width: 36px; height: 36px; border-radius: 4px;
background: {button} }} b {{ font-weight: 700 }} a {{ color: {accent}; text-decoration: none }}
.time, .context, s {{ color: {dim} }} .time, .context {{ font-size: 12px; line-height: 18px }}
.context {{ margin-top: 4px }}
.bar {{ flex: none; width: 4px; border-radius: 2px; background: {bar} }} .attached {{ display: flex; gap: 12px;
margin-top: 4px }} p {{ margin: 0 0 4px }}
</style><div class="message"><div class="face"></div><div>
<b>Product alerts</b> <span class="time">10:02</span>{head}
<div class="attached"><div class="bar"></div><div>{rest}</div></div></div></div>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A picture to be drawn."""

    html: str
    width: int
    """CSS pixels."""
    scheme: str
    """light or dark."""

    @property
    def fingerprint(self) -> str:
        """Change with whatever can be seen."""
        return hashlib.sha256(f"{self.width} {self.scheme}\n{self.html}".encode()).hexdigest()


def pages() -> Mapping[str, Page]:
    """Return the pictures by name."""
    mail, slack = parse(_RECEIVERS).all
    (drop,) = _views(mail, ("price-drop",))
    digest = digest_of(_views(mail, _DIGEST_OF), mail)
    (chat,) = _views(slack, ("price-drop",))
    if digest is None:
        raise AssertionError("the sample changes raise no alert")
    played = play()
    alert_mail, digest_mail = _mail(drop, mail), _mail(digest, mail)
    return {
        "mail-light": Page(alert_mail, 640, "light"),
        "mail-dark": Page(alert_mail, 640, "dark"),
        "mail-phone": Page(alert_mail, 375, "light"),
        "digest-light": Page(digest_mail, 640, "light"),
        "digest-dark": Page(digest_mail, 640, "dark"),
        "slack-light": Page(_chat(chat, slack, LIGHT), 640, "light"),
        "slack-dark": Page(_chat(chat, slack, DARK), 640, "dark"),
        "dashboard-light": Page(dashboard.page(played, "light", LIGHT), 1160, "light"),
        "dashboard-dark": Page(dashboard.page(played, "dark", DARK), 1160, "dark"),
        **_of_console(),
    }


def _of_console() -> dict[str, Page]:
    """Draw each page of the console, and the two that explain most in both schemes."""
    drawn = console_pages()
    both = ("console-products", "console-record")
    found = {name: Page(html, 1160, "light") for name, html in drawn.items() if name not in both}
    for name in both:
        found |= {f"{name}-{scheme}": Page(drawn[name], 1160, scheme) for scheme in ("light", "dark")}
    return found


@cache
def recorded() -> Mapping[str, Mapping[str, Any]]:
    """Return what was written down when the pictures were drawn."""
    found: Mapping[str, Mapping[str, Any]] = json.loads(RECORD.read_text("utf-8"))
    return found


def path_of(name: str) -> Path:
    """Return where a picture lies."""
    return FOLDER / f"{name}.png"


def _views(receiver: Receiver, events: tuple[str, ...]) -> list[AlertView]:
    ruleset = rules_file.load(PROJECT / "alerts.toml")
    return [
        view_of(to_message(alert).body, ruleset.product, receiver, "prod", ruleset.own_titles)
        for event in events
        for verdict in judge(ruleset, records_in(PROJECT / "events" / f"{event}.json"))
        for alert in verdict.alerts
    ]


def _mail(shown: AlertView | DigestView, receiver: Receiver) -> str:
    message = render(shown, receiver)
    if not isinstance(message, MailMessage):
        raise TypeError(message)
    return message.html


def _chat(shown: AlertView, receiver: Receiver, palette: Mapping[str, str]) -> str:
    """Draw the message's own JSON, about as a chat does."""
    message = render(replace(shown), receiver)
    if not isinstance(message, JsonMessage):
        raise TypeError(message)
    body = json.loads(message.body)
    (attachment,) = body["attachments"]
    head, rest = ("".join(_blocks(blocks)) for blocks in (body["blocks"], attachment["blocks"]))
    return _CHAT.format(head=head, rest=rest, bar=attachment["color"], **palette)


def _blocks(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        if block["type"] == "section":
            yield f"<p>{_marked_up(block['text']['text'])}</p>"
        else:
            yield f'<div class="context">{html.escape(block["elements"][0]["text"])}</div>'


def _marked_up(text: str) -> str:
    """Read the little of mrkdwn that the messages use."""
    text = re.sub(r"<([^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', text)
    text = re.sub(r"(?<!\u2060)\*(.+?)\*(?!\u2060)", r"<b>\1</b>", text)
    return re.sub(r"(?<!\u2060)~(.+?)~(?!\u2060)", r"<s>\1</s>", text).replace("\n", "<br>")
