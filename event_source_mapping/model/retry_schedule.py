"""How long to wait before something is tried again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Seconds to wait before a batch is invoked again; AWS publishes no schedule."""

    first: float = 1.0
    factor: float = 1.5
    longest: float = 60.0

    @classmethod
    def fixed(cls, seconds: float) -> RetrySchedule:
        """Make a schedule that always waits the same."""
        return cls(seconds, 1.0, seconds)

    def delay(self, failures_in_a_row: int) -> float:
        """Seconds to wait after so many failures in a row (1 or more)."""
        # Beyond this exponent every schedule that grows has reached its longest wait.
        exponent = min(failures_in_a_row - 1, 200)
        return float(min(self.longest, self.first * self.factor**exponent))
