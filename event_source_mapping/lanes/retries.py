"""What becomes of a batch after an invocation: pure functions, no I/O.

docs/event-source-mapping.md, "Retries", "Partial responses" and "Bisection".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from event_source_mapping.batches.responses import Failed, InvokeOutcome, Partial
from event_source_mapping.model.stream_records import StreamRecord


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are invoked together, and what that has cost so far."""

    records: tuple[StreamRecord, ...]
    failures: int = 0  # invocations that reached the function and count against the retry quota

    @property
    def first(self) -> str:
        """The first record's sequence number."""
        return self.records[0].sequence_number

    @property
    def last(self) -> str:
        """The last record's sequence number."""
        return self.records[-1].sequence_number


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The whole batch is done."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The same records again; one more failure counts."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Continue:
    """The records before the first failed one are done; the rest is a new batch."""

    done: Batch
    rest: Batch


@dataclass(frozen=True, slots=True)
class Split:
    """Two new batches; the second starts when the first is done or given up."""

    first: Batch
    second: Batch


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The retries are used up: discard the batch."""

    batch: Batch


NextStep = Acknowledge | Retry | Continue | Split | GiveUp


class RetrySettings(Protocol):
    """The settings that the next step depends on; MappingSettings has them."""

    @property
    def maximum_retry_attempts(self) -> int:
        """How many retries a batch has after its first invocation; -1 means no limit."""
        ...

    @property
    def bisect_on_error(self) -> bool:
        """Whether a batch whose invocation fails is split."""
        ...


def next_step(batch: Batch, outcome: InvokeOutcome, settings: RetrySettings) -> NextStep:
    """Say what follows an invocation that reached the function."""
    first = first_failed(batch, outcome) if isinstance(outcome, Partial) else 0
    if first > 0:
        return Continue(Batch(batch.records[:first]), Batch(batch.records[first:]))
    if not isinstance(outcome, Failed | Partial):
        return Acknowledge()
    splittable = isinstance(outcome, Failed) and outcome.splittable
    if settings.bisect_on_error and splittable and len(batch.records) > 1:
        middle = len(batch.records) // 2
        return Split(Batch(batch.records[:middle]), Batch(batch.records[middle:]))
    failed = replace(batch, failures=batch.failures + 1)
    if 0 <= settings.maximum_retry_attempts < failed.failures:
        return GiveUp(failed)
    return Retry(failed)


def first_failed(batch: Batch, outcome: Partial) -> int:
    """Give the index of the lowest sequence number named: from there on, all records come again."""
    return min(outcome.named, key=lambda index: int(batch.records[index].sequence_number))
