"""Work that takes a while, done in the background, and how far it has come."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from notifications.common.errors import ConfigurationError

MOST_KEPT = 20


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one of the things that a job works through."""

    label: str
    ok: bool
    outcome: str
    detail: str


@dataclass(slots=True)
class Job:
    """Some work under way, or done."""

    id: int
    title: str
    steps: list[Step] = field(default_factory=list)
    total: int | None = None
    """How many steps there will be; None while that is not known."""
    over: bool = False
    problem: str = ""
    """What ended it before its time."""
    sentence: str = ""
    """What came of it, in one sentence; known when it is over."""

    @property
    def failed(self) -> int:
        """How many steps did not end well."""
        return sum(not step.ok for step in self.steps)


Work = Callable[[Job], Iterator[tuple[int | None, Step]]]
"""Yields each step with the number of all; says what came of it in the job's `sentence`."""


class Jobs:
    """The jobs of this launch; one works at a time, as two would take messages from each other."""

    def __init__(self) -> None:
        """Begin with no job."""
        self._ids = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._lock = threading.Lock()

    def start(self, title: str, work: Work) -> Job | None:
        """Start one; None while another is under way."""
        with self._lock:
            if any(not job.over for job in self._jobs.values()):
                return None
            job = Job(next(self._ids), title)
            self._jobs[job.id] = job
            if len(self._jobs) > MOST_KEPT:
                del self._jobs[min(self._jobs)]
        threading.Thread(target=_run, args=(job, work), daemon=True).start()
        return job

    def job(self, job_id: int) -> Job | None:
        """Find a job."""
        return self._jobs.get(job_id)

    @property
    def under_way(self) -> Job | None:
        """The one that works now."""
        return next((job for job in self._jobs.values() if not job.over), None)


def _run(job: Job, work: Work) -> None:
    try:
        for total, step in work(job):
            job.total = total
            job.steps.append(step)
    except (ConfigurationError, ClientError, BotoCoreError) as error:
        job.problem = str(error)
    except Exception as error:  # noqa: BLE001 - in a thread: the page shows it
        job.problem = f"{type(error).__name__}: {error}"
    finally:
        job.over = True
