"""Step 5: what is said about a change, as a CloudEvent.

Source: CloudEvents 1.0, JSON event format. One JSON Schema a type stands in `schemas/`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from notifications.attributes import plain, plain_image
from notifications.decide import Hour
from notifications.decode import StreamRecord
from notifications.texts import Occasion, filled, held_back_text, link_of

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


def compose(occasion: Occasion) -> Alert:
    """Write the alert of a rule that fired.

    Raises MalformedRecordError where the item holds something that is no attribute value.
    """
    product, change, rule, judgement, memory = occasion
    record = change.record
    text = filled(rule.text, occasion)
    data: dict[str, Any] = {
        "rule": rule.name,
        "severity": rule.severity,
        "title": title_of(occasion),
        "text": "\n".join(filter(None, (text, held_back_text(memory)))),
        "product": plain_image(change.image),
        "changes": [
            {"attribute": field.attribute, "old": _plain_or_none(field.old), "new": _plain_or_none(field.new)}
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
    if memory.held:
        data["heldBack"] = {
            "count": memory.held,
            "latest": {
                "title": memory.held_title,
                "sequenceNumber": memory.held_sequence_number,
                **({"time": memory.held_time} if memory.held_time else {}),
            },
        }
    found = ((path.text, change.current(path)) for path in product.message_attributes)
    return Alert(
        id=alert_id(record, rule.name),
        type=TYPES[rule.when],
        source=record.table_arn,
        subject=product.id_of(change),
        time=rfc3339(record.created_at),
        data=data,
        message_attributes={name: value for name, value in found if value is not None},
        sequence_number=record.sequence_number,
    )


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


def title_of(occasion: Occasion) -> str:
    """Write the title: one line, and never an empty one."""
    title = filled(occasion.rule.title, occasion)
    return " ".join(title.split()) or f"{occasion.rule.name}: {occasion.product.id_of(occasion.change)}"


def alert_id(record: StreamRecord, rule: str) -> str:
    """Return the alert's id, UUIDv5 of the stream, the record and the rule: a repeat carries the same."""
    return _uuid(record.stream_arn, record.sequence_number, rule)


def rfc3339(seconds: float | None) -> str | None:
    """Write epoch seconds as 2026-11-21T09:30:00Z; None where there is no such time."""
    if seconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.isoformat(timespec="milliseconds" if seconds % 1 else "seconds").replace("+00:00", "Z")


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))


def _plain_or_none(value: Any) -> Any:
    return None if value is None else plain(value)
