"""Alerts as SNS takes them: each with subject, body and message attributes, and in groups that one call publishes."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from notifications.alerts.alert import Alert
from notifications.common.sns_limits import LARGEST_NUMBER, LONGEST_SUBJECT, MOST_BYTES, MOST_ENTRIES, NUMBER_PLACES
from notifications.stream.attributes import number
from notifications.text.formatting import printable, shorten

log = logging.getLogger(__name__)

_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_NOT_CARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # by SNS: what XML 1.0 has not
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_LONGEST_TEXT = 1000
_ENTRY_OVERHEAD = 100  # bytes kept free for an entry's id and framing


@dataclass(frozen=True, slots=True)
class AlertMessage:
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


def to_message(alert: Alert) -> AlertMessage:
    """Write the alert within 256 KB: what does not fit is left out, and `data.shortened` says what.

    The item goes first, then the old and new values, then the end of the text, then the longest message attributes of
    the item; the title never.
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
        names = attributes.keys() & {"productId", *alert.message_attributes}
        own = sorted(names, key=lambda name: len(attributes[name]["StringValue"].encode()))
        while size > MOST_BYTES and own:
            name = own.pop()
            size -= len(attributes.pop(name)["StringValue"].encode())
            _leave_out(name)
    return AlertMessage(alert, subject, body, attributes, size)


def subject_of(title: str) -> str:
    """Make the title fit for a subject: one line, no control characters, at most 99 characters of UTF-16.

    An emoji is two of those; SNS does not say how it counts, and so fits either way.
    """
    subject = shorten(" ".join(printable(title).split()), LONGEST_SUBJECT)
    units = subject.encode("utf-16-le", errors="replace")
    if len(units) <= 2 * LONGEST_SUBJECT:
        return subject
    return units[: 2 * (LONGEST_SUBJECT - 1)].decode("utf-16-le", errors="ignore").rstrip("…") + "…"


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
    data = alert.data
    texts = {"type": alert.type, "rule": data["rule"], "severity": data["severity"], "productId": alert.subject}
    found: dict[str, dict[str, str] | None]
    found = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
    for name, value in alert.message_attributes.items():
        found[name] = _attribute(value)
    attributes = {}
    for name, attribute in found.items():
        if attribute and attribute["StringValue"] and not _NOT_CARRIED.search(attribute["StringValue"]):
            attributes[name] = attribute
        else:
            _leave_out(name)
    return attributes


@cache  # so that each is said once
def _leave_out(name: str) -> None:
    """Say that SNS cannot carry an attribute as the item has it: changed or cut, no filter would match it."""
    log.warning("message attribute %s is left out of alerts whose item has a value that SNS cannot carry", name)


def _attribute(value: Any) -> dict[str, str] | None:
    """Write a typed value as a message attribute; None for what SNS has no type for."""
    amount = number(value)
    if amount is not None:
        filterable = amount.copy_abs() <= LARGEST_NUMBER and amount == round(amount, NUMBER_PLACES)
        return {
            "DataType": "Number" if filterable else "String",
            "StringValue": format(amount, "f"),
        }
    if isinstance(value.get("S"), str):
        return {"DataType": "String", "StringValue": value["S"]}
    if isinstance(value.get("BOOL"), bool):
        return {"DataType": "String", "StringValue": "true" if value["BOOL"] else "false"}
    if isinstance(value.get("SS"), list):
        return {"DataType": "String.Array", "StringValue": _to_json(sorted(map(str, value["SS"])))}
    return None


def _to_json(value: Any) -> str:
    """Write compact JSON in UTF-8; what UTF-8 or XML cannot hold is written as an escape.

    SNS and SQS take the characters of XML alone, without the surrogates, U+FFFE and U+FFFF.
    """
    text = _COMPACT.encode(value)
    return text if text.isascii() else _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class PublishQueue:
    """Keeps each item's changes in order while calls go out side by side.

    A call may fail in part. With two changes of an item in it, or one in each of two calls under way, the later could
    go out while the earlier waits for the retry; so a change waits until all alerts about the one before it have their
    result. Alerts about one record have no order among themselves.
    """

    def __init__(self, messages: Iterable[AlertMessage], item_of: Callable[[AlertMessage], str]) -> None:
        """Take messages in the order of their records; `item_of` tells which item one is about."""
        self._item_of = item_of
        self._changes: dict[str, deque[deque[AlertMessage]]] = {}
        """By item, of each change that is not done the messages not taken yet."""
        for message in messages:
            changes = self._changes.setdefault(item_of(message), deque())
            if not changes or changes[-1][-1].alert.sequence_number != message.alert.sequence_number:
                changes.append(deque())
            changes[-1].append(message)
        self._under_way: Counter[str] = Counter()
        """By item, messages taken and without a result."""
        self._ready: deque[str] = deque()
        """Items whose earliest change may go, in the order in which they became so."""
        self._ready_messages = self._ready_bytes = 0
        for item in self._changes:
            self._make_ready(item)

    def take(self) -> list[AlertMessage]:
        """Take what the next call publishes, at most ten messages and 256 KB; empty where nothing may go now.

        A call leaves full while others are under way: what they free may fill it.
        """
        full = self._ready_messages >= MOST_ENTRIES or self._ready_bytes > MOST_BYTES
        if self._under_way and not full:
            return []
        group: list[AlertMessage] = []
        size = 0
        while self._ready:
            item = self._ready[0]
            change = self._changes[item][0]
            while change:
                if group and (len(group) == MOST_ENTRIES or size + change[0].size > MOST_BYTES):
                    return group
                message = change.popleft()
                group.append(message)
                size += message.size
                self._under_way[item] += 1
                self._ready_messages -= 1
                self._ready_bytes -= message.size
            self._ready.popleft()
        return group

    def done(self, message: AlertMessage) -> None:
        """Note that a message that was taken has its result, whatever it is."""
        item = self._item_of(message)
        self._under_way[item] -= 1
        if self._under_way[item]:
            return
        del self._under_way[item]
        changes = self._changes[item]
        if changes[0]:  # the rest of the change is ready already
            return
        changes.popleft()
        if changes:
            self._make_ready(item)
        else:
            del self._changes[item]

    def _make_ready(self, item: str) -> None:
        change = self._changes[item][0]
        self._ready.append(item)
        self._ready_messages += len(change)
        for message in change:
            self._ready_bytes += message.size
