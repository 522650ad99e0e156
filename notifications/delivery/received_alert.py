"""An alert as it arrives: bytes of a queue, taken for an alert only after a look at every field that is used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications.alerts.alert import TYPES
from notifications.common.errors import MalformedAlertError
from notifications.common.sns_limits import MOST_BYTES
from notifications.config.rule_keys import SEVERITY
from notifications.stream.attributes import Path

_ID = re.compile(r"[!-~]{1,256}")
"""A key of the ledger and a header: ours are UUIDs, any text of ASCII is taken."""
_MOST_CHANGES = 1000
_MOST_DIGITS = 20  # of a plain JSON number: all others are texts
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
_SEQUENCE_NUMBER = re.compile(r"[0-9]{1,40}")


@dataclass(frozen=True, slots=True)
class ReceivedAlert:
    """A published alert whose fields have the types that they should have; texts are as they came."""

    id: str
    type: str
    subject: str
    severity: str
    rule: str
    time: datetime | None
    sequence_number: int
    """0 where it is not known."""
    product: Mapping[str, Any]
    changes: tuple[Mapping[str, Any], ...]
    data: Mapping[str, Any]
    event: Mapping[str, Any]
    """All of it."""
    body: str
    """As it came."""

    def text(self, name: str) -> str:
        """Return a text of the data; "" where it is missing."""
        value = self.data.get(name)
        return value if isinstance(value, str) else ""

    def attribute(self, path: Path) -> Any:
        """Return a plain value of the item, or the new one of a change; None where neither has it."""
        value: Any = self.product.get(path.top)
        for part in path.rest:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                value = None
        if value is None:
            value = next((each.get("new") for each in self.changes if each["attribute"] == path.text), None)
        return value


def read_alert(body: str | bytes | Mapping[str, Any]) -> ReceivedAlert:
    """Read the CloudEvent in the body of a message. Raises MalformedAlertError."""
    event = body if isinstance(body, Mapping) else _parsed(body)
    alert_id, kind, subject = (_text(event, name) for name in ("id", "type", "subject"))
    data = event.get("data")
    if not _ID.fullmatch(alert_id):
        raise MalformedAlertError("expected id to be at most 256 characters of ASCII, without spaces")
    if event.get("specversion") != "1.0" or kind not in TYPES.values() or not isinstance(data, dict):
        raise MalformedAlertError("expected a CloudEvent 1.0 with a type and data of this project")
    if data.get("severity") not in SEVERITY.words:
        raise MalformedAlertError("expected data.severity to be info, warning or critical")
    product, changes = data.get("product"), data.get("changes")
    if not isinstance(product, dict) or not isinstance(changes, list):
        raise MalformedAlertError("expected data.product to be an object, and data.changes a list")
    if not all(isinstance(each, dict) and isinstance(each.get("attribute"), str) for each in changes):
        raise MalformedAlertError("expected each of data.changes to name its attribute")
    sequence_number = data.get("sequenceNumber")
    known = isinstance(sequence_number, str) and _SEQUENCE_NUMBER.fullmatch(sequence_number)
    return ReceivedAlert(
        id=alert_id,
        type=kind,
        subject=subject,
        severity=str(data["severity"]),
        rule=_text(data, "rule"),
        time=time_of(event.get("time")),
        sequence_number=int(str(sequence_number)) if known else 0,
        product=product,
        changes=tuple(changes[:_MOST_CHANGES]),
        data=data,
        event=event,
        body=_COMPACT.encode(body) if isinstance(body, Mapping) else _decoded(body),
    )


def time_of(value: Any) -> datetime | None:
    """Read a time in UTC; None for whatever else stands there."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _parsed(body: str | bytes) -> Mapping[str, Any]:
    size = len(body) if isinstance(body, bytes) else len(body.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise MalformedAlertError(f"expected at most {MOST_BYTES} bytes, got {size}")
    try:
        event = json.loads(body, parse_int=_whole, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise MalformedAlertError(f"expected JSON: {error}") from None
    if not isinstance(event, dict):
        raise MalformedAlertError("expected a JSON object")
    return event


def _decoded(body: str | bytes) -> str:
    return body if isinstance(body, str) else body.decode("utf-8", "replace")


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MalformedAlertError(f"expected {name} to be text that is not empty")
    return value
