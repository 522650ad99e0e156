"""Stream records: from the Streams API's form to the one that the function receives.

docs/event-source-mapping.md, "The record".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import time
from typing import Any

from event_source_mapping.model.records import Record, encode

_RECORD_FIELDS = ("eventID", "eventName", "eventVersion", "eventSource", "awsRegion")
_CHANGE_FIELDS = ("Keys", "NewImage", "OldImage", "SequenceNumber", "SizeBytes", "StreamViewType")
_IMAGES = frozenset({"Keys", "NewImage", "OldImage"})


@dataclass(frozen=True, slots=True, eq=False)
class StreamRecord(Record):
    """One change of an item; its identifier is the sequence number."""

    @property
    def sequence_number(self) -> str:
        """The sequence number: digits that grow from one record of a shard to the next."""
        return self.identifier

    @property
    def item(self) -> str:
        """The full primary key, spelled the same for every record of one item."""
        return json.dumps(self.event["dynamodb"].get("Keys"), sort_keys=True)


def from_api(record: Mapping[str, Any], stream_arn: str) -> StreamRecord:
    """Convert a record of GetRecords, as boto3 gives it or as it travels (JSON).

    The time tells the two apart: boto3 makes it a datetime. As it travels, binary values are
    base64 text already, and the images are taken as they are. A record without a time, which
    AWS never sends, is as old as this reading of it, and the event has no time either.
    """
    change = record["dynamodb"]
    given = change.get("ApproximateCreationDateTime")
    created = float(int(time() if given is None else _epoch_seconds(given)))
    image = dict if isinstance(given, int | float) else _image
    event: dict[str, Any] = {name: record[name] for name in _RECORD_FIELDS if name in record}
    event["dynamodb"] = ({} if given is None else {"ApproximateCreationDateTime": created}) | {
        name: image(change[name]) if name in _IMAGES else change[name] for name in _CHANGE_FIELDS if name in change
    }
    identity = record.get("userIdentity")
    if identity:
        event["userIdentity"] = {name[0].lower() + name[1:]: identity[name] for name in identity}
    event["eventSourceARN"] = stream_arn
    return StreamRecord(change["SequenceNumber"], created, event, encode(event))


def _epoch_seconds(value: datetime | float) -> float:
    return value.timestamp() if isinstance(value, datetime) else value


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in image.items()}


def _value(value: Mapping[str, Any]) -> dict[str, Any]:
    """One typed attribute value; binary becomes base64 text."""
    ((kind, content),) = value.items()
    if kind == "M":
        return {"M": _image(content)}
    if kind == "L":
        return {"L": [_value(entry) for entry in content]}
    if kind == "B":
        return {"B": _base64(content)}
    if kind == "BS":
        return {"BS": [_base64(entry) for entry in content]}
    return dict(value)


def _base64(content: bytes | str) -> str:
    return content if isinstance(content, str) else base64.b64encode(content).decode("ascii")
