"""Alerts as SNS takes them: each with subject, body and message attributes, and grouped for publishing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from notifications.alerts.alert import Alert
from notifications.common.sns_limits import LARGEST_NUMBER, LONGEST_SUBJECT, MOST_BYTES, NUMBER_PLACES
from notifications.stream.attributes import number
from notifications.text.formatting import printable, shorten

LONGEST_ATTRIBUTE = 1024  # characters: people filter by words, and a page of text would crowd out the alert
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
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


def cloud_event(alert: Alert) -> dict[str, Any]:
    """Return the alert as the JSON object that is published.

    Source: CloudEvents 1.0, JSON event format. One JSON Schema a type stands in `schemas/`.
    """
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": alert.id,
        "source": alert.source,
        "type": alert.type,
        "subject": alert.subject,
        "time": alert.time,
        "datacontenttype": "application/json",
        "data": alert.data,
    }
    if alert.time is None:
        del event["time"]
    return event


def to_message(alert: Alert) -> Message:
    """Write the alert within 256 KB: what does not fit is left out, and `data.shortened` says what.

    The item goes first, then the old and new values, then the end of the text; the title never.
    """
    event = cloud_event(alert)
    attributes = _attributes(alert)
    subject = subject_of(alert.data["title"]) or alert.type
    around = len(subject.encode()) + _ENTRY_OVERHEAD
    for name, value in attributes.items():
        around += len(name.encode()) + len("".join(value.values()).encode())
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
    return shorten(" ".join(printable(title).split()), LONGEST_SUBJECT)


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
        "rule": _text_attribute(alert.data["rule"]),
        "severity": _text_attribute(alert.data["severity"]),
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
        filterable = amount.copy_abs() <= LARGEST_NUMBER and amount == round(amount, NUMBER_PLACES)
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
    if len(text) > LONGEST_ATTRIBUTE or not text.isprintable():
        text = shorten(printable(text), LONGEST_ATTRIBUTE)
    return {"DataType": "String", "StringValue": text}


def _to_json(value: Any) -> str:
    """Write compact JSON in UTF-8; what UTF-8 or XML cannot hold is written as an escape.

    SNS and SQS take the characters of XML alone, without the surrogates, U+FFFE and U+FFFF.
    """
    text = _COMPACT.encode(value)
    return text if text.isascii() else _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
