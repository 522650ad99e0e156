"""Tasks: what the core is written in, and the scheduler that both worlds share.

A task is a generator. It yields what it wants (`Perform` I/O, `Sleep`) and is sent the answer, so
the core itself reads no clock, opens no socket and knows no thread. `virtual.py` answers at once
and moves a clock of its own; `live.py` runs I/O on threads and waits.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Perform:
    """Run blocking I/O away from the core; the task gets its result or its exception."""

    operation: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wake when `until` (epoch seconds) has come or the signal fires, whichever is first."""

    until: float | None = None
    signal: Signal | None = None


Effect = Perform | Sleep
Task = Generator[Effect, Any, T]


class Clock(Protocol):
    """The time, in epoch seconds."""

    def now(self) -> float:
        """Return the time."""
        ...


class Signal:
    """Wakes the tasks that sleep on it. A signal that nobody waits for is not remembered."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Waiter] = []

    def fire(self) -> None:
        """Wake every task that sleeps on this signal now."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.wake()

    def add(self, waiter: Waiter) -> None:
        """Let a sleeping task be woken by the next `fire`."""
        self._waiting = [other for other in self._waiting if not other.woken]
        self._waiting.append(waiter)


class Waiter:
    """One sleep of one task: woken once, by its timer or by its signal."""

    __slots__ = ("_scheduler", "_task", "woken")

    def __init__(self, scheduler: Scheduler, task: Task[None]) -> None:
        self._scheduler = scheduler
        self._task = task
        self.woken = False

    def wake(self) -> None:
        """Let the task go on, the first time."""
        if not self.woken:
            self.woken = True
            self._scheduler.make_ready(self._task, None, None)


class Scheduler:
    """Steps tasks one at a time. Subclasses say what the time is and how I/O is done."""

    def __init__(self) -> None:
        self.running = 0
        self._order = 0
        self._timers: list[tuple[float, int, Waiter]] = []
        self._ready: list[tuple[Task[None], Any, Exception | None]] = []

    def now(self) -> float:
        """Return the time, in epoch seconds."""
        raise NotImplementedError

    def perform(self, task: Task[None], operation: Callable[[], Any]) -> None:
        """Do the I/O and make the task ready with its outcome."""
        raise NotImplementedError

    def spawn(self, task: Task[None]) -> None:
        """Start a task."""
        self.running += 1
        self.make_ready(task, None, None)

    def make_ready(self, task: Task[None], value: Any, error: Exception | None) -> None:
        """Let the task go on, with an answer or an exception, at the next step."""
        self._ready.append((task, value, error))

    def step_ready(self) -> None:
        """Step every task that can go on, until none can without time or I/O."""
        while self._ready:
            ready, self._ready = self._ready, []
            for task, value, error in ready:
                self._step(task, value, error)

    def next_timer(self) -> float | None:
        """When the next sleeper wakes by time."""
        while self._timers and self._timers[0][2].woken:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def wake_due(self, now: float) -> None:
        """Wake the sleepers whose time has come, in the order of their times."""
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2].wake()

    def call_at(self, when: float, waiter: Waiter) -> None:
        """Wake the waiter at a time; equal times keep the order in which they were asked for."""
        self._order += 1
        heapq.heappush(self._timers, (when, self._order, waiter))

    def _step(self, task: Task[None], value: Any, error: Exception | None) -> None:
        try:
            effect = task.throw(error) if error is not None else task.send(value)
        except StopIteration:
            self.running -= 1
            return
        if isinstance(effect, Perform):
            self.perform(task, effect.operation)
            return
        waiter = Waiter(self, task)
        if effect.until is not None and effect.until != math.inf:
            self.call_at(effect.until, waiter)
        if effect.signal is not None:
            effect.signal.add(waiter)


def outcome_of(operation: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Run an operation; give its result, or the exception it raised."""
    try:
        return operation(), None
    except Exception as error:  # noqa: BLE001 - handed to the task that asked, which decides
        return None, error
