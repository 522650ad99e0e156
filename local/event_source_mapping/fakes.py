"""Fakes of the outside world for virtual time; they pass the contract tests of the real ones."""

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import (
    DestinationError,
    ExpiredIteratorError,
    MappingNotFoundError,
    StreamNotFoundError,
    TrimmedDataError,
)
from .lineage import (
    AFTER_SEQUENCE_NUMBER,
    LATEST,
    TRIM_HORIZON,
    Position,
    ShardDescription,
    StreamPage,
)
from .ports import FailureNotice, Invocation, RecordsPage
from .records import StreamRecord, from_api
from .responses import InvokeResult
from .settings import MappingSettings, MappingStatus

STREAM_ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/products/stream/2025-11-25T00:00:00.000"
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:alerts"
MAPPING_UUID = "00000000-0000-4000-8000-000000000001"
ITERATOR_LIFE = 900.0  # seconds


def make_record(
    number: int, *, item: str = "a", created: float = 1_700_000_000.0, name: str = "MODIFY"
) -> StreamRecord:
    """Make a record; its sequence number has the 21 digits of the shortest real one."""
    return from_api(
        {
            "eventID": f"{number:032x}",
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1",
            "dynamodb": {
                "ApproximateCreationDateTime": created,
                "Keys": {"id": {"S": item}},
                "NewImage": {"id": {"S": item}, "number": {"N": str(number)}},
                "SequenceNumber": str(10**20 + number),
                "SizeBytes": 26,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        },
        STREAM_ARN,
    )


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


Handler = Callable[[Invocation], InvokeResult]


class FakeFunction:
    """A function that is a Python callable; remembers what it was invoked with."""

    def __init__(self, handler: Handler = lambda _: InvokeResult()) -> None:
        """Take a `handler`; it raises an InvokeError when an invocation is not to reach it."""
        self.invocations: list[Invocation] = []
        self._handler = handler

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:  # noqa: ARG002 - the port's signature
        """Call the handler."""
        result = self._handler(invocation)
        self.invocations.append(invocation)
        return result


def python_function(handler: Callable[[dict[str, Any], None], Any]) -> Handler:
    """Make a Lambda handler's answer what Invoke would answer, for FakeFunction.

    It is called with the event and no context. An exception, or an answer that is no JSON, is a
    function error; nothing else of Lambda's runtime is imitated.
    """

    def invoke(invocation: Invocation) -> InvokeResult:
        try:
            return InvokeResult(json.dumps(handler(invocation.event(), None)).encode())
        except Exception as error:  # noqa: BLE001 - as the runtime does
            words = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return InvokeResult(json.dumps(words).encode(), "Unhandled")

    return invoke


class FakeDestination:
    """A destination that keeps what it receives, or refuses everything."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.notices: list[FailureNotice] = []
        self.refuses = refuses

    def send(self, destination_arn: str, notice: FailureNotice) -> None:
        """Keep the document."""
        if self.refuses:
            raise DestinationError(f"{destination_arn} refused the document")
        self.notices.append(notice)

    @property
    def documents(self) -> list[Mapping[str, Any]]:
        """The documents received, oldest first."""
        return [notice.document for notice in self.notices]


class FakeMappings:
    """Mappings in memory; a test changes them while they are served."""

    def __init__(self, *statuses: MappingStatus) -> None:
        self.statuses = {status.settings.uuid: status for status in statuses}

    def mapping(self, uuid: str) -> MappingStatus:
        """Give the mapping as it stands."""
        status = self.statuses.get(uuid)
        if status is None:
            raise MappingNotFoundError(f"no event source mapping {uuid}")
        return status


def make_settings(**changes: Any) -> MappingSettings:
    """Make settings at AWS's defaults but for the changes."""
    return MappingSettings(
        **{
            "uuid": MAPPING_UUID,
            "stream_arn": STREAM_ARN,
            "function_arn": FUNCTION_ARN,
            **changes,
        }
    )
