"""Logging what happens to a batch: its records by sequence number, and as numbered in their shard."""

from collections.abc import Callable, Sequence
from typing import Any

from event_source_mapping.batches.responses import InvokeOutcome, Partial, Succeeded
from event_source_mapping.batches.retries import Batch
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.session import Session
from event_source_mapping.model.invocations import InvokeResult
from event_source_mapping.model.records import Record


class BatchLog:
    """Logs the events of one lane's batches, and counts what they mean."""

    def __init__(self, session: Session, shard_id: str, number: Callable[[str], int | None]) -> None:
        """Take `number`, which says which record of the shard a sequence number is."""
        self._session = session
        self._shard_id = shard_id
        self._number = number

    def add(
        self,
        event_type: EventType,
        reason: str,
        records: Sequence[Record],
        attempt: int | None = None,
        **details: Any,
    ) -> None:
        """Log an event of some records."""
        numbers: dict[str, Any] = {}
        if records:
            numbers["firstRecord"] = self._number(records[0].sequence_number)
            numbers["lastRecord"] = self._number(records[-1].sequence_number)
        self._session.log(
            event_type,
            reason,
            shard=self._shard_id,
            records=records,
            attempt=attempt,
            **numbers,
            **details,
        )

    def about(self, batch: Batch, event_type: EventType, reason: str, **details: Any) -> None:
        """Log an event of a batch, with its attempt: 1 is the first invocation."""
        self.add(event_type, reason, batch.records, batch.failures + 1, **details)

    def answered(self, batch: Batch, result: InvokeResult, outcome: InvokeOutcome) -> None:
        """Log and count what an invocation came to."""
        if isinstance(outcome, Succeeded):
            event_type, reason = EventType.SUCCEEDED, "no record failed"
        else:
            event_type = EventType.PARTIAL if isinstance(outcome, Partial) else EventType.FAILED
            reason = outcome.reason
            self._session.metrics.FailedInvokeEventCount += len(batch.records)
        self._session.metrics.Errors += result.function_error is not None
        self.about(batch, event_type, reason, requestId=result.request_id)

    def split(self, batch: Batch, first: Batch, second: Batch) -> None:
        """Log a split, with where the second half begins."""
        self.about(
            batch,
            EventType.SPLIT,
            "the invocation failed and BisectBatchOnFunctionError is on",
            middleSequenceNumber=second.first,
            firstHalfEnd=self._number(first.last),
            middleRecord=self._number(second.first),
            firstHalf=len(first.records),
            secondHalf=len(second.records),
        )
