"""What SNS and SQS take and their models do not say.

Sources: Amazon SNS API Reference, "Publish" and "PublishBatch"; Amazon SNS Developer Guide, "Amazon SNS message
attributes"; Amazon SQS Developer Guide, "Amazon SQS message quotas"; Amazon SQS API Reference, "SendMessage",
"ReceiveMessage" and "ChangeMessageVisibility".
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

MOST_ENTRIES = 10
LARGEST_PUBLISHED = 262_144
"""Of one message and of all in a call, where the topic has the size that is its default."""
LARGEST_SENT = 1_048_576
LONGEST_SUBJECT = 99
"""In units of UTF-16: nobody says how SNS counts, and this is how most is counted."""
MOST_ATTRIBUTES = 10
LONGEST_ATTRIBUTE_NAME = 256
_TWELVE_HOURS = 43_200
_RANGES = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 20, "VisibilityTimeout": _TWELVE_HOURS, "DelaySeconds": 900}
_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_QUEUE_NAME = re.compile(r"(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_OF_AWS = ("aws.", "amazon.")
_LINE_BREAKS = {"Cc", "Zl", "Zp"}  # categories of Unicode: controls, line and paragraph separators


def published(operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Say what SNS would refuse."""
    if operation == "Publish":
        yield from _message_mistakes(params)
        yield from _too_large(_size(params, "Message"), LARGEST_PUBLISHED)
    elif operation == "PublishBatch":
        entries = params["PublishBatchRequestEntries"]
        yield from _entry_mistakes(entries)
        for entry in entries:
            yield from _message_mistakes(entry)
        yield from _too_large(sum(_size(entry, "Message") for entry in entries), LARGEST_PUBLISHED)


def queued(operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    """Say what SQS would refuse."""
    entries = params.get("Entries", [params])
    if operation.endswith("Batch"):
        yield from _entry_mistakes(entries)
    for entry in entries:
        if operation.startswith("SendMessage"):
            yield from _text_mistakes("the body", entry["MessageBody"])
            yield from _attribute_mistakes(entry.get("MessageAttributes", {}))
        for name, most in _RANGES.items():
            if not int(name == "MaxNumberOfMessages") <= entry.get(name, 1) <= most:
                yield f"{name} is {entry[name]}: expected up to {most}"
    if operation.startswith("SendMessage"):
        yield from _too_large(sum(_size(entry, "MessageBody") for entry in entries), LARGEST_SENT)
    if not _QUEUE_NAME.fullmatch(params.get("QueueName", "queue")):
        yield f"a queue named {params['QueueName'][:100]!r}"


def _entry_mistakes(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(entries) <= MOST_ENTRIES:
        yield f"{len(entries)} entries: expected 1 to {MOST_ENTRIES}"
    ids = [entry["Id"] for entry in entries]
    if len(set(ids)) < len(ids):
        yield "the same Id twice"
    yield from (f"an Id that is {each[:100]!r}" for each in ids if not _ENTRY_ID.fullmatch(each))


def _message_mistakes(entry: Mapping[str, Any]) -> Iterator[str]:
    yield from _text_mistakes("the message", entry["Message"])
    yield from _attribute_mistakes(entry.get("MessageAttributes", {}))
    if "Subject" in entry:
        subject = entry["Subject"]
        units = len(subject.encode("utf-16-le", "surrogatepass")) // 2
        if not 1 <= units <= LONGEST_SUBJECT:
            yield f"a subject of {units} units of UTF-16: expected 1 to {LONGEST_SUBJECT}"
        if {unicodedata.category(character) for character in subject} & _LINE_BREAKS:
            yield "a line break or a control character in the subject"
        yield from _text_mistakes("the subject", subject)
    if entry.get("MessageStructure") == "json":
        pairs = json.loads(entry["Message"], object_pairs_hook=list)
        if "default" not in dict(pairs) or len(dict(pairs)) < len(pairs):
            yield "a text a protocol, but without a default, or with one twice"
        if not all(isinstance(text, str) for _, text in pairs):
            yield "a text a protocol, and one is not a text"


def _text_mistakes(what: str, text: str) -> Iterator[str]:
    if not text:
        yield f"{what} is empty"
    found = _NOT_XML.search(text)
    if found:
        yield f"{what} has {found[0]!r}, which is not a character of XML"


def _attribute_mistakes(attributes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if len(attributes) > MOST_ATTRIBUTES:
        yield f"{len(attributes)} message attributes: expected at most {MOST_ATTRIBUTES}"
    for name, attribute in attributes.items():
        if (
            not _ATTRIBUTE_NAME.fullmatch(name)
            or len(name) > LONGEST_ATTRIBUTE_NAME
            or name.lower().startswith(_OF_AWS)
        ):
            yield f"a message attribute named {name[:100]!r}"
        kind, value = attribute["DataType"], attribute.get("StringValue", "")
        if kind == "Binary":
            if not attribute.get("BinaryValue"):
                yield f"the message attribute {name[:100]} is empty"
            continue
        yield from _text_mistakes(f"the message attribute {name[:100]}", value)
        if kind not in {"String", "Number", "String.Array"}:
            yield f"a message attribute of type {kind[:100]!r}"
        if (kind == "Number" and not _is_number(value)) or (kind == "String.Array" and not _is_array(value)):
            yield f"the message attribute {name[:100]} is not what its type {kind} says"


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and text.isascii()
    except InvalidOperation:
        return False


def _is_array(text: str) -> bool:
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, list) and not any(isinstance(each, list | dict) for each in found)


def _size(entry: Mapping[str, Any], body: str) -> int:
    parts = [entry[body], entry.get("Subject", "")]
    for name, attribute in entry.get("MessageAttributes", {}).items():
        parts += [name, *attribute.values()]
    return sum(len(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")) for part in parts)


def _too_large(size: int, most: int) -> Iterator[str]:
    if size > most:
        yield f"{size} bytes together: expected at most {most}"
