"""The scheduler of virtual time, for tests and simulations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from event_source_mapping.running.tasks import Scheduler, Task, Waiter, outcome_of


class VirtualScheduler(Scheduler):
    """Time that moves only when every task waits: a day of retries takes milliseconds.

    I/O runs inline. An operation that should take time says so with `spend`; its task goes on that
    much later, and others run meanwhile.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        super().__init__()
        self._now = start
        self._spent = 0.0

    def now(self) -> float:
        """Return the virtual time; within an operation, including what it has spent so far."""
        return self._now + self._spent

    def spend(self, seconds: float) -> None:
        """Let the operation that is running take this long."""
        self._spent += seconds

    def perform(self, task: Task[None], operation: Callable[[], Any]) -> None:
        """Run the operation now; answer after the time it spent."""
        value, error = outcome_of(operation)
        spent, self._spent = self._spent, 0.0
        if spent:
            self.call_at(self._now + spent, _Answer(self, task, value, error))
        else:
            self.make_ready(task, value, error)

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Run until no task is left, none can go on, or `until` holds."""
        self.step_ready()
        while self.running and not until():
            when = self.next_timer()
            if when is None:
                return
            self._now = max(self._now, when)
            self.wake_due(self._now)
            self.step_ready()


class _Answer(Waiter):
    """The answer of an operation that took virtual time."""

    __slots__ = ("_error", "_value")

    def __init__(self, scheduler: Scheduler, task: Task[None], value: Any, error: Exception | None) -> None:
        super().__init__(scheduler, task)
        self._value = value
        self._error = error

    def wake(self) -> None:
        """Hand the answer over."""
        self.woken = True
        self._scheduler.make_ready(self._task, self._value, self._error)
