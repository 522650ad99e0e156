"""Records given up: kept whole, with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.common.errors import ServiceError
from notifications.publishing.failures import MOST_BYTES, Parked, SqsFailures, record_in, to_bodies
from tests.builders import modified, records

MOST_OF_SQS = 1_048_576


def body(record: Any, reason: str = "why", rule: str = "") -> dict[str, Any]:
    """Give the message of a parked record."""
    found: dict[str, Any] = json.loads(to_bodies(Parked(record, reason, "MalformedRecordError", rule), "1.2.3")[0])
    return found


def test_a_message_says_what_why_and_by_which_version() -> None:
    """An operator finds the error, the reason, the rule and the code that gave up."""
    assert body(modified({}, {"a": 1}), rule="r") == {
        "kind": "record",
        "reason": "why",
        "error": "MalformedRecordError",
        "rule": "r",
        "codeVersion": "1.2.3",
        "record": modified({}, {"a": 1}),
    }
    assert body(None)["rule"] is None


@given(records())
def test_every_record_comes_back_as_it_was(record: dict[str, Any]) -> None:
    """What is written can be read."""
    assert record_in(body(record)) == record


@given(st.text(max_size=50))
def test_a_message_is_plain_ascii(text: str) -> None:
    """SQS takes no control characters and no surrogates, so none is in the message."""
    (written,) = to_bodies(Parked({"a": text}, text, "E"), "1")
    assert written.isascii()
    assert all(character.isprintable() for character in written)
    assert record_in(json.loads(written)) == {"a": text}


def test_a_record_of_more_than_a_megabyte_is_packed() -> None:
    """A long item still comes back whole."""
    record = modified({}, {"a": "x" * 1_500_000})
    packed = body(record)
    assert "record" not in packed
    assert len(json.dumps(packed)) <= MOST_BYTES
    assert record_in(packed) == record


def test_a_reason_is_cut_to_what_people_read() -> None:
    """A reason of a megabyte leaves room for the record."""
    assert len(body({}, "x" * 1_000_000)["reason"]) == 2000


@pytest.mark.parametrize("size", [100, 999_700, 999_990, *range(1_043_000, 1_049_000, 150), 1_200_000])
def test_no_message_is_longer_than_sqs_takes(size: int) -> None:
    """With its attribute the message stays below SQS's limit, at the edges too."""
    for written in to_bodies(Parked(modified({}, {"a": "x" * size}), "x" * 2000, "E" * 100), "1.0"):
        assert len(written) + 200 <= MOST_OF_SQS


def test_the_error_is_a_message_attribute(sqs: Any, queue_url: str) -> None:
    """Operators can tell kinds of failures apart without opening each."""
    SqsFailures(sqs, queue_url, "1").park(Parked({}, "why", "RefusedAlertError"))
    (found,) = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"])["Messages"]
    assert found["MessageAttributes"]["error"]["StringValue"] == "RefusedAlertError"


def test_a_queue_that_is_gone_can_be_waited_for(sqs: Any, queue_url: str) -> None:
    """A failure to park is worth another try: the stream keeps the record meanwhile."""
    sqs.delete_queue(QueueUrl=queue_url)
    with pytest.raises(ServiceError, match="SQS SendMessage"):
        SqsFailures(sqs, queue_url, "1").park(Parked({}, "why", "E"))
