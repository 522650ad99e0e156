"""What is said about a change, as a CloudEvent.

Source: CloudEvents 1.0, JSON event format. One JSON Schema a type stands in `schemas/`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from notifications.alerts.texts import RenderContext
from notifications.rules.memory import Hour, Memory
from notifications.rules.product import Product
from notifications.rules.rule import Evaluation
from notifications.stream.attributes import plain, plain_image
from notifications.stream.changes import REMOVE, Change
from notifications.text.formatting import rfc3339

TYPES = {
    "added": "product.added",
    "removed": "product.removed",
    "changed": "product.changed",
    "price_drop": "product.price_dropped",
    "price_rise": "product.price_raised",
    "out_of_stock": "product.out_of_stock",
    "back_in_stock": "product.back_in_stock",
    "low_stock": "product.low_stock",
}
_NAMESPACE = uuid.UUID("6f0c7a52-8a0b-5b53-9a0e-3d0a9c1f2b47")  # drawn once; another would give old alerts new ids


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert about one change, ready to be published."""

    id: str
    """The same for the same record and rule, however often the record comes."""
    type: str
    source: str
    """The table's ARN."""
    subject: str
    """The product's id."""
    time: str | None
    """When the record was created, RFC 3339; None where the record does not say."""
    data: dict[str, Any]
    message_attributes: dict[str, Any]
    """Attributes of the product that subscribers filter by: name to typed value, those that the item has."""
    sequence_number: str

    @property
    def title(self) -> str:
        """One line for people."""
        return str(self.data["title"])

    @property
    def rule(self) -> str:
        """The name of the rule that fired."""
        return str(self.data["rule"])

    @property
    def severity(self) -> str:
        """info, warning or critical."""
        return str(self.data["severity"])

    def cloud_event(self) -> dict[str, Any]:
        """Return the alert as the JSON object that is published."""
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time,
            "datacontenttype": "application/json",
            "data": self.data,
        }
        if self.time is None:
            del event["time"]
        return event


def alert_id(change: Change, rule: str) -> str:
    """Return the alert's id, UUIDv5 of the stream, the record and the rule: a repeat carries the same."""
    return _uuid(change.stream_arn, change.sequence_number, rule)


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


def summarised(alert: Alert, limit: int, hour: Hour) -> Alert:
    """Turn the first alert beyond the limit into the one that says so; every invocation gives it the same id."""
    until = rfc3339(hour.ends_at) or ""
    data = {
        **alert.data,
        "title": f"{alert.rule}: {limit} alerts this hour, more are held back",
        "text": (
            f'Rule "{alert.rule}" has alerted {limit} times since {rfc3339(hour.starts_at)}. '
            f"Further alerts of it are held back until {until}. The first of them: {alert.title}"
        ),
        "summary": {"limit": limit, "until": until},
    }
    return replace(alert, id=_uuid(alert.source, alert.rule, str(hour.starts_at)), data=data)


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))
