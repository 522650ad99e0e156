"""Records given up by the function: kept whole, with the reason, in the failures queue."""

from __future__ import annotations

import base64
import gzip
import json
import logging
from typing import Any, NamedTuple, Protocol

from notifications.publishing.aws_calls import aws_call

MOST_BYTES = 1_000_000  # SQS takes 1,048,576, message attributes included
_LONGEST_REASON = 2000

log = logging.getLogger(__name__)


class Parked(NamedTuple):
    """A record that the function gave up, and why."""

    record: Any
    """As it came in the event."""
    reason: str
    error: str
    """The error's type, such as MalformedRecordError."""
    rule: str = ""
    """The rules whose alerts were refused, a comma between them; empty where the whole record was given up."""


class Failures(Protocol):
    """Where given-up records are kept."""

    def park(self, parked: Parked) -> None:
        """Keep it. Raises RetryableError or RefusedAlertError where that failed."""


class SqsFailures:
    """The failures queue."""

    def __init__(self, client: Any, queue_url: str, code_version: str) -> None:
        """Send to `queue_url` with a boto3 SQS client."""
        self._client = client
        self._queue_url = queue_url
        self._code_version = code_version

    def park(self, parked: Parked) -> None:
        """Send one message."""
        with aws_call("SQS SendMessage"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=to_body(parked, self._code_version),
                MessageAttributes={"error": {"DataType": "String", "StringValue": parked.error}},
            )


def to_body(parked: Parked, code_version: str) -> str:
    """Write the message: JSON in ASCII, as SQS takes no control characters.

    `record` is the whole record. One of more than a megabyte is in `recordGzip` instead, base64 of gzip of its JSON;
    and should even that be too long, `record` is without its images, and `imagesLeftOut` says so: its sequence number
    leads back to the stream. So is one that is nested too deep to be written.
    """
    body = {
        "kind": "record",
        "reason": parked.reason[:_LONGEST_REASON],
        "error": parked.error,
        "rule": parked.rule or None,
        "codeVersion": code_version,
        "record": parked.record,
    }
    try:
        text = json.dumps(body)
        if len(text) <= MOST_BYTES:
            return text
        del body["record"]
        packed = gzip.compress(json.dumps(parked.record).encode(), mtime=0)
        text = json.dumps({**body, "recordGzip": base64.b64encode(packed).decode()})
        if len(text) <= MOST_BYTES:
            return text
    except RecursionError:
        log.warning("a record that is given up is nested too deep to be kept whole")
    try:
        return json.dumps({**body, "record": _without_images(parked.record), "imagesLeftOut": True})
    except RecursionError:
        return json.dumps({**body, "record": None})


def _without_images(record: Any) -> Any:
    change = record.get("dynamodb") if isinstance(record, dict) else None
    if not isinstance(change, dict):
        return None
    rest = {name: value for name, value in change.items() if name not in {"OldImage", "NewImage"}}
    return {**record, "dynamodb": rest}


def record_in(body: dict[str, Any]) -> Any:
    """Take the record out of a message written by `to_body`."""
    if "recordGzip" in body:
        return json.loads(gzip.decompress(base64.b64decode(body["recordGzip"])))
    return body["record"]
