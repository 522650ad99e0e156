"""Step 1: a stream record as Lambda sends it, checked and named."""

from __future__ import annotations

from typing import Any, NamedTuple

from notifications.attributes import Image
from notifications.errors import MalformedRecordError

EVENT_NAMES = frozenset({"INSERT", "MODIFY", "REMOVE"})
EXPIRED_BY = "dynamodb.amazonaws.com"  # the service's name in userIdentity; a user's deletion has no userIdentity


class StreamRecord(NamedTuple):
    """One change of one item; images in DynamoDB's typed JSON, None where the stream does not send them."""

    event_name: str
    """INSERT, MODIFY or REMOVE."""
    keys: Image
    old_image: Image | None
    new_image: Image | None
    sequence_number: str
    """21 to 40 digits; orders the changes of one shard."""
    created_at: float | None
    """Epoch seconds, as ApproximateCreationDateTime gives them."""
    view_type: str
    """KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES; empty where the record does not say."""
    expired: bool
    """Removed by the table's time to live, not by a user."""
    stream_arn: str

    @property
    def table_arn(self) -> str:
        """The ARN of the table whose stream this is; "unknown" where the record does not say."""
        return self.stream_arn.partition("/stream/")[0] or "unknown"


def decode(raw: Any) -> StreamRecord:
    """Check the shape of one entry of `Records`; MalformedRecordError says what is wrong with it.

    Attribute values are not looked at here: a record that no rule cares about is not worth it.
    Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB"; DynamoDB Streams API, "Record".
    """
    try:
        change = raw["dynamodb"]
        event_name = raw["eventName"]
        keys = change["Keys"]
        sequence_number = change["SequenceNumber"]
    except (KeyError, TypeError) as error:
        raise MalformedRecordError(f"expected a DynamoDB stream record: {_what_is_missing(raw)}") from error
    old_image = change.get("OldImage")
    new_image = change.get("NewImage")
    if not isinstance(event_name, str) or event_name not in EVENT_NAMES:
        raise MalformedRecordError(f"eventName: expected INSERT, MODIFY or REMOVE, got {event_name!r}")
    if not isinstance(keys, dict) or not keys:
        raise MalformedRecordError(f"dynamodb.Keys: expected a map, got {keys!r}")
    if not isinstance(sequence_number, str) or not sequence_number.isdecimal():
        raise MalformedRecordError(f"dynamodb.SequenceNumber: expected digits, got {sequence_number!r}")
    for name, image in (("OldImage", old_image), ("NewImage", new_image)):
        if image is not None and not isinstance(image, dict):
            raise MalformedRecordError(f"dynamodb.{name}: expected a map, got {type(image).__name__}")
    identity = raw.get("userIdentity")
    return StreamRecord(
        event_name,
        keys,
        old_image,
        new_image,
        sequence_number,
        _seconds(change.get("ApproximateCreationDateTime")),
        str(change.get("StreamViewType") or ""),
        isinstance(identity, dict) and identity.get("principalId") == EXPIRED_BY and event_name == "REMOVE",
        str(raw.get("eventSourceARN") or ""),
    )


def sequence_number_of(raw: Any) -> str:
    """Return the sequence number of a record that may be malformed; "" where it has none."""
    try:
        found = raw["dynamodb"]["SequenceNumber"]
    except (KeyError, TypeError, IndexError):
        return ""
    return found if isinstance(found, str) else ""


def _seconds(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _what_is_missing(raw: Any) -> str:
    if not isinstance(raw, dict):
        return f"got {type(raw).__name__}"
    if not isinstance(raw.get("dynamodb"), dict):
        return "the 'dynamodb' block is missing"
    missing = [name for name in ("Keys", "SequenceNumber") if name not in raw["dynamodb"]]
    return f"missing {', '.join(missing or ['eventName'])}"
