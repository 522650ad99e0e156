"""Step 4: what is said about a change, as a CloudEvent.

Source: CloudEvents 1.0, JSON event format. One JSON Schema a type stands in `schemas/`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notifications.attributes import plain, plain_image
from notifications.changes import ProductChange
from notifications.conditions import Judgement
from notifications.product import Product
from notifications.rules import Rule
from notifications.texts import filled, link_of

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
        """Give the alert as the JSON object that is published."""
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


def compose(product: Product, change: ProductChange, rule: Rule, judgement: Judgement) -> Alert:
    """Write the alert of a rule that fired; MalformedRecordError where the item holds something that is no value."""
    record = change.record
    title = filled(rule.title, product, change, rule, judgement)
    data: dict[str, Any] = {
        "rule": rule.name,
        "severity": rule.severity,
        "title": " ".join(title.split()),
        "text": filled(rule.text, product, change, rule, judgement),
        "product": plain_image(change.image),
        "changes": [
            {
                "attribute": field.attribute,
                "old": _plain_or_none(field.old),
                "new": _plain_or_none(field.new),
            }
            for field in change.fields(rule.reports)
        ],
        "eventName": record.event_name,
        "sequenceNumber": record.sequence_number,
    }
    if judgement.baseline is not None:
        data["baseline"] = format(judgement.baseline, "f")
    if judgement.threshold is not None:
        data["threshold"] = judgement.threshold
    if record.event_name == "REMOVE":
        data["expired"] = record.expired
    link = link_of(product, change)
    if link:
        data["link"] = link
    found = ((path.text, change.current(path)) for path in product.message_attributes)
    return Alert(
        id=alert_id(record.stream_arn, record.sequence_number, rule.name),
        type=TYPES[rule.when],
        source=record.table_arn,
        subject=product.id_of(change),
        time=_rfc3339(record.created_at),
        data=data,
        message_attributes={name: value for name, value in found if value is not None},
        sequence_number=record.sequence_number,
    )


def alert_id(stream_arn: str, sequence_number: str, rule: str) -> str:
    """Return the alert's id, UUIDv5 of the record and the rule: a repeat carries the same."""
    return str(uuid.uuid5(_NAMESPACE, f"{stream_arn}\n{sequence_number}\n{rule}"))


def _plain_or_none(value: Any) -> Any:
    return None if value is None else plain(value)


def _rfc3339(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.isoformat(timespec="milliseconds" if seconds % 1 else "seconds").replace("+00:00", "Z")
