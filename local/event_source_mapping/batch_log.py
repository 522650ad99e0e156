"""How a batch's decisions are told: with sequence numbers, and numbered as read from the shard."""

from collections.abc import Callable, Sequence
from typing import Any

from .decisions import Outcome
from .records import StreamRecord
from .responses import InvokeResult, Partial, Succeeded
from .responses import Outcome as Answer
from .retries import Batch
from .session import Session


class BatchLog:
    """Logs the decisions about one lane's batches, and counts what they mean."""

    def __init__(self, session: Session, shard_id: str, number: Callable[[str], int | None]) -> None:
        """Take `number`, which says which record of the shard a sequence number is."""
        self._session = session
        self._shard_id = shard_id
        self._number = number

    def decide(
        self,
        outcome: Outcome,
        reason: str,
        records: Sequence[StreamRecord],
        attempt: int | None = None,
        **details: Any,
    ) -> None:
        """Log a decision about records."""
        numbers: dict[str, Any] = {}
        if records:
            numbers["firstRecord"] = self._number(records[0].sequence_number)
            numbers["lastRecord"] = self._number(records[-1].sequence_number)
        self._session.decide(
            outcome,
            reason,
            shard=self._shard_id,
            records=records,
            attempt=attempt,
            **numbers,
            **details,
        )

    def about(self, batch: Batch, outcome: Outcome, reason: str, **details: Any) -> None:
        """Log a decision about a batch, with its attempt: 1 is the first invocation."""
        self.decide(outcome, reason, batch.records, batch.failures + 1, **details)

    def answered(self, batch: Batch, result: InvokeResult, answer: Answer) -> None:
        """Log and count what an invocation came to."""
        if isinstance(answer, Succeeded):
            outcome, reason = Outcome.SUCCEEDED, "no record failed"
        else:
            outcome = Outcome.PARTIAL if isinstance(answer, Partial) else Outcome.FAILED
            reason = answer.reason
            self._session.metrics.FailedInvokeEventCount += len(batch.records)
        self._session.metrics.Errors += result.function_error is not None
        self.about(batch, outcome, reason, requestId=result.request_id)

    def split(self, batch: Batch, first: Batch, second: Batch) -> None:
        """Log a split, with where the second half begins."""
        self.about(
            batch,
            Outcome.SPLIT,
            "the invocation failed and BisectBatchOnFunctionError is on",
            middleSequenceNumber=second.first,
            firstHalfEnd=self._number(first.last),
            middleRecord=self._number(second.first),
            firstHalf=len(first.records),
            secondHalf=len(second.records),
        )
