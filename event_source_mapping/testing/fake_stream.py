"""The Streams API over shards in memory, for virtual time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from event_source_mapping.model.errors import ExpiredIteratorError, StreamNotFoundError, TrimmedDataError
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.model.streams import (
    AFTER_SEQUENCE_NUMBER,
    LATEST,
    TRIM_HORIZON,
    Position,
    RecordsPage,
    ShardDescription,
    StreamPage,
)
from event_source_mapping.testing.builders import STREAM_ARN

ITERATOR_LIFE = 900.0  # seconds


@dataclass
class FakeShard:
    """A shard: records become readable when their time comes, and it may close."""

    shard_id: str
    parent_id: str | None = None
    records: list[StreamRecord] = field(default_factory=list)
    closes_at: float | None = None  # None: it stays open
    listed_at: float = 0.0  # a child may be listed later than its parent ends
    trimmed: int = 0  # records at the front the stream no longer holds


class FakeStream:
    """The Streams API over shards in memory."""

    def __init__(
        self,
        shards: Sequence[FakeShard],
        now: Callable[[], float],
        *,
        page_size: int = 100,
        before: Callable[[str, str], None] = lambda _call, _shard_id: None,
    ) -> None:
        """`before` sees every call and may raise a StreamError."""
        self.shards = {shard.shard_id: shard for shard in shards}
        self.status = "ENABLED"
        self._now = now
        self._page_size = page_size
        self._before = before

    def describe(self, stream_arn: str, after_shard: str | None) -> StreamPage:
        """Give one page of shards."""
        self._before("describe", "")
        if stream_arn != STREAM_ARN:
            raise StreamNotFoundError(f"no stream {stream_arn}")
        now = self._now()
        ids = [shard.shard_id for shard in self.shards.values() if shard.listed_at <= now]
        start = ids.index(after_shard) + 1 if after_shard in ids else 0
        page = ids[start : start + self._page_size]
        more = page[-1] if start + len(page) < len(ids) else None
        return StreamPage(tuple(self._describe(shard_id, now) for shard_id in page), self.status, more)

    def _describe(self, shard_id: str, now: float) -> ShardDescription:
        shard = self.shards[shard_id]
        closed = shard.closes_at is not None and shard.closes_at <= now
        return ShardDescription(shard_id, shard.parent_id, closed)

    def shard_iterator(self, stream_arn: str, shard_id: str, position: Position) -> str:
        """Give an iterator: the shard, the index it reads from, and when it was made."""
        self._before("shard_iterator", shard_id)
        shard = self._shard(stream_arn, shard_id)
        index = self._index(shard, position)
        if index < shard.trimmed:
            raise TrimmedDataError(f"{shard_id} is trimmed there")
        return f"{shard_id}|{index}|{self._now()}"

    def _index(self, shard: FakeShard, position: Position) -> int:
        if position.kind == TRIM_HORIZON:
            return shard.trimmed
        if position.kind == LATEST:
            return self._readable(shard)
        numbers = [record.sequence_number for record in shard.records]
        if position.sequence_number not in numbers:
            raise TrimmedDataError(f"{position.sequence_number} is not in {shard.shard_id}")
        return numbers.index(position.sequence_number) + (position.kind == AFTER_SEQUENCE_NUMBER)

    def get_records(self, stream_arn: str, iterator: str, limit: int) -> RecordsPage:
        """Read on from an iterator."""
        shard_id, index_text, made = iterator.rsplit("|", 2)
        self._before("get_records", shard_id)
        shard, index, now = self._shard(stream_arn, shard_id), int(index_text), self._now()
        if now - float(made) > ITERATOR_LIFE:
            raise ExpiredIteratorError("the iterator is older than 15 minutes")
        if index < shard.trimmed:
            raise TrimmedDataError(f"{shard_id} is trimmed there")
        end = min(self._readable(shard), index + limit)
        closed = shard.closes_at is not None and shard.closes_at <= now
        more = not closed or end < len(shard.records)
        return RecordsPage(shard.records[index:end], f"{shard_id}|{end}|{now}" if more else None)

    def _readable(self, shard: FakeShard) -> int:
        return bisect_right(shard.records, self._now(), key=lambda record: record.created)

    def _shard(self, stream_arn: str, shard_id: str) -> FakeShard:
        shard = self.shards.get(shard_id)
        if stream_arn != STREAM_ARN or shard is None:
            raise StreamNotFoundError(f"no shard {shard_id}")
        return shard
