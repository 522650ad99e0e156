"""Shard lineage: which shards may be read, and from where.

docs/event-source-mapping.md, "Shards".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from event_source_mapping.model.streams import LATEST, TRIM_HORIZON, Position, ShardDescription


@dataclass(frozen=True, slots=True)
class NewShard:
    """A shard that is listed for the first time."""

    shard: ShardDescription
    start: Position | None  # None: no record of it is to be read


def new_shards(listed: Iterable[ShardDescription], known: Iterable[str], starting_position: str) -> list[NewShard]:
    """Give the shards that are not known yet, each with where it starts.

    The starting position is for the first discovery, when nothing is known; a shard found later
    is a child and is read from its beginning, or its first records would be lost.
    """
    shards = list(listed)
    seen = set(known)
    start_at_end = starting_position == LATEST and not seen
    parents = {shard.parent_id for shard in shards}
    found = []
    for shard in shards:
        if shard.shard_id in seen:
            continue
        if not start_at_end:
            found.append(NewShard(shard, Position(TRIM_HORIZON)))
        elif shard.closed or shard.shard_id in parents:
            # A listed child proves its parent closed, whatever the parent's own entry says.
            found.append(NewShard(shard, None))
        else:
            found.append(NewShard(shard, Position(LATEST)))
    return found


def may_start(parent_id: str | None, finished: Mapping[str, bool]) -> bool:
    """Whether a shard may be read: its parent is done, or there is none that is known.

    `finished` says of each known shard whether it is done. A parent that is not known was trimmed
    before the mapping saw it, so its child is a root.
    """
    return parent_id is None or finished.get(parent_id, True)


def childless(shard_ids: Iterable[str], listed: Iterable[ShardDescription]) -> set[str]:
    """Return the shards that no listed shard names as its parent."""
    return set(shard_ids) - {shard.parent_id for shard in listed if shard.parent_id is not None}
