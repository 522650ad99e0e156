"""A message for a Workflows webhook of Microsoft Teams: an Adaptive Card.

Texts of others stand in RichTextBlocks alone, which read no Markdown. Sources: Adaptive Cards schema 1.5; Microsoft
Teams connector, "Known issues and limitations": a message has about 28 KB, counted here in UTF-16 to be on the safe
side.
"""

from __future__ import annotations

import json
from typing import Any

from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import DigestProduct, DigestView
from notifications.delivery.rendering.text import footer, more_of
from notifications.delivery.rendering.view import AlertView, counted

MOST_BYTES = 28_000
_COLOURS = {"info": "accent", "warning": "warning", "critical": "attention"}
_BARS = {"info": "accent", "warning": "warning", "critical": "attention"}


def render_alert(alert: AlertView, receiver: Receiver) -> dict[str, Any]:
    """Write the card about one alert."""
    body = _head(alert.severity, alert.headline)
    if alert.picture:
        body.append({"type": "Image", "url": alert.picture, "altText": alert.name, "size": "Medium"})
    if alert.moved:
        before = [_run(alert.before, strikethrough=True, isSubtle=True), _run(" → ")] if alert.before else []
        body.append(
            _runs(_run(f"{alert.label}  ", isSubtle=True), *before, _run(alert.after, weight="Bolder", size="Large"))
        )
    if alert.own_title:
        body.append(_runs(_run(alert.own_title)))
    body.append(_runs(_run(alert.reason, isSubtle=True)))
    for line in alert.changes:
        body.append(_runs(_run(f"{line.attribute}  ", isSubtle=True), _run(f"{line.old} → {line.new}")))
    if alert.more_changes:
        body.append(_runs(_run(f"and {alert.more_changes} more", isSubtle=True)))
    if alert.held_back:
        body.append(_runs(_run(alert.held_back, isSubtle=True)))
    body.append(_footer(" · ".join((*footer(alert, receiver), alert.id))))
    return _message(body, alert.subject, alert.link)


def render_digest(digest: DigestView, receiver: Receiver) -> dict[str, Any]:
    """Write a digest; products that do not fit are counted."""
    products = list(digest.products)
    while True:
        body = _head(digest.severity, digest.headline)
        for product in products:
            body += _product(product)
        left = len(digest.products) - len(products)
        if left:
            body.append(_runs(_run(f"and {counted(left + digest.more_products, 'more product')}", isSubtle=True)))
        elif digest.more_products:
            body.append(_runs(_run(f"and {more_of(digest)}", isSubtle=True)))
        body.append(_footer(" · ".join(footer(digest, receiver))))
        message = _message(body, digest.subject, "")
        if size_of(message) <= MOST_BYTES or not products:
            return message
        del products[-max(1, len(products) // 8) :]


def size_of(message: dict[str, Any]) -> int:
    """Count the bytes that Teams may count."""
    return len(json.dumps(message, ensure_ascii=False).encode("utf-16-le"))


def _head(severity: str, headline: str) -> list[dict[str, Any]]:
    """Give the severity as a word on a coloured ground, and the headline."""
    word = _runs(_run(severity.capitalize(), weight="Bolder", color=_COLOURS[severity]))
    bar = {"type": "Container", "style": _BARS[severity], "bleed": True, "items": [word]}
    return [bar, _runs(_run(headline, weight="Bolder", size="Large"))]


def _product(product: DigestProduct) -> list[dict[str, Any]]:
    name = _run(product.name, weight="Bolder")
    if product.link:
        name["selectAction"] = {"type": "Action.OpenUrl", "url": product.link}
    blocks = [{**_runs(name), "separator": True}]
    for line in product.lines:
        severity = (
            []
            if line.severity == "info"
            else [_run(f"{line.severity.capitalize()}: ", weight="Bolder", color=_COLOURS[line.severity])]
        )
        rest = "  ".join(filter(None, (line.phrase, line.moved)))
        blocks.append({**_runs(*severity, _run(rest), _run(f"  {line.clock}", isSubtle=True)), "spacing": "None"})
    if product.more_lines:
        blocks.append({**_runs(_run(f"and {product.more_lines} earlier", isSubtle=True)), "spacing": "None"})
    return blocks


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _runs(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _footer(text: str) -> dict[str, Any]:
    return {**_runs(_run(text, isSubtle=True, size="Small")), "separator": True}


def _message(body: list[dict[str, Any]], summary: str, link: str) -> dict[str, Any]:
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": summary,
        "msteams": {"width": "Full"},
        "body": body,
    }
    if link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "View the product", "url": link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "summary": summary, "attachments": [attachment]}
