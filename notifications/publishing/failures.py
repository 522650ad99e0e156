"""Records given up by the function: kept whole, with the reason, in the failures queue."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import logging
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from notifications.common.errors import RefusedAlertError, ServiceError
from notifications.publishing.aws_calls import aws_call
from notifications.text.formatting import one_line

MOST_BYTES = 1_000_000  # SQS takes 1,048,576, message attributes included
FEWER_BYTES = 200_000  # SQS took 262,144 for long, and there are stand-ins that still do
LONGEST_RECORD = 32_000_000
"""Bytes that are taken out of a message: an invocation has 6 MB, and JSON may write a character in six."""
_GZIP = 31  # zlib's word for a gzip header and 32 KB of window
_LONGEST_REASON = 2000
_ENVELOPE_BYTES = 300  # of the id, the numbers and the names of a part

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


class FailuresQueue(Protocol):
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
        """Send one message, or so many as the record needs.

        What the queue refuses is sent in smaller parts, and at last without the record, with what leads back to it in
        the stream: a queue that refuses even that is at fault itself.
        """
        for most_bytes in (MOST_BYTES, FEWER_BYTES):
            try:
                return self._send(to_bodies(parked, self._code_version, most_bytes), parked.error)
            except RefusedAlertError as error:
                log.warning(
                    "the failures queue refuses a record of which parts have %d bytes: %s", most_bytes, one_line(error)
                )
        try:
            self._send([_least(parked, self._code_version)], parked.error)
        except RefusedAlertError as error:
            raise ServiceError(f"the failures queue refuses every message: {error}") from error

    def _send(self, bodies: Sequence[str], error: str) -> None:
        for body in bodies:
            with aws_call("SQS SendMessage"):
                self._client.send_message(
                    QueueUrl=self._queue_url,
                    MessageBody=body,
                    MessageAttributes={"error": {"DataType": "String", "StringValue": error}},
                )


def to_bodies(parked: Parked, code_version: str, most_bytes: int = MOST_BYTES) -> list[str]:
    """Write the message, or the messages of a record that is too long for one.

    They are JSON in ASCII, as SQS takes no control characters.

    `record` is the whole record. One that is too long is in `recordGzip` instead, base64 of gzip of its JSON. Where
    that is too long, too, each message has a part of it: `part` of `of`, counted from 1, with the same `id`; parked
    again, the record has the same id again. One that is nested too deep to be written is without its images, and
    `imagesLeftOut` says so: its sequence number leads back to the stream.
    """
    body = _envelope(parked, code_version)
    try:
        text = json.dumps({**body, "record": parked.record})
        if len(text) <= most_bytes:
            return [text]
        raw = json.dumps(parked.record).encode()
    except RecursionError:
        log.warning("a record that is given up is nested too deep to be kept whole")
        return [_least(parked, code_version)]
    packed = base64.b64encode(gzip.compress(raw, mtime=0)).decode()
    text = json.dumps({**body, "recordGzip": packed})
    if len(text) <= most_bytes:
        return [text]
    size = most_bytes - _ENVELOPE_BYTES - len(json.dumps(body))
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    body["id"] = hashlib.sha256(raw).hexdigest()
    return [
        json.dumps({**body, "part": number, "of": len(chunks), "recordGzip": chunk})
        for number, chunk in enumerate(chunks, 1)
    ]


def _envelope(parked: Parked, code_version: str) -> dict[str, Any]:
    return {
        "kind": "record",
        "reason": parked.reason[:_LONGEST_REASON],
        "error": parked.error,
        "rule": parked.rule or None,
        "codeVersion": code_version,
    }


def _least(parked: Parked, code_version: str) -> str:
    """Write a message without the images; without the record where even the rest is too long or too deep."""
    body = _envelope(parked, code_version)
    try:
        text = json.dumps({**body, "record": _without_images(parked.record), "imagesLeftOut": True})
    except RecursionError:
        text = ""
    return text if 0 < len(text) <= FEWER_BYTES else json.dumps({**body, "record": None})


def _without_images(record: Any) -> Any:
    change = record.get("dynamodb") if isinstance(record, dict) else None
    if not isinstance(change, dict):
        return None
    rest = {name: value for name, value in change.items() if name not in {"OldImage", "NewImage"}}
    return {**record, "dynamodb": rest}


def record_in(body: dict[str, Any]) -> Any:
    """Take the record out of a message written by `to_bodies`, the parts of `recordGzip` joined.

    Raises KeyError, TypeError, ValueError or RecursionError for what `to_bodies` did not write.
    """
    if "recordGzip" not in body:
        return body["record"]
    unzip = zlib.decompressobj(_GZIP)
    try:
        text = unzip.decompress(base64.b64decode(body["recordGzip"]), LONGEST_RECORD)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not unzip.eof:
        raise ValueError(f"cut short, or longer than {LONGEST_RECORD} bytes")
    return json.loads(text)
