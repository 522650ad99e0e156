"""One alert, ready for eyes: the same words and numbers for every kind of receiver, in the order they are read in.

What happened, old → new, why one hears of it, what else changed, where to go.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from notifications.config.receiver import Receiver
from notifications.delivery.received_alert import ReceivedAlert, read_alert
from notifications.delivery.rendering.formats import Formats, decimal_of
from notifications.delivery.rendering.safe_text import clean, safe_link, words
from notifications.delivery.rendering.what_changed import SHOWS_NUMBER, ChangeLine, MainNumber, changes_of, number_of
from notifications.rules.product import Product
from notifications.stream.attributes import Path
from notifications.text.formatting import shorten

LONGEST_SUBJECT = 99  # characters, as SNS has it
SEEN = 60  # characters of a subject that are shown everywhere
_LONGEST_NAME, _SHORTEST_NAME, _LONGEST_TEXT = 120, 20, 1000
_MOST_CHANGES = 8
BARS: Mapping[str, str] = {"info": "#2563eb", "warning": "#d97706", "critical": "#dc2626"}
"""The colour of a severity where it is not text; seen on a light and on a dark ground."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """What is shown of an alert. Every text is one line, free of control characters, and not escaped for any format."""

    id: str
    type: str
    severity: str
    """info, warning or critical."""
    rule: str
    product_id: str
    identity: tuple[str, str, str]
    """What sets products apart, whole and not for people: the table, the id, and the name, as ids may be shared."""
    name: str
    """The product's name, or its id."""
    headline: str
    """What happened, with the product: "Wireless Mouse is 23% cheaper"."""
    phrase: str
    """The same without the product: "23% cheaper"."""
    subject: str
    """The headline and the new value; the name is cut so that both are seen in the first 60 characters."""
    label: str
    """What `before` and `after` are: Price, Stock, or an attribute; "" where there is no number that matters."""
    before: str
    after: str
    reason: str
    """The rule, and what it needs."""
    own_title: str
    """The title where the rule has one of its own, which says more than the headline; "" for the others."""
    changes: tuple[ChangeLine, ...]
    """What else changed."""
    more_changes: int
    """How many changes stand in no line."""
    held_back: str
    """What was held back before; "" where nothing was."""
    link: str
    """http or https; "" without one."""
    picture: str
    """https; "" without one."""
    moment: str
    """When it happened, for people; "" where nobody knows."""
    clock: str
    """The time of day of it, for a line of a digest."""
    stage: str
    title: str
    """As the rule writes it in alerts.toml."""
    text: str
    """The same of the text, a line each."""
    happened: datetime | None
    sequence_number: int
    """Orders the changes of a product."""
    body: str
    """The CloudEvent as it came, JSON."""

    @property
    def moved(self) -> str:
        """Old → new in one line."""
        return " → ".join(filter(None, (self.before, self.after)))


def view_of(
    body: str | bytes | Mapping[str, Any],
    product: Product,
    receiver: Receiver,
    stage: str,
    own_titles: Container[str] = (),
) -> AlertView:
    """Make the view of an alert for a receiver, with the `[product]` table that it was made by.

    `own_titles` names the rules whose title says what no headline can. Raises MalformedAlertError.
    """
    alert = read_alert(body)
    formats = Formats(receiver.language, receiver.zone)
    name = words(alert.attribute(product.name), _LONGEST_NAME) or clean(alert.subject, _LONGEST_NAME) or "A product"
    number = number_of(alert, product, formats)
    main, lines = changes_of(alert, number)
    if number is None and main:
        number = MainNumber(main.attribute, Path.parse("name"), main.old, main.new)
    summary = isinstance(alert.data.get("summary"), dict)
    headline, phrase = _headline(alert, formats, number, main)
    if summary:
        number, lines, phrase = None, (), clean(alert.text("title"), _LONGEST_TEXT)
        headline = phrase.replace("{", "{{").replace("}", "}}")
    after = number.after if number and alert.type in SHOWS_NUMBER else ""
    title = clean(alert.text("title"), _LONGEST_TEXT)
    return AlertView(
        id=clean(alert.id, 256),
        type=alert.type,
        severity=alert.severity,
        rule=clean(alert.rule, 100),
        product_id=clean(alert.subject, _LONGEST_NAME),
        identity=(str(alert.event.get("source", "")), alert.subject, name),
        name=name,
        headline=headline.format(name=name),
        phrase=phrase,
        subject=_subject(headline, name, after),
        label=number.label if number else "",
        before=number.before if number else "",
        after=number.after if number else "",
        reason=_reason(alert, formats),
        own_title=title if alert.rule in own_titles and not summary else "",
        changes=lines[:_MOST_CHANGES],
        more_changes=max(len(lines) - _MOST_CHANGES, 0),
        held_back="" if summary else _held_back(alert),
        link=safe_link(alert.data.get("link")),
        picture=safe_link(alert.attribute(product.image), ("https",)) if product.image else "",
        moment=formats.moment(alert.time) if alert.time else "",
        clock=formats.clock(alert.time) if alert.time else "",
        stage=clean(stage, 40),
        title=title,
        text="\n".join(filter(None, (clean(line, _LONGEST_TEXT) for line in alert.text("text").split("\n")[:20]))),
        happened=alert.time,
        sequence_number=alert.sequence_number,
        body=alert.body,
    )


def as_test(view: AlertView) -> AlertView:
    """Mark an alert that somebody sends to try a receiver."""
    subject = shorten(f"Test: {view.subject}", LONGEST_SUBJECT)
    return replace(view, headline=f"Test: {view.headline}", subject=subject, title=f"Test: {view.title}")


def counted(count: int, word: str) -> str:
    """Write a count with its word."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _headline(
    alert: ReceivedAlert, formats: Formats, number: MainNumber | None, main: ChangeLine | None
) -> tuple[str, str]:
    """Say what happened, as a pattern with the product's {name} and without it."""
    after = number.after if number else ""
    if alert.type in {"product.price_dropped", "product.price_raised"}:
        return _price_headline(alert, formats, number)
    if alert.type == "product.low_stock" and after == "0":
        return "{name} is sold out", "sold out"
    if alert.type == "product.low_stock":
        left = f": {after} left" if after else ""
        return f"{{name}} is running low{left}", f"running low{left}"
    if alert.type == "product.changed":
        changed = [main.attribute if main else "", *(clean(each["attribute"], 60) for each in alert.changes[1:3])]
        names = _braced(", ".join(filter(None, changed)) + (" …" if len(alert.changes) > 3 else ""))  # noqa: PLR2004
        plain = names.replace("{{", "{").replace("}}", "}")
        return (f"{{name}}: {names} changed", f"{plain} changed") if names else ("{name} was edited", "edited")
    gone = "has expired" if alert.data.get("expired") is True else "was removed"
    return {
        "product.out_of_stock": ("{name} is sold out", "sold out"),
        "product.back_in_stock": ("{name} is back in stock", "back in stock"),
        "product.added": ("New: {name}", "new"),
        "product.removed": (f"{{name}} {gone}", gone.removeprefix("was ").removeprefix("has ")),
    }[alert.type]


def _price_headline(alert: ReceivedAlert, formats: Formats, number: MainNumber | None) -> tuple[str, str]:
    old = decimal_of(alert.data.get("baseline"))
    new = number.value if number else None
    share = formats.percent(old, new) if old is not None and new is not None else ""
    comparison = "cheaper" if alert.type == "product.price_dropped" else "more expensive"
    if share:
        return f"{{name}} is {share} {comparison}", f"{share} {comparison}"
    if old is None and number:
        return f"{{name}} costs {_braced(number.after)}", f"costs {number.after}"
    return f"{{name}} is {comparison}", comparison


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _subject(headline: str, name: str, after: str) -> str:
    """Put the headline and the new value into one line; a name that is too long gives way."""
    value = f": {after}" if after and _braced(after) not in headline else ""
    room = SEEN - len(headline.format(name="")) - len(value)
    return clean(headline.format(name=shorten(name, max(room, _SHORTEST_NAME))) + value, LONGEST_SUBJECT)


def _reason(alert: ReceivedAlert, formats: Formats) -> str:
    threshold = clean(formats.threshold(alert.text("threshold")), 60)
    if threshold and alert.type == "product.low_stock":
        needs = f": fewer than {threshold}"
    elif threshold.endswith("%"):
        needs = f": needs {threshold}"
    else:
        needs = f": threshold {threshold}" if threshold else ""
    return f"Rule {clean(alert.rule, 100)}{needs}"


def _held_back(alert: ReceivedAlert) -> str:
    held = alert.data.get("heldBack")
    count = str(held.get("count")) if isinstance(held, dict) else ""
    if not isinstance(held, dict) or not count.isdecimal() or not count.isascii() or len(count) > 9 or not int(count):  # noqa: PLR2004
        return ""
    latest = held.get("latest")
    title = clean(str(latest.get("title", "")), 200) if isinstance(latest, dict) else ""
    said = f"{counted(int(count), 'change')} before this {'was' if int(count) == 1 else 'were'} held back"
    return f"{said}, the latest: {title}" if title else said
