"""Plain words: for subscribers of SNS by e-mail and by SMS, and the text part of a mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import DigestProduct, DigestView
from notifications.delivery.rendering.view import AlertView, counted
from notifications.publishing.messages import subject_of

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€")
_SEGMENT, _SEGMENT_OF_OTHERS = 160, 70
_SHORTEST_TITLE = 20


@dataclass(frozen=True, slots=True)
class TextMessage:
    """What is published to the topic for people."""

    subject: str
    """At most 99 characters, one line."""
    text: str
    sms: str
    """One segment where a link and 20 characters of a title fit into one."""


def render_alert(alert: AlertView, receiver: Receiver) -> TextMessage:
    """Write title, text, old → new lines and link."""
    lines = [*alert.text.split("\n"), "", *_facts(alert), alert.link, "", *footer(alert, receiver), alert.id]
    return TextMessage(subject_of(alert.title), _joined(lines), sms_of(alert.title, alert.link))


def render_digest(digest: DigestView, receiver: Receiver) -> TextMessage:
    """Write one line a change, by product."""
    text = _joined([*_groups(digest), "", *footer(digest, receiver)])
    return TextMessage(digest.subject, text, sms_of(digest.subject, ""))


def plain_part(shown: AlertView | DigestView, receiver: Receiver) -> str:
    """Write the text part of a mail, for those who read no HTML."""
    if isinstance(shown, DigestView):
        return _joined([shown.headline, "", *_groups(shown), "", *footer(shown, receiver)])
    head = shown.headline if shown.severity == "info" else f"{shown.severity.capitalize()}: {shown.headline}"
    return _joined(
        [head, "", *_facts(shown, shown.own_title), "", shown.link, "", "--", *footer(shown, receiver), shown.id]
    )


def footer(shown: AlertView | DigestView, receiver: Receiver) -> list[str]:
    """Say where the message comes from, and how to stop it."""
    moment = shown.moment if isinstance(shown, AlertView) else shown.span
    stage = "" if shown.stage in {"", "prod"} else f"stage {shown.stage}"
    about = " · ".join(filter(None, (moment, f'receiver "{receiver.name}"', stage)))
    stop = f"To stop these mails, write to {receiver.sender}." if receiver.kind == "mail" else ""
    return [line for line in (about, stop) if line]


def sms_of(title: str, link: str) -> str:
    """Put title and link into one segment, the title cut if it has to be; the title alone where both do not fit."""
    whole = f"{title}\n{link}" if link else title
    limit = _limit(whole)
    if _length(whole) <= limit:
        return whole
    room = limit - _length(link) - 1
    if link and room >= _SHORTEST_TITLE:
        return f"{_cut(title, room)}\n{link}"
    return _cut(title, _limit(title))


def _limit(text: str) -> int:
    return _SEGMENT if all(character in _GSM or character in _GSM_TWICE for character in text) else _SEGMENT_OF_OTHERS


def _length(text: str) -> int:
    """Count what the network counts: of the GSM alphabet, or of UTF-16 where a character is not in it."""
    if _limit(text) == _SEGMENT:
        return len(text) + sum(character in _GSM_TWICE for character in text)
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, room: int) -> str:
    """Cut to a length that the network counts; three dots, as the ellipsis is not in the GSM alphabet."""
    if _length(text) <= room:
        return text
    while text and _length(text) > room - 3:
        text = text[:-1]
    return f"{text.rstrip()}..."


def _facts(alert: AlertView, title: str = "") -> Iterator[str]:
    if alert.moved:
        yield f"{alert.label}: {alert.moved}"
    if title:
        yield title
    for change in alert.changes:
        yield f"{change.attribute}: {change.old or 'nothing'} → {change.new or 'nothing'}"
    if alert.more_changes:
        yield f"and {alert.more_changes} more changes"
    yield alert.reason
    if alert.held_back:
        yield alert.held_back


def _groups(digest: DigestView) -> Iterator[str]:
    for product in digest.products:
        yield from _group(product)
    if digest.more_products:
        yield f"and {more_of(digest)}"


def more_of(digest: DigestView) -> str:
    """Count what a digest does not name."""
    return f"{counted(digest.more_alerts, 'more alert')} about {counted(digest.more_products, 'other product')}"


def _group(product: DigestProduct) -> Iterator[str]:
    yield product.name
    for line in product.lines:
        severity = "" if line.severity == "info" else f"{line.severity}: "
        yield "  " + "  ".join(filter(None, (line.clock, f"{severity}{line.phrase}", line.moved)))
    if product.more_lines:
        yield f"  and {product.more_lines} earlier"
    if product.link:
        yield f"  {product.link}"
    yield ""


def _joined(lines: list[str]) -> str:
    """Put lines together with at most one empty line between them."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip() + "\n"
