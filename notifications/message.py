"""An alert as SNS takes it: subject, body, message attributes, within SNS's limits.

Limits: Amazon SNS API Reference, "Publish"; Amazon SNS Developer Guide, "Amazon SNS message attributes".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from notifications.alerts import Alert
from notifications.attributes import number
from notifications.templates import shorten

MOST_BYTES = 262_144  # 256 KB, of one message and of a batch, message attributes included
LONGEST_SUBJECT = 99
LONGEST_ATTRIBUTE = 1024  # characters: people filter by words, and a page of text would crowd out the alert
_NUMBER_LIMIT = Decimal(10) ** 9  # SNS compares numbers from -10^9 to 10^9 with five digits after the point
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_LONGEST_TEXT = 1000
_ENTRY_OVERHEAD = 100  # bytes kept free for an entry's id and framing


@dataclass(frozen=True, slots=True)
class Message:
    """One alert, ready for the topic."""

    alert: Alert
    subject: str
    body: str
    attributes: dict[str, dict[str, str]]
    size: int
    """Bytes that SNS counts."""


def to_message(alert: Alert) -> Message:
    """Write the alert within 256 KB: what does not fit is left out, and `data.shortened` says what.

    The item goes first, then the old and new values, then the end of the text; the title never.
    """
    event = alert.cloud_event()
    attributes = _attributes(alert)
    subject = subject_of(alert.title) or alert.type
    around = len(subject.encode()) + _ENTRY_OVERHEAD + sum(
        len(name.encode()) + sum(len(part.encode()) for part in value.values()) for name, value in attributes.items()
    )  # fmt: skip
    body = _to_json(event)
    size = around + len(body.encode())
    if size > MOST_BYTES:
        for shortened in _steps(event["data"]):
            body = _to_json({**event, "data": shortened})
            size = around + len(body.encode())
            if size <= MOST_BYTES:
                break
    return Message(alert, subject, body, attributes, size)


def subject_of(title: str) -> str:
    """Make the title fit for a subject: one line, no control characters, at most 99 characters."""
    return shorten(" ".join(_printable(title).split()), LONGEST_SUBJECT)


def _steps(data: dict[str, Any]) -> list[dict[str, Any]]:
    """List ever shorter versions of `data`."""
    without_item = {**data, "product": {}, "shortened": ["product"]}
    names = [{"attribute": change["attribute"]} for change in data["changes"]]
    without_values = {**without_item, "changes": names, "shortened": ["product", "changes"]}
    least = {
        **without_values,
        "changes": [],
        "text": shorten(data["text"], _LONGEST_TEXT),
        "shortened": ["product", "changes", "text"],
    }
    least.pop("link", None)
    return [without_item, without_values, least]


def _attributes(alert: Alert) -> dict[str, dict[str, str]]:
    attributes = {
        "type": _text_attribute(alert.type),
        "rule": _text_attribute(alert.rule),
        "severity": _text_attribute(alert.severity),
        "productId": _text_attribute(alert.subject),
    }
    for name, value in alert.message_attributes.items():
        attribute = _attribute(value)
        if attribute:
            attributes[name] = attribute
    return {name: attribute for name, attribute in attributes.items() if attribute["StringValue"]}


def _attribute(value: Any) -> dict[str, str] | None:
    """Write a typed value as a message attribute; None for what SNS has no type for, or what is too long."""
    amount = number(value)
    if amount is not None:
        filterable = amount.copy_abs() <= _NUMBER_LIMIT and amount == round(amount, 5)
        return {
            "DataType": "Number" if filterable else "String",
            "StringValue": format(amount, "f"),
        }
    if isinstance(value.get("S"), str):
        return _text_attribute(value["S"])
    if isinstance(value.get("BOOL"), bool):
        return _text_attribute("true" if value["BOOL"] else "false")
    if isinstance(value.get("SS"), list):
        listed = _to_json(sorted(map(str, value["SS"])))
        return {"DataType": "String.Array", "StringValue": listed} if len(listed) <= LONGEST_ATTRIBUTE else None
    return None


def _text_attribute(text: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": shorten(_printable(text), LONGEST_ATTRIBUTE)}


def _printable(text: str) -> str:
    if text.isprintable():  # nearly every text is; asking once for all of it saves a few percent of an alert
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def _to_json(value: Any) -> str:
    """Write compact JSON in UTF-8; what UTF-8 or XML cannot hold is written as an escape.

    SNS and SQS take the characters of XML alone, without the surrogates, U+FFFE and U+FFFF.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
