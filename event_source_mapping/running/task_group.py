"""Tasks that are spawned together and waited for."""

from __future__ import annotations

from event_source_mapping.running.tasks import Scheduler, Signal, Sleep, Task


class TaskGroup:
    """Counts the tasks that it spawned and that have not ended."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.running = 0
        self._scheduler = scheduler
        self._ended = Signal()

    def spawn(self, task: Task[None]) -> None:
        """Start a task."""
        self.running += 1
        self._scheduler.spawn(self._counted(task))

    def wait(self) -> Task[None]:
        """Wait until every task has ended."""
        while self.running:
            yield Sleep(None, self._ended)

    def _counted(self, task: Task[None]) -> Task[None]:
        yield from task
        self.running -= 1
        if not self.running:
            self._ended.fire()
