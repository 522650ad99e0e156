"""What a mapping needs from outside, one small Protocol each.

`aws/` has the real ones, `testing/` the fakes; both pass the same contract tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.messages import DeleteRefusal, QueueAttributes, ReceivedMessage
from event_source_mapping.model.streams import Position, RecordsPage, StreamPage


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


class QueueClient(Protocol):
    """The three actions of SQS that Lambda uses. Every method raises a QueueError."""

    def attributes(self, queue_arn: str) -> QueueAttributes:
        """Give the queue's visibility timeout and how many messages it holds."""
        ...

    def receive(
        self, queue_arn: str, *, limit: int, wait: int, visibility_timeout: int | None
    ) -> Sequence[ReceivedMessage]:
        """Receive at most `limit` (1 to 10) messages; wait up to `wait` seconds (0 to 20) for the first.

        `visibility_timeout`, in seconds, stands in for the queue's own.
        """
        ...

    def delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> Sequence[DeleteRefusal]:
        """Delete at most 10 messages; say which were refused."""
        ...


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


class MappingApi(MappingSource, Protocol):
    """What AWS looks at when a mapping of a queue is made."""

    def function_timeout(self, function_arn: str) -> int | None:
        """Give the function's timeout in seconds; None when there is no such function. Raises EndpointError."""
        ...

    def oldest_mapping(self, source_arn: str, function_arn: str) -> str | None:
        """Give the UUID of the first mapping listed from a source to a function. Raises EndpointError."""
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
