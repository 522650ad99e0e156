"""A stream record as Lambda sends it, checked and named: what an item was, what it is, and what differs."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from notifications.common.errors import MalformedRecordError
from notifications.stream.attributes import EXACT, Image, Path, excerpt, number, plain, same

INSERT, MODIFY, REMOVE = "INSERT", "MODIFY", "REMOVE"
EVENT_NAMES = frozenset({INSERT, MODIFY, REMOVE})
_SEQUENCE_NUMBER = re.compile(r"[0-9]{1,40}")  # DynamoDB Streams API, "StreamRecord": 21 to 40
_YEAR_10000 = 253_402_300_800  # epoch seconds
_TO_JSON = json.JSONEncoder(separators=(",", ":")).encode
EXPIRED_BY = "dynamodb.amazonaws.com"  # the service's name in userIdentity; a user's deletion has no userIdentity

NEW, OLD = "new", "old"
_SENT = {
    "KEYS_ONLY": frozenset[str](),
    "NEW_IMAGE": frozenset({NEW}),
    "OLD_IMAGE": frozenset({OLD}),
    "NEW_AND_OLD_IMAGES": frozenset({NEW, OLD}),
}
VIEW_TYPES = tuple(_SENT)
PARTIAL_VIEW_TYPES = frozenset(VIEW_TYPES) - {"NEW_AND_OLD_IMAGES"}


def images_sent(view_type: str) -> frozenset[str]:
    """Return which images a stream of this view type sends; all of them for a view type that is not known."""
    return _SENT.get(view_type, _SENT["NEW_AND_OLD_IMAGES"])


class FieldChange(NamedTuple):
    """One attribute before and after, in typed JSON; None where it is absent."""

    attribute: str
    old: Any
    new: Any


class Change(NamedTuple):
    """What a stream record says: one change of one item. Images are in DynamoDB's typed JSON, None if not sent."""

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
    table_arn: str
    """Of the table whose stream this is; "unknown" where the record does not say."""
    stream_label: str
    """When the stream was made, as its ARN ends: it orders a table's streams. "" where the record does not say."""

    @property
    def item(self) -> str:
        """The item among all others: its table's ARN, "#" and the primary key in typed JSON, {"id":{"S":"1"}}.

        Raises MalformedRecordError where a value is not an attribute value.
        """
        return f"{self.table_arn}#{_TO_JSON({name: _normal(self.keys[name]) for name in sorted(self.keys)})}"

    @property
    def image(self) -> Image:
        """The latest known image; the keys where the stream sends no image."""
        image = self.old_image if self.event_name == REMOVE else self.new_image
        return self.keys if image is None else image

    def old(self, path: Path) -> Any:
        """Return the typed value before the change; a key has the same on both sides. None if absent."""
        image = self.keys if self.old_image is None and self.event_name != INSERT else self.old_image
        return path.find(image)

    def new(self, path: Path) -> Any:
        """Return the typed value after the change. None if absent."""
        image = self.keys if self.new_image is None and self.event_name != REMOVE else self.new_image
        return path.find(image)

    def current(self, path: Path) -> Any:
        """Return the latest known value: the new one, and for a removal the old one."""
        image = self.old_image if self.event_name == REMOVE else self.new_image
        return path.find(self.keys if image is None else image)

    def fields(self, paths: tuple[Path, ...] | None = None) -> list[FieldChange]:
        """List what differs between the two images: of `paths`, or of all top-level attributes.

        Empty unless both images are there: an insertion or removal changes the whole item, not a field of it.
        """
        before, after = self.old_image, self.new_image
        if before is None or after is None:
            return []
        if paths is None:
            names = dict.fromkeys((*before, *after))  # keeps the item's own order
            found = [(name, before.get(name), after.get(name)) for name in names]
        else:
            found = [(path.text, path.find(before), path.find(after)) for path in paths]
        return [FieldChange(name, old, new) for name, old, new in found if old != new and not same(old, new)]

    def key_text(self) -> str:
        """Write the primary key as one string: its values, a composite key's joined by "/" in the order of their names.

        Raises MalformedRecordError where a value is not an attribute value.
        """
        return key_text(self.keys)


def key_text(keys: Image) -> str:
    """Write a typed primary key as one string, as `Change.key_text` does."""
    return "/".join(_key_value(keys[name]) for name in sorted(keys))


def _normal(value: Any) -> Any:
    """Return a typed value, a number in the one form that all its spellings share."""
    plain(value)
    parsed = number(value) if "N" in value else None
    return value if parsed is None else {"N": format(parsed.normalize(EXACT), "f")}


def _key_value(value: Any) -> str:
    parsed = number(value)
    return str(plain(value)) if parsed is None else format(parsed, "f")


def decode(raw: Any) -> Change:
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
        raise MalformedRecordError(f"eventName: expected INSERT, MODIFY or REMOVE, got {excerpt(event_name)}")
    if not isinstance(keys, dict) or not keys:
        raise MalformedRecordError(f"dynamodb.Keys: expected a map, got {excerpt(keys)}")
    if not isinstance(sequence_number, str) or not _SEQUENCE_NUMBER.fullmatch(sequence_number):
        raise MalformedRecordError(f"dynamodb.SequenceNumber: expected digits, got {excerpt(sequence_number)}")
    for name, image in (("OldImage", old_image), ("NewImage", new_image)):
        if image is not None and not isinstance(image, dict):
            raise MalformedRecordError(f"dynamodb.{name}: expected a map, got {type(image).__name__}")
    identity = raw.get("userIdentity")
    stream_arn = str(raw.get("eventSourceARN") or "")
    table_arn, _, stream_label = stream_arn.partition("/stream/")
    return Change(
        event_name,
        keys,
        old_image,
        new_image,
        sequence_number,
        _seconds(change.get("ApproximateCreationDateTime")),
        str(change.get("StreamViewType") or ""),
        isinstance(identity, dict) and identity.get("principalId") == EXPIRED_BY and event_name == REMOVE,
        stream_arn,
        table_arn or "unknown",
        stream_label,
    )


def sequence_number_of(raw: Any) -> str:
    """Return the sequence number of a record that may be malformed; "" without one."""
    try:
        found = raw["dynamodb"]["SequenceNumber"]
    except (KeyError, TypeError, IndexError):
        return ""
    return found if isinstance(found, str) else ""


def _seconds(value: Any) -> float | None:
    """Read a creation time; None for what is not a time between 1970 and the year 9999, NaN and infinity included."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < _YEAR_10000:
        return None
    return float(value)


def _what_is_missing(raw: Any) -> str:
    if not isinstance(raw, dict):
        return f"got {type(raw).__name__}"
    if not isinstance(raw.get("dynamodb"), dict):
        return "the 'dynamodb' block is missing"
    missing = [name for name in ("Keys", "SequenceNumber") if name not in raw["dynamodb"]]
    return f"missing {', '.join(missing or ['eventName'])}"
