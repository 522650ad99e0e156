"""Work in the background: one at a time, told to its end whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from console.sources.jobs import MOST_KEPT, Job, Jobs, Step
from tests.console.stage import until

DONE = Step("a", True, "played", "")


def work(_: Job) -> Iterator[tuple[int | None, Step]]:
    """Do one thing."""
    yield 1, DONE


def test_a_second_job_waits_for_the_first() -> None:
    """Two would take messages from each other."""
    jobs, go = Jobs(), threading.Event()

    def slow(_: Job) -> Iterator[tuple[int | None, Step]]:
        go.wait(10)
        yield 1, DONE

    first = jobs.start("first", slow)
    assert first
    assert jobs.start("second", work) is None
    assert jobs.under_way is first
    go.set()
    until(lambda: first.over)
    assert jobs.start("second", work)


def test_an_error_ends_a_job_with_what_was_done() -> None:
    """And the next one can begin."""
    jobs = Jobs()

    def failing(_: Job) -> Iterator[tuple[int | None, Step]]:
        yield 2, DONE
        raise ValueError("broken")

    job = jobs.start("failing", failing)
    assert job
    until(lambda: job.over)
    assert (job.steps, job.problem) == ([DONE], "ValueError: broken")
    assert jobs.under_way is None


def test_old_jobs_are_forgotten() -> None:
    """A console that runs for weeks holds a few."""
    jobs = Jobs()
    for _ in range(MOST_KEPT + 5):
        job = jobs.start("a", work)
        assert job
        until(lambda job=job: job.over)
    assert jobs.job(1) is None
    assert jobs.job(MOST_KEPT + 5)
