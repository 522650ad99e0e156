"""The scheduler of the real world: the machine's clock, and I/O on threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from event_source_mapping.running.tasks import Scheduler, Task, outcome_of

# More I/O than this at once waits its turn: ten lanes each of some twenty shards.
_THREADS = 256
_LONGEST_WAIT = 0.1  # seconds until the caller's `until` is asked again


class LiveScheduler(Scheduler):
    """Steps the core on the calling thread; every `Perform` runs on a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(_THREADS, "event-source-mapping")
        self._answers: SimpleQueue[tuple[Task[None], Any, Exception | None]] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the threads go; one that still waits for an answer does not hold the caller."""
        self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def now(self) -> float:
        """Return the machine's time."""
        return time.time()

    def perform(self, task: Task[None], operation: Callable[[], Any]) -> None:
        """Run the operation on a thread; its answer comes back to the stepping one."""
        self._pool.submit(lambda: self._answers.put((task, *outcome_of(operation))))

    def run(self, until: Callable[[], bool]) -> None:
        """Step until no task is left or `until` holds."""
        self.step_ready()
        while self.running and not until():
            self._take_answers()
            self.wake_due(self.now())
            self.step_ready()

    def _take_answers(self) -> None:
        """Wait for an answer or the next timer, then take all answers there are."""
        timer = self.next_timer()
        wait = _LONGEST_WAIT if timer is None else min(_LONGEST_WAIT, timer - self.now())
        try:
            answer = self._answers.get(timeout=wait) if wait > 0 else self._answers.get_nowait()
            while True:
                self.make_ready(*answer)
                answer = self._answers.get_nowait()
        except Empty:
            return
