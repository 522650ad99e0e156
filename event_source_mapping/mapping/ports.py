"""What a mapping needs from outside, one small Protocol each.

`aws/` has the real ones, `testing/` the fakes; both pass the same contract tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.invocations import Invocation, InvokeResult
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
