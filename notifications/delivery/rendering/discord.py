"""A message for a webhook of Discord: one embed, which mentions nobody.

Source: Discord developer documentation, "Embed limits": title 256, description 4,096, 25 fields of 256 and 1,024,
footer 2,048, and 6,000 characters in all.
"""

from __future__ import annotations

import re
from typing import Any

from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import DigestProduct, DigestView
from notifications.delivery.rendering.text import footer, more_of
from notifications.delivery.rendering.view import BARS, AlertView, counted
from notifications.text.formatting import shorten

LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_FOOTER, MOST_CHARACTERS = 256, 4096, 2048, 6000
_MARKDOWN = re.compile(r"([\\*_~`|>#\-+=\[\]()<:@.!/])")
_ROOM = 200  # for the count of what is left out


def render_alert(alert: AlertView, receiver: Receiver) -> dict[str, Any]:
    """Write the embed about one alert."""
    numbers = " → ".join(
        filter(None, (alert.before and f"~~{escaped(alert.before)}~~", alert.after and f"**{escaped(alert.after)}**"))
    )
    lines = [f"{escaped(alert.label)} {numbers}" if numbers else "", escaped(alert.own_title), escaped(alert.reason)]
    lines += [f"{escaped(line.attribute)}: {escaped(line.old)} → {escaped(line.new)}" for line in alert.changes]
    lines += [f"and {alert.more_changes} more" if alert.more_changes else "", escaped(alert.held_back)]
    embed = _embed(alert.severity, alert.headline, "\n".join(filter(None, lines)), [*footer(alert, receiver), alert.id])
    if alert.link:
        embed["url"] = alert.link
    if alert.picture:
        embed["thumbnail"] = {"url": alert.picture}
    return _message(embed)


def render_digest(digest: DigestView, receiver: Receiver) -> dict[str, Any]:
    """Write a digest; products that do not fit are counted."""
    parts: list[str] = []
    for product in digest.products:
        part = _product(product)
        if sum(map(len, parts)) + len(parts) + len(part) > LONGEST_DESCRIPTION - _ROOM:
            break
        parts.append(part)
    left = len(digest.products) - len(parts)
    if left:
        parts.append(f"and {counted(left + digest.more_products, 'more product')}")
    elif digest.more_products:
        parts.append(f"and {more_of(digest)}")
    return _message(_embed(digest.severity, digest.headline, "\n".join(parts), footer(digest, receiver)))


def escaped(text: str) -> str:
    """Write a text so that Discord's Markdown shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", text)


def _product(product: DigestProduct) -> str:
    name = f"**{escaped(product.name)}**"
    lines = [f"[{name}](<{product.link.replace(')', '%29')}>)" if product.link else name]
    for line in product.lines:
        severity = "" if line.severity == "info" else f"**{line.severity.capitalize()}:** "
        lines.append("  ".join(filter(None, (f"{severity}{escaped(line.phrase)}", escaped(line.moved), line.clock))))
    if product.more_lines:
        lines.append(f"and {product.more_lines} earlier")
    return "\n".join(lines)


def _embed(severity: str, title: str, description: str, foot: list[str]) -> dict[str, Any]:
    return {
        "title": shorten(escaped(title), LONGEST_TITLE),
        "description": shorten(description, LONGEST_DESCRIPTION),
        "color": int(BARS[severity].removeprefix("#"), 16),
        "footer": {"text": shorten(" · ".join((severity.capitalize(), *foot)), 1000)},
    }


def _message(embed: dict[str, Any]) -> dict[str, Any]:
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}
