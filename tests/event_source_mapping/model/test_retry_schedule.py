"""The waits between retries."""

from __future__ import annotations

import pytest

from event_source_mapping.model.retry_schedule import RetrySchedule


@pytest.mark.parametrize(
    ("schedule", "waits"),
    [
        (RetrySchedule(), [1.0, 1.5, 2.25]),
        (RetrySchedule(longest=2.0), [1.0, 1.5, 2.0]),
        (RetrySchedule.fixed(0.2), [0.2, 0.2, 0.2]),
    ],
)
def test_the_wait_grows_to_its_limit(schedule: RetrySchedule, waits: list[float]) -> None:
    """The default schedule grows by half each time; a fixed one stays [Choices]."""
    assert [schedule.delay(failures) for failures in (1, 2, 3)] == waits
    assert schedule.delay(100_000) == schedule.longest


def test_the_default_schedule_fits_the_one_recorded_figure() -> None:
    """Eight invocations of an instantly failing function fit in less than 60 s [Choices]."""
    schedule = RetrySchedule()
    assert sum(schedule.delay(failures) for failures in range(1, 8)) < 60
