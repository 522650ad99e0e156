"""The decision log's events: every step that a mapping takes.

docs/event-source-mapping.md, "The decision log", lists them and their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """What happened. The values are a contract: the JSON log prints them."""

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
    DROPPED = "dropped"  # given up, and the mapping has no on-failure destination
    LOST = "lost"  # the stream no longer holds the records
    CHECKPOINT = "checkpoint"
    STREAM_TROUBLE = "stream_trouble"
    MESSAGES_DELETED = "messages_deleted"  # from the queue: processed, or filtered out
    DELETE_REFUSED = "delete_refused"
    LET_GO = "let_go"  # received and not invoked: the messages come again after their visibility timeout
    QUEUE_TROUBLE = "queue_trouble"
    PAUSED = "paused"
    RESUMED = "resumed"
    UPDATED = "updated"
    DELETED = "deleted"
    WARNING = "warning"
    STOPPED = "stopped"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One step. Sequence numbers, attempt and shard are None where they do not apply."""

    time: float  # epoch seconds
    mapping: str
    outcome: EventType  # the name that the JSON log gives it
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


EventLog = Callable[[LogEvent], None]
