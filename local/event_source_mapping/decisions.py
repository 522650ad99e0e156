"""Decisions: every step the mapping takes, as a fact that a log or a test can read.

docs/event-source-mapping.md, "The decision log", lists the outcomes and their fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What was decided. The values are stable: the JSON log prints them."""

    SERVING = "serving"  # the mapping and its settings
    SHARD_STARTED = "shard_started"
    SHARD_FINISHED = "shard_finished"
    READ = "read"
    FILTERED = "filtered"
    INVOKING = "invoking"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_INVOKED = "not_invoked"  # throttled, no permission, function gone
    SPLIT = "split"
    RETRY = "retry"
    GIVEN_UP = "given_up"
    DELIVERED = "delivered"  # the document reached the on-failure destination
    DELIVERY_FAILED = "delivery_failed"
    DROPPED = "dropped"  # given up with no destination to tell
    LOST = "lost"  # the stream no longer holds the records
    CHECKPOINT = "checkpoint"
    STREAM_TROUBLE = "stream_trouble"
    PAUSED = "paused"
    RESUMED = "resumed"
    UPDATED = "updated"
    DELETED = "deleted"
    WARNING = "warning"
    STOPPED = "stopped"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Decision:
    """One step. Sequence numbers, attempt and shard are None where they do not apply."""

    time: float  # epoch seconds
    mapping: str
    outcome: Outcome
    reason: str
    shard: str | None = None
    first: str | None = None  # sequence numbers
    last: str | None = None
    records: int | None = None
    attempt: int | None = None  # 1 is the first invocation
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Give the object that the JSON log prints: the fields above, then the details."""
        return {
            "time": self.time,
            "mapping": self.mapping,
            "shard": self.shard,
            "firstSequenceNumber": self.first,
            "lastSequenceNumber": self.last,
            "records": self.records,
            "attempt": self.attempt,
            "outcome": self.outcome.value,
            "reason": self.reason,
            **self.details,
        }


DecisionLog = Callable[[Decision], None]
