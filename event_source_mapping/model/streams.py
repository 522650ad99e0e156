"""What a DynamoDB stream is asked and what it answers: positions, shards, pages.

docs/event-source-mapping.md, "Shards" and "Reading a shard".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from event_source_mapping.model.stream_records import StreamRecord

TRIM_HORIZON = "TRIM_HORIZON"
LATEST = "LATEST"
AT_SEQUENCE_NUMBER = "AT_SEQUENCE_NUMBER"
AFTER_SEQUENCE_NUMBER = "AFTER_SEQUENCE_NUMBER"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a shard is read from: an iterator type and, for two of them, a sequence number."""

    kind: str
    sequence_number: str | None = None


@dataclass(frozen=True, slots=True)
class ShardDescription:
    """A shard as DescribeStream lists it."""

    shard_id: str
    parent_id: str | None = None
    closed: bool = False  # no record will be added


@dataclass(frozen=True, slots=True)
class StreamPage:
    """One page of DescribeStream."""

    shards: tuple[ShardDescription, ...]
    status: str = "ENABLED"  # ENABLED, ENABLING, DISABLED or DISABLING
    last_shard_id: str | None = None  # where the next page goes on; None on the last one


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """One answer of GetRecords; no next iterator means the shard is closed and fully read."""

    records: Sequence[StreamRecord]
    next_iterator: str | None
