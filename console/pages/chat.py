"""A chat message drawn from its own JSON, about as a chat does."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from markupsafe import Markup

_LINK = re.compile(r"&lt;(https?://[^|&<>\s]{1,2000})\|([^&]{1,200})&gt;")
_BOLD = re.compile(r"(?<!\u2060)\*(.+?)\*(?!\u2060)")
_STRUCK = re.compile(r"(?<!\u2060)~(.+?)~(?!\u2060)")
_COLOURS = {"#2563eb": "info", "#d97706": "warning", "#dc2626": "critical"}


class Drawn(NamedTuple):
    """A message to be put into a page."""

    head: list[Markup]
    attached: list[Markup]
    severity: str


def drawn(text: str) -> Drawn | None:
    """Read a Slack message; None for what is none."""
    try:
        body = json.loads(text)
        (attachment,) = body["attachments"]
        severity = _COLOURS.get(str(attachment.get("color")).lower(), "info")
        return Drawn(list(_blocks(body["blocks"])), list(_blocks(attachment["blocks"])), severity)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _blocks(blocks: list[dict[str, Any]]) -> Iterator[Markup]:
    for block in blocks:
        if block["type"] == "section":
            yield Markup("<p>{}</p>").format(_marked_up(block["text"]["text"]))
        elif block.get("elements") and "text" in block["elements"][0]:
            yield Markup('<p class="dim small">{}</p>').format(_marked_up(str(block["elements"][0]["text"])))


def _marked_up(text: str) -> Markup:
    """Read the little of mrkdwn that the messages use. What it escapes stays escaped."""
    escaped = html.escape(html.unescape(text)) if "<http" not in text else html.escape(text, quote=False)
    escaped = escaped.replace("&amp;amp;", "&amp;").replace("&amp;lt;", "&lt;").replace("&amp;gt;", "&gt;")
    escaped = _LINK.sub(r'<a href="\1" rel="noreferrer noopener">\2</a>', escaped)
    escaped = _BOLD.sub(r"<b>\1</b>", escaped)
    return Markup(_STRUCK.sub(r"<s>\1</s>", escaped).replace("\n", "<br>"))  # noqa: S704 - all of it is escaped above
