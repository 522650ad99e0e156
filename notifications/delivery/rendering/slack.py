"""A message for an incoming webhook of Slack: Block Kit.

Source: Slack API reference, "Block Kit": a message has at most 50 blocks, a text of a section 3,000 characters.
"""

from __future__ import annotations

from typing import Any

from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import DigestProduct, DigestView
from notifications.delivery.rendering.text import footer, more_of
from notifications.delivery.rendering.view import BARS, AlertView

MOST_BLOCKS, LONGEST_SECTION = 50, 3000
_MOST_PRODUCTS = MOST_BLOCKS - 5
_FORMATTING = str.maketrans({character: f"\u2060{character}\u2060" for character in "*_~`:"})
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render_alert(alert: AlertView, receiver: Receiver) -> dict[str, Any]:
    """Write the message about one alert."""
    numbers = f"{escaped(alert.label)}  " if alert.label else ""
    if alert.before:
        numbers += f"~{escaped(alert.before)}~ → " if alert.after else f"~{escaped(alert.before)}~"
    numbers += f"*{escaped(alert.after)}*" if alert.after else ""
    others = [f"{escaped(line.attribute)}: {escaped(line.old)} → {escaped(line.new)}" for line in alert.changes]
    if alert.more_changes:
        others.append(f"and {alert.more_changes} more")
    facts = [numbers, escaped(alert.own_title), escaped(alert.reason), *others, escaped(alert.held_back)]
    section = _section("\n".join(filter(None, facts)))
    if alert.picture:
        section["accessory"] = {"type": "image", "image_url": alert.picture, "alt_text": alert.name or "product"}
    blocks = [section]
    if alert.link:
        blocks.append(_section(f"<{_in_link(alert.link)}|View the product>"))
    context = " · ".join((alert.severity.capitalize(), *footer(alert, receiver), alert.id))
    return _message(alert.subject, alert.headline, alert.severity, [*blocks, _context(context)])


def render_digest(digest: DigestView, receiver: Receiver) -> dict[str, Any]:
    """Write a digest: a section a product."""
    shown = digest.products[:_MOST_PRODUCTS]
    blocks = [_section(_product(product)) for product in shown]
    if len(shown) < len(digest.products) or digest.more_products:
        left = len(digest.products) - len(shown) + digest.more_products
        text = more_of(digest) if len(shown) == len(digest.products) else f"{left} more products"
        blocks.append(_section(f"and {text}"))
    context = " · ".join((digest.severity.capitalize(), *footer(digest, receiver)))
    return _message(digest.subject, digest.headline, digest.severity, [*blocks, _context(context)])


def escaped(text: str) -> str:
    """Write a text so that mrkdwn shows it as it is: marks of formatting lose their place at the edge of a word."""
    return text.translate(_FORMATTING).translate(_ENTITIES)


def _in_link(link: str) -> str:
    return link.translate(_ENTITIES).replace("|", "%7C")


def _product(product: DigestProduct) -> str:
    name = escaped(product.name)
    lines = [f"*<{_in_link(product.link)}|{name}>*" if product.link else f"*{name}*"]
    for line in product.lines:
        severity = "" if line.severity == "info" else f"*{line.severity.capitalize()}:* "
        lines.append("  ".join(filter(None, (f"{severity}{escaped(line.phrase)}", escaped(line.moved), line.clock))))
    if product.more_lines:
        lines.append(f"and {product.more_lines} earlier")
    return "\n".join(lines)


def _section(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_SECTION:
        text = text[:LONGEST_SECTION].rpartition("\n")[0] or f"{text[: LONGEST_SECTION - 1]}…"
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "plain_text", "text": text[:LONGEST_SECTION], "emoji": False}]}


def _message(subject: str, headline: str, severity: str, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the headline above an attachment, whose bar shows the severity; `text` is for notifications."""
    head = {"type": "section", "text": {"type": "mrkdwn", "text": f"*{escaped(headline)}*", "verbatim": True}}
    return {
        "text": subject.translate(_ENTITIES),
        "blocks": [head],
        "attachments": [{"color": BARS[severity], "fallback": subject.translate(_ENTITIES), "blocks": blocks}],
        "unfurl_links": False,
        "unfurl_media": False,
    }
