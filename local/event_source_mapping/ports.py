"""What the core needs from outside, one small Protocol each.

`aws.py` has the real ones, `fakes.py` those of the tests; both pass the same contract tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .lineage import Position, StreamPage
from .records import StreamRecord, encode
from .responses import InvokeResult
from .settings import MappingStatus


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """One answer of GetRecords; no next iterator means the shard is closed and fully read."""

    records: Sequence[StreamRecord]
    next_iterator: str | None


class StreamReader(Protocol):
    """The DynamoDB Streams API. Every method raises a StreamError."""

    def describe(self, stream_arn: str, after_shard: str | None) -> StreamPage:
        """Give one page of DescribeStream."""
        ...

    def shard_iterator(self, stream_arn: str, shard_id: str, position: Position) -> str:
        """Give an iterator that reads from a position."""
        ...

    def get_records(self, stream_arn: str, iterator: str, limit: int) -> RecordsPage:
        """Read at most `limit` records (1 to 1000)."""
        ...


@dataclass(frozen=True, slots=True)
class Invocation:
    """One synchronous invocation: the records and, with a tumbling window, what goes with them."""

    records: tuple[StreamRecord, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> bytes:
        """Give the event as it travels."""
        records = b",".join(record.encoded for record in self.records)
        rest = b"," + encode(self.extra)[1:-1] if self.extra else b""
        return b'{"Records":[' + records + b"]" + rest + b"}"

    def event(self) -> dict[str, Any]:
        """Give the event as an object, for a handler that is called in process."""
        return {"Records": [dict(record.event) for record in self.records], **self.extra}


class FunctionInvoker(Protocol):
    """The Lambda API's Invoke."""

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Invoke and wait for the answer. Raises InvokeError when the function was not reached."""
        ...


@dataclass(frozen=True, slots=True)
class FailureNotice:
    """A failure document on its way, with what an S3 object needs on top."""

    mapping: str
    shard_id: str
    at: float  # epoch seconds, the document's timestamp
    document: Mapping[str, Any]
    invocation: Invocation


class FailureDestination(Protocol):
    """Where failure documents go: SQS, SNS or S3."""

    def send(self, destination_arn: str, notice: FailureNotice) -> None:
        """Send the document once. Raises DestinationError when it is refused."""
        ...


class MappingSource(Protocol):
    """The Lambda API's GetEventSourceMapping."""

    def mapping(self, uuid: str) -> MappingStatus:
        """Give the mapping as it stands.

        Raises MappingNotFoundError, SettingsError or EndpointError.
        """
        ...


@dataclass(frozen=True, slots=True)
class ShardCheckpoint:
    """How far a shard has come, as it outlives the process."""

    sequence_number: str | None = None  # the last one done
    start: str = "TRIM_HORIZON"  # where the shard is read from while nothing of it is done
    parent_id: str | None = None
    finished_at: float | None = None  # epoch seconds; None while there may be more to read


class CheckpointStore(Protocol):
    """Checkpoints of a mapping's shards."""

    def load(self, mapping: str) -> dict[str, ShardCheckpoint]:
        """Give what is known of each shard. Raises CheckpointError."""
        ...

    def save(self, mapping: str, shards: Mapping[str, ShardCheckpoint]) -> None:
        """Keep the state of every shard of the mapping. Raises CheckpointError."""
        ...
