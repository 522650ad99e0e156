"""Filter patterns on a message: the body as JSON, and as text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from event_source_mapping.filters.patterns import parse_pattern
from event_source_mapping.model.messages import Message, ReceivedMessage, to_message
from event_source_mapping.queues.message_filter import passes
from event_source_mapping.testing.builders import QUEUE_ARN


def message(body: str) -> Message:
    """Make a message."""
    attributes = {"SentTimestamp": "1700000000123", "SqsManagedSseEnabled": "true"}
    values = {"colour": {"DataType": "String", "StringValue": "red"}}
    received = ReceivedMessage("id", "handle", body, "md5", attributes, values, "md5")
    return to_message(received, QUEUE_ARN, fifo=False, null_md5=False, lease_end=0.0)


@pytest.mark.parametrize(
    ("body", "pattern", "matches"),
    [
        ('{"kind": "keep"}', {"body": {"kind": ["keep"]}}, True),
        ('{"kind": "drop"}', {"body": {"kind": ["keep"]}}, False),
        ('{"price": 7}', {"body": {"price": [{"numeric": [">", 5, "<=", 7]}]}}, True),
        ('{"price": "7"}', {"body": {"price": [{"numeric": [">", 5]}]}}, False),
        ('{"a": 1}', {"body": {"b": [{"exists": False}]}}, True),
        ('{"a": 1, "b": 2}', {"body": {"b": [{"exists": False}]}}, False),
        ('[{"a": 1}]', {"body": {"a": [1]}}, True),
        ("plain", {"body": {"kind": ["keep"]}}, False),
        ("plain", {"body": {"kind": [{"exists": False}]}}, False),
        ("plain", {"body": ["plain"]}, True),
        ("plain", {"body": ["other"]}, False),
        ("Result: 7", {"body": [{"prefix": "Result: "}]}, True),
        ("plain", {"body": [{"anything-but": ["other"]}]}, True),
        ('{"a": 1}', {"body": [{"exists": True}]}, False),
        ('{"a": 1}', {"body": [{"exists": False}]}, False),
        ('"plain"', {"body": ["plain"]}, False),
        ("123", {"body": [123]}, False),
        ("NaN", {"body": ["NaN"]}, True),
        ("[" * 100_000, {"body": [{"prefix": "["}]}, True),
        ("plain", {"eventSource": ["aws:sqs"]}, True),
        ('{"a": 1}', {"eventSource": ["aws:sns"]}, False),
        ("plain", {"messageAttributes": {"colour": {"stringValue": ["red"]}}}, True),
    ],
)
def test_how_a_body_is_matched(body: str, pattern: dict[str, Any], *, matches: bool) -> None:
    """Each row of the table, and each kind of value [Filtering messages]."""
    assert passes((parse_pattern(json.dumps(pattern)),), message(body)) is matches


def test_patterns_are_alternatives_and_none_lets_everything_pass() -> None:
    """Of several patterns one must match [Filtering messages]."""
    patterns = tuple(parse_pattern(json.dumps({"body": [value]})) for value in ("a", "b"))
    assert [passes(patterns, message(body)) for body in ("a", "b", "c")] == [True, True, False]
    assert passes((), message("c"))


def test_the_encryption_flag_of_the_queue_is_not_passed_on() -> None:
    """The other attributes are, and the time of sending is the record's [The record of a message]."""
    made = message("a")
    assert made.event["attributes"] == {"SentTimestamp": "1700000000123"}
    assert made.created == 1_700_000_000.123
    assert json.loads(made.encoded) == made.event
