"""What is known of a shard beyond one session: it lives as long as its mapping is served."""

from __future__ import annotations

from event_source_mapping.shards.progress import ShardProgress


class ShardState:
    """One shard of a mapping, whether to come, being read, or finished."""

    def __init__(self, shard_id: str, parent_id: str | None, start: str) -> None:
        self.shard_id = shard_id
        self.parent_id = parent_id
        self.start = start  # where to read from while nothing of it is done
        self.progress = ShardProgress()
        self.iterator: str | None = None  # LATEST asked for again would skip what came between
        self.finished_at: float | None = None
        self.consuming = False
