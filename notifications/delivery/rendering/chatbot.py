"""A custom notification for Amazon Q Developer in chat applications, which reads it from an SNS topic: no secret.

Source: Amazon Q Developer in chat applications Administrator Guide, "Custom notifications".
"""

from __future__ import annotations

from typing import Any

from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import DigestView
from notifications.delivery.rendering.slack import escaped
from notifications.delivery.rendering.text import footer, more_of
from notifications.delivery.rendering.view import AlertView, counted
from notifications.text.formatting import shorten

LONGEST_TITLE, LONGEST_DESCRIPTION = 250, 3000  # characters, our own limits: what a chat shows in one message
_ROOM = 300


def render_alert(alert: AlertView, receiver: Receiver) -> dict[str, Any]:
    """Write the notification about one alert; those about a product share a thread."""
    numbers = " → ".join(
        filter(None, (alert.before and f"~{escaped(alert.before)}~", alert.after and f"*{escaped(alert.after)}*"))
    )
    lines = [f"{escaped(alert.label)} {numbers}" if numbers else "", escaped(alert.own_title), escaped(alert.reason)]
    lines += [f"{escaped(line.attribute)}: {escaped(line.old)} → {escaped(line.new)}" for line in alert.changes]
    lines += [f"and {alert.more_changes} more" if alert.more_changes else "", escaped(alert.held_back), alert.link]
    lines += [escaped(" · ".join((alert.severity.capitalize(), *footer(alert, receiver))))]
    found = _notification(alert.headline, lines, alert.subject)
    found["id"] = alert.id
    found["metadata"] |= {"threadId": alert.product_id, "eventType": alert.type}
    return found


def render_digest(digest: DigestView, receiver: Receiver) -> dict[str, Any]:
    """Write a digest; products that do not fit are counted."""
    lines: list[str] = []
    size = named = 0
    for product in digest.products:
        part = [f"*{escaped(product.name)}*"]
        for line in product.lines:
            severity = "" if line.severity == "info" else f"{line.severity.capitalize()}: "
            part.append("  ".join(filter(None, (f"{severity}{escaped(line.phrase)}", escaped(line.moved), line.clock))))
        part += [f"and {product.more_lines} earlier"] if product.more_lines else []
        size += sum(map(len, part)) + len(part)
        if size > LONGEST_DESCRIPTION - _ROOM:
            break
        lines += part
        named += 1
    left = len(digest.products) - named
    if left or digest.more_products:
        rest = counted(left + digest.more_products, "more product") if left else more_of(digest)
        lines.append(f"and {rest}")
    return _notification(digest.headline, [*lines, escaped(" · ".join(footer(digest, receiver)))], digest.subject)


def _notification(title: str, lines: list[str], summary: str) -> dict[str, Any]:
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": shorten(escaped(title), LONGEST_TITLE),
            "description": shorten("\n".join(filter(None, lines)), LONGEST_DESCRIPTION),
        },
        "metadata": {"summary": escaped(summary), "enableCustomActions": False},
    }
