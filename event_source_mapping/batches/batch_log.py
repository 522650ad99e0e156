"""Logging what happens to a batch: its records by their identifiers, and as numbered in their source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from event_source_mapping.batches.responses import InvokeOutcome, Partial, Succeeded
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.session import Session
from event_source_mapping.mapping.settings import MappingSettings
from event_source_mapping.model.invocations import InvokeResult
from event_source_mapping.model.records import Record


class BatchLog:
    """Logs the events of one lane's or queue's batches."""

    def __init__(
        self, session: Session[MappingSettings], shard_id: str | None, number: Callable[[str], int | None]
    ) -> None:
        """Take `number`, which says which record of the source an identifier is; a queue has no shard."""
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
            numbers["firstRecord"] = self._number(records[0].identifier)
            numbers["lastRecord"] = self._number(records[-1].identifier)
        self._session.log(
            event_type,
            reason,
            shard=self._shard_id,
            records=records,
            attempt=attempt,
            **numbers,
            **details,
        )

    def answered(self, records: Sequence[Record], attempt: int, result: InvokeResult, outcome: InvokeOutcome) -> None:
        """Log what an invocation came to, and count an error of the function."""
        if isinstance(outcome, Succeeded):
            event_type, reason = EventType.SUCCEEDED, "no record failed"
        else:
            event_type = EventType.PARTIAL if isinstance(outcome, Partial) else EventType.FAILED
            reason = outcome.reason
        self._session.metrics.Errors += result.function_error is not None
        self.add(event_type, reason, records, attempt, requestId=result.request_id)

    def number(self, record: Record) -> int | None:
        """Say which record of the source this is."""
        return self._number(record.identifier)
