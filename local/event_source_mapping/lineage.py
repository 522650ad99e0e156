"""Shard lineage: which shards may be read, and from where.

docs/event-source-mapping.md, "Shards".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    closed: bool = False


@dataclass(frozen=True, slots=True)
class StreamPage:
    """One page of DescribeStream."""

    shards: tuple[ShardDescription, ...]
    status: str = "ENABLED"
    last_shard_id: str | None = None


@dataclass(frozen=True, slots=True)
class FirstSight:
    """What a shard is to the mapping when it is first listed."""

    shard: ShardDescription
    start: Position | None  # None: nothing of it is to be read


def first_sight(listed: Iterable[ShardDescription], known: Iterable[str], starting_position: str) -> list[FirstSight]:
    """Say where each shard that is not known yet starts.

    The starting position is for the first discovery, when nothing is known; a shard found later
    is a child and is read from its beginning, or its first records would be lost.
    """
    shards = list(listed)
    seen = set(known)
    start_at_end = starting_position == LATEST and not seen
    parents = {shard.parent_id for shard in shards}
    sights = []
    for shard in shards:
        if shard.shard_id in seen:
            continue
        if not start_at_end:
            sights.append(FirstSight(shard, Position(TRIM_HORIZON)))
        elif shard.closed or shard.shard_id in parents:
            # A listed child proves its parent closed, whatever the parent's own entry says.
            sights.append(FirstSight(shard, None))
        else:
            sights.append(FirstSight(shard, Position(LATEST)))
    return sights


def may_start(parent_id: str | None, finished: Mapping[str, bool]) -> bool:
    """Whether a shard's parent stands in its way.

    `finished` says of each known shard whether it is done. A parent that is not known was trimmed
    before the mapping saw it, so its child is a root.
    """
    return parent_id is None or finished.get(parent_id, True)


def childless(shard_ids: Iterable[str], listed: Iterable[ShardDescription]) -> set[str]:
    """Return the shards that no listed shard names as its parent."""
    return set(shard_ids) - {shard.parent_id for shard in listed if shard.parent_id is not None}
