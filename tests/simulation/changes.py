"""What happens to the table, and the stream records that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.testing.builders import STREAM_ARN

START = 1_700_000_000.0  # 13 minutes before a full hour
FIRST_NUMBER = 10**20

Value = Decimal | str | tuple[str, ...] | None
Item = Mapping[str, Value]

# What an item starts with, so that a price is always a number: what else can be is for the rules' own tests.
FRESH: Item = {"price": Decimal(24), "stock": Decimal(7), "tags": ("new",), "views": Decimal(0)}


@dataclass(frozen=True)
class Change:
    """One write: what it sets, or the removal of the item."""

    at: float
    """Seconds after the start."""
    product: int
    sets: tuple[tuple[str, Value], ...] = ()
    """Attributes and values; none: the item is removed."""
    clock: float = 0.0
    """Seconds by which the record's creation time is off."""
    poison: str = ""
    """keys: the record has no keys; name: an unknown eventName; value: an attribute that is not an attribute value."""
    refused: str = ""
    """SNS refuses its alerts until that is mended: entry: by themselves; call: with all that is in their batch."""


@dataclass(frozen=True)
class Mute:
    """What an operator muted before the start."""

    rule: str
    """"": every rule."""
    product: int
    """-1: every product."""
    until: float
    """Seconds after the start, by the records' clock."""


@dataclass(frozen=True)
class Written:
    """A write that changed something, and so has a record in the stream."""

    number: int
    product: str
    event: str
    old: Item | None
    new: Item | None
    created: float
    """Creation time as the record says it."""
    readable: float
    """When it is in the stream."""
    poison: str
    refused: str

    def stream_record(self) -> StreamRecord:
        """Give it as the event source mapping reads it."""
        keys = {"productId": {"S": self.product}}
        images = {"OldImage": self.old, "NewImage": self.new}
        change: dict[str, Any] = {
            "ApproximateCreationDateTime": self.created,
            "Keys": keys,
            **{name: {**keys, **_typed(item)} for name, item in images.items() if item is not None},
            "SequenceNumber": str(self.number),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        if self.poison == "keys":
            del change["Keys"]
        elif self.poison == "value":
            change["NewImage" if self.new is not None else "OldImage"]["odd"] = {"Q": "1"}
        event = {
            "eventID": str(self.number),
            "eventName": "UPSERT" if self.poison == "name" else self.event,
            "eventSource": "aws:dynamodb",
            "dynamodb": change,
            "eventSourceARN": STREAM_ARN,
        }
        return StreamRecord(str(self.number), self.readable, event, b"")


def written(changes: Iterable[Change]) -> list[Written]:
    """Apply the changes to an empty table; one that changes nothing leaves no record, as in DynamoDB."""
    table: dict[int, Item] = {}
    found = []
    for index, change in enumerate(changes):
        old = table.get(change.product)
        new: Item | None = {**(old or FRESH), **dict(change.sets)} if change.sets else None
        if old == new:
            continue
        if new is None:
            del table[change.product]
        else:
            table[change.product] = new
        readable = START + change.at
        found.append(
            Written(
                number=FIRST_NUMBER + 10 * index,
                product=f"p{change.product}",
                event="REMOVE" if new is None else "INSERT" if old is None else "MODIFY",
                old=old,
                new=new,
                created=readable + change.clock,
                readable=readable,
                poison=change.poison,
                refused=change.refused,
            )
        )
    return found


def _typed(item: Item) -> dict[str, Any]:
    return {name: _typed_value(value) for name, value in item.items()}


def _typed_value(value: Value) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, tuple):
        return {"SS": list(value)}
    return {"N": str(value)} if isinstance(value, Decimal) else {"S": value}
