"""The shards a mapping knows: found by discovery, kept by checkpoints.

docs/event-source-mapping.md, "Shards" and "Checkpoints".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from event_source_mapping.mapping.ports import ShardCheckpoint
from event_source_mapping.model.streams import TRIM_HORIZON, ShardDescription
from event_source_mapping.shards.lineage import childless, may_start, new_shards
from event_source_mapping.shards.state import ShardState

KEEP_FINISHED = 48 * 3600.0  # seconds; a stream may list a finished shard for 24 h


class ShardRegistry:
    """Every shard of one mapping, whether to come, being read, or finished."""

    def __init__(self, starting_position: str, checkpoints: Mapping[str, ShardCheckpoint]) -> None:
        self._starting_position = starting_position
        self._shards: dict[str, ShardState] = {}
        for shard_id, kept in checkpoints.items():
            shard = ShardState(shard_id, kept.parent_id, kept.start)
            shard.progress.checkpoint = kept.sequence_number
            shard.finished_at = kept.finished_at
            self._shards[shard_id] = shard

    def discover(self, listed: Iterable[ShardDescription], now: float) -> list[ShardState]:
        """Take in a listing; return the shards that are new."""
        shards = list(listed)
        found = []
        for new in new_shards(shards, self._shards, self._starting_position):
            start = new.start.kind if new.start else TRIM_HORIZON
            shard = ShardState(new.shard.shard_id, new.shard.parent_id, start)
            if new.start is None:
                shard.finished_at = now
            self._shards[shard.shard_id] = shard
            found.append(shard)
        self._forget({shard.shard_id for shard in shards}, now)
        return found

    def startable(self) -> list[ShardState]:
        """Return the shards that may be read now and are not, parents before children."""
        finished = {shard_id: shard.finished_at is not None for shard_id, shard in self._shards.items()}
        return [
            shard
            for shard in self._shards.values()
            if shard.finished_at is None and not shard.consuming and may_start(shard.parent_id, finished)
        ]

    def childless(self, listed: Iterable[ShardDescription]) -> set[str]:
        """Return the finished shards whose child has not been listed."""
        finished = [shard_id for shard_id, shard in self._shards.items() if shard.finished_at]
        return childless(finished, listed)

    def checkpoints(self) -> dict[str, ShardCheckpoint]:
        """Give what has to outlive the process."""
        return {
            shard_id: ShardCheckpoint(
                sequence_number=shard.progress.checkpoint,
                start=shard.start,
                parent_id=shard.parent_id,
                finished_at=shard.finished_at,
            )
            for shard_id, shard in self._shards.items()
        }

    def release(self) -> None:
        """Note that no shard is being read: the session is over."""
        for shard in self._shards.values():
            shard.consuming = False

    def _forget(self, listed: set[str], now: float) -> None:
        """Drop finished shards the stream no longer lists; a re-listed one would be replayed."""
        old = [
            shard_id
            for shard_id, shard in self._shards.items()
            if shard_id not in listed and shard.finished_at is not None and now - shard.finished_at > KEEP_FINISHED
        ]
        for shard_id in old:
            del self._shards[shard_id]
