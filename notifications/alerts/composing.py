"""What is said about a change: title, text, link, and the data of the alert."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from notifications.alerts.alert import TYPES, Alert
from notifications.rules.memory import Memory
from notifications.rules.price_form import MAJOR, PLAIN
from notifications.rules.prices import Moved, PriceMoved
from notifications.rules.product import Product
from notifications.rules.rule import Evaluation
from notifications.stream.attributes import Path, number, plain, plain_image
from notifications.stream.changes import REMOVE, Change
from notifications.text.formatting import (
    Template,
    decimal_text,
    digits_of,
    money_text,
    one_line,
    render_link,
    rfc3339,
    value_text,
)
from notifications.text.wording import AMOUNTS, AT_FIRST_SIGHT, AT_ZERO

_NAMESPACE = uuid.UUID("6f0c7a52-8a0b-5b53-9a0e-3d0a9c1f2b47")  # drawn once; another would give old alerts new ids
_MOST_CHANGES_NAMED = 5


def alert_id(change: Change, rule: str) -> str:
    """Return the alert's id, UUIDv5 of the stream, the record and the rule: a repeat carries the same."""
    return id_of(change.stream_arn, change.sequence_number, rule)


def compose(evaluation: Evaluation, product: Product) -> Alert:
    """Write the alert of a rule that fired.

    Raises MalformedRecordError where the item holds something that is not an attribute value.
    """
    change, rule, judgement = evaluation.change, evaluation.rule, evaluation.judgement
    texts = RenderContext(evaluation, product)
    data: dict[str, Any] = {
        "rule": rule.name,
        "severity": rule.severity,
        "title": texts.title(),
        "text": texts.text(),
        "product": plain_image(change.image),
        "changes": [
            {
                "attribute": field.attribute,
                "old": None if field.old is None else plain(field.old),
                "new": None if field.new is None else plain(field.new),
            }
            for field in change.fields(rule.reports)
        ],
        "eventName": change.event_name,
        "sequenceNumber": change.sequence_number,
    }
    if judgement.baseline is not None:
        data["baseline"] = format(judgement.baseline, "f")
    if judgement.threshold is not None:
        data["threshold"] = judgement.threshold
    if change.event_name == REMOVE:
        data["expired"] = change.expired
    link = texts.link()
    if link:
        data["link"] = link
    if evaluation.held_back.held:
        data["heldBack"] = _held_back(evaluation.held_back)
    found = [(path.text, change.current(path)) for path in product.message_attributes]
    return Alert(
        id=evaluation.alert_id,
        type=TYPES[rule.when],
        source=change.table_arn,
        subject=evaluation.product_id,
        time=rfc3339(change.created_at),
        data=data,
        message_attributes={name: value for name, value in found if value is not None},
        sequence_number=change.sequence_number,
    )


def _held_back(memory: Memory) -> dict[str, Any]:
    latest = {"title": memory.held_title, "sequenceNumber": memory.held_sequence_number}
    if memory.held_time:
        latest["time"] = memory.held_time
    return {"count": memory.held, "latest": latest}


def id_of(*parts: str) -> str:
    """Return the id of an alert, a UUIDv5 of what tells it from all others."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))


class RenderContext(dict[str, str | None]):
    """All that the title, the text and the link of one alert can speak of, by placeholder; looked up when first asked.

    None where this alert has no such value.
    """

    def __init__(self, evaluation: Evaluation, product: Product) -> None:
        """Speak of what a rule made of a change of a product."""
        super().__init__()
        self._evaluation, self._product = evaluation, product

    def title(self) -> str:
        """Write the title: one line, and never an empty one. Raises MalformedRecordError, as all of these do."""
        title = self._render(self._evaluation.rule.title)
        return " ".join(title.split()) or one_line(f"{self._evaluation.rule.name}: {self._evaluation.product_id}")

    def text(self) -> str:
        """Write the text, with what was held back before as its last line."""
        text = self._render(self._evaluation.rule.text)
        held_back = self._evaluation.held_back
        return "\n".join(filter(None, (text, held_back_text(held_back)))) if held_back.held else text

    def link(self) -> str | None:
        """Write the product's link, or None where the file names no link or the item lacks what it is made of."""
        return render_link(self._product.link, self._as_kept) if self._product.link else None

    def _as_kept(self, name: str) -> str | None:
        """Give a value as the table has it."""
        return self[f"{name}.raw" if name in _MONEY else name]

    def _render(self, template: Template) -> str:
        latest = self._evaluation.judgement.latest
        if self._evaluation.rule.when == "low_stock" and latest is not None and latest <= 0:
            template = AT_ZERO.get(template.text, template)
        shorter = AT_FIRST_SIGHT.get(template.text)
        if shorter and None in map(self.__getitem__, template.names):
            template = shorter
        named = "currency" in template.names  # then the template says itself where the code goes
        return template.render(self.__getitem__ if named or not self["currency"] else self._with_currency)

    def _with_currency(self, name: str) -> str | None:
        """Give a value as `__getitem__` does, an amount of money with its currency."""
        value = self[name]
        evaluation, product, currency = self._evaluation, self._product, self["currency"]
        if name not in _MONEY or _money(name, evaluation, product, currency) is None:
            return value
        return f"{value} {_currency_of(name, evaluation, product, currency) or ''}".rstrip()

    def __missing__(self, name: str) -> str | None:
        """Look a value up, and keep it."""
        product, change, product_id = self._product, self._evaluation.change, self._evaluation.product_id
        amount = _money(name, self._evaluation, self._product, self["currency"]) if name in _MONEY else None
        kept = name.removesuffix(".raw") if name.removesuffix(".raw") in _MONEY else name
        side, dot, rest = kept.partition(".")
        value: str | None
        if amount is not None:
            value = amount
        elif name == "id":
            value = product_id
        elif name == "name":
            value = value_text(change.current(product.name)) or product_id
        elif name == "product":
            value = product_id if self["name"] == product_id else f"{self['name']} ({product_id})"
        elif name == "currency":
            currency = product.currency
            value = (value_text(change.current(currency)) if isinstance(currency, Path) else currency) or ""
        elif name == "percent" and self._evaluation.judgement.baseline == 0:
            value = self["delta"]
        elif name == "link":
            value = self.link()
        elif kept in _OF_ALERT:
            value = _OF_ALERT[kept](self._evaluation)
        elif dot and side in {"old", "new"}:
            path = product.roles.get(rest) or Path.parse(rest)
            value = value_text(change.old(path) if side == "old" else change.new(path))
        else:
            value = value_text(change.current(product.roles.get(kept) or Path.parse(kept)))
        self[name] = value
        return value


def held_back_text(memory: Memory) -> str:
    """Say how many changes a cool-down held back, and which was the latest; "" without any."""
    if not memory.held:
        return ""
    count = "1 change before this was" if memory.held == 1 else f"{memory.held} changes before this were"
    return f"{count} held back, the latest: {memory.held_title}"


_MONEY = frozenset((*AMOUNTS, "new.price", "old.price"))


def _moved(evaluation: Evaluation) -> Moved | None:
    baseline, latest = evaluation.judgement.baseline, evaluation.judgement.latest
    return None if baseline is None or latest is None else Moved(baseline, latest)


def _money(name: str, evaluation: Evaluation, product: Product, currency: str | None) -> str | None:
    """Write an amount with the digits of its currency; None where it is not money, or its currency is unknown."""
    change, form = evaluation.change, product.price_form
    amount = None
    if name == "old.price" and isinstance(product.currency, Path):
        currency = _currency_of(name, evaluation, product, currency)
    if not currency and form.unit == MAJOR:
        return None
    if "price" in name:
        side = change.old if name == "old.price" else change.new if name == "new.price" else change.current
        value = side(product.price)
        amount = number(value) if form is PLAIN else form.amount(value, currency)
    elif isinstance(evaluation.rule.condition, PriceMoved):
        amount = _compared(name, evaluation)
    if amount is None:
        return None
    return money_text(amount, digits_of(currency) if currency else form.digits(None))


def _currency_of(name: str, evaluation: Evaluation, product: Product, currency: str | None) -> str | None:
    """Return the currency of an amount; that of {old.price} is the one before the change."""
    if name == "old.price" and isinstance(product.currency, Path):
        return value_text(evaluation.change.old(product.currency))
    return currency


def _compared(name: str, evaluation: Evaluation) -> Decimal | None:
    """Return what a rule about prices compared."""
    if name == "baseline":
        return evaluation.judgement.baseline
    if name == "delta":
        distance = _moved(evaluation)
        return distance.amount if distance else None
    threshold = evaluation.judgement.threshold
    return None if threshold is None or threshold.endswith("%") else Decimal(threshold)


def _delta(evaluation: Evaluation) -> str | None:
    distance = _moved(evaluation)
    return decimal_text(distance.amount) if distance else None


def _percent(evaluation: Evaluation) -> str | None:
    distance = _moved(evaluation)
    return str(distance) if distance else None


def _baseline(evaluation: Evaluation) -> str | None:
    baseline = evaluation.judgement.baseline
    return None if baseline is None else format(baseline, "f")


def _changes(evaluation: Evaluation) -> str:
    fields = evaluation.change.fields(evaluation.rule.condition.watches)
    named = [
        f"{field.attribute} {value_text(field.old) or 'none'} → {value_text(field.new) or 'none'}"
        for field in fields[:_MOST_CHANGES_NAMED]
    ]
    more = len(fields) - len(named)
    return ", ".join([*named, f"and {more} more"] if more else named)


_OF_ALERT: dict[str, Callable[[Evaluation], str | None]] = {
    "rule": lambda evaluation: evaluation.rule.name,
    "severity": lambda evaluation: evaluation.rule.severity,
    "changes": _changes,
    "removal": lambda evaluation: "has expired" if evaluation.change.expired else "was removed",
    "delta": _delta,
    "percent": _percent,
    "baseline": _baseline,
    "threshold": lambda evaluation: evaluation.judgement.threshold,
    "held_back": lambda evaluation: str(evaluation.held_back.held),
}
