"""What becomes of a batch after an invocation: pure decisions, no I/O.

docs/event-source-mapping.md, "Retries", "Partial responses" and "Bisection".
"""

from dataclasses import dataclass, replace
from typing import Protocol

from .records import StreamRecord
from .responses import Failed, Outcome, Partial


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


Verdict = Acknowledge | Retry | Continue | Split | GiveUp


class RetrySettings(Protocol):
    """The settings that decide; MappingSettings has them."""

    @property
    def maximum_retry_attempts(self) -> int:
        """How many retries a batch has after its first invocation; -1 means no limit."""
        ...

    @property
    def bisect_on_error(self) -> bool:
        """Whether a batch that fails is cut in two."""
        ...


def decide(batch: Batch, outcome: Outcome, settings: RetrySettings) -> Verdict:
    """Say what follows from an invocation that reached the function."""
    if isinstance(outcome, Partial) and outcome.first_failed > 0:
        return Continue(
            Batch(batch.records[: outcome.first_failed]),
            Batch(batch.records[outcome.first_failed :]),
        )
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


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Seconds to wait before a batch is invoked again; AWS publishes no schedule."""

    first: float = 1.0
    factor: float = 1.5
    longest: float = 60.0

    @classmethod
    def fixed(cls, seconds: float) -> "RetrySchedule":
        """Make a schedule that always waits the same."""
        return cls(seconds, 1.0, seconds)

    def delay(self, failures_in_a_row: int) -> float:
        """Seconds to wait after so many failures in a row (1 or more)."""
        # Beyond this exponent every schedule that grows has reached its longest wait.
        exponent = min(failures_in_a_row - 1, 200)
        return float(min(self.longest, self.first * self.factor**exponent))
