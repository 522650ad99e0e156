"""Alerts as they arrive, receivers of every kind, and names that somebody chose to do harm."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from notifications.config.receiver import Digest, Receiver
from notifications.delivery.rendering.digest import DigestView, digest_of
from notifications.delivery.rendering.view import AlertView, view_of
from notifications.rules.product import Product
from notifications.stream.attributes import Path
from operations.evaluation.receivers_check import SAMPLE

PRODUCT = Product(currency="USD", image=Path.parse("photo"))
BERLIN = ZoneInfo("Europe/Berlin")
_SAMPLE = json.dumps(SAMPLE)
KINDS = ("text", "mail", "slack", "teams", "discord", "chatbot")
CHATS = ("slack", "teams", "discord", "chatbot")
HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)> & \"quotes\" 'too'",
    "jinja": "{{ 7 * 7 }}{% raw %}{# comment #}",
    "format": "{name.__class__} {0} {} %s",
    "mrkdwn": "*bold* _it_ ~no~ `code` <!channel> <@U123> <https://evil.example|shop> :fire:",
    "markdown": "[click](https://evil.example) **b** @everyone <@&1> ||x|| # head",
    "json": '","attachments":[{"color":"red"}],"x":"\\',
    "card": "${name} <at>Anna</at> ![x](https://evil.example/i.png)",
    "right to left": "\u202egnp.esuoM\u202c \u2066x\u2069 \u200f\u200e شاشة",
    "headers": "Mouse\r\nBcc: everyone@shop.example\r\n\r\n<b>body</b>",
    "controls": "Mo\x00u\x1bse\x7f\x85\u2028\u2029",
    "halves": "Mouse \ud83d \udc00 \ufffe",
    "emoji": "Mouse 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🎉",
    "long": "Wireless " * 5000,
    "blank": " \t\n ",
}


def event(**changes: Any) -> dict[str, Any]:
    """Make a published alert; keys with an underscore change `data`, `product` adds to the item."""
    made: dict[str, Any] = json.loads(_SAMPLE)
    made["data"]["severity"] = "info"
    made["data"]["changes"] = [{"attribute": "price", "old": "25.99", "new": "19.99"}]
    del made["data"]["heldBack"]
    for name, value in changes.items():
        if name == "product":
            made["data"]["product"] |= value
        elif name in {"id", "type", "subject", "time", "specversion"}:
            made[name] = value
        elif value is None:
            made["data"].pop(name, None)
        else:
            made["data"][name] = value
    return made


def receiver(kind: str = "mail", **values: Any) -> Receiver:
    """Make a receiver that reads times in Berlin."""
    given: dict[str, Any] = {
        "to": ("merch@shop.example",),
        "sender": "alerts@shop.example",
        "digest": Digest(None, BERLIN),
    } | values
    return Receiver("merchandising", kind, **given)


def view(to: Receiver | None = None, stage: str = "dev", own_titles: tuple[str, ...] = (), **changes: Any) -> AlertView:
    """Make the view of an alert."""
    return view_of(event(**changes), PRODUCT, to or receiver(), stage, own_titles)


def many(products: int, changes: int, name: str = "Wireless Mouse") -> list[AlertView]:
    """Make the views of so many changes of so many products."""
    return [
        view(
            id=f"{product}-{change}",
            subject=f"prod-{product}",
            product={"name": f"{name} {product:03}"},
            sequenceNumber=str(1000 + change),
            time=f"2026-11-21T09:{change % 60:02}:00Z",
            severity=("info", "warning", "critical")[product % 3],
        )
        for product in range(products)
        for change in range(changes)
    ]


@cache
def ten_thousand() -> DigestView:
    """Give the digest of ten thousand alerts, which take a second to make."""
    made = digest_of(many(500, 20), receiver())
    assert made
    return made
