"""How long a message waits."""

from __future__ import annotations

import pytest

from notifications.delivery.handling.retries import DELAYS, LONGEST_DELAY, delay_after

TWELVE_HOURS = 12 * 3600


def test_the_waits_grow_and_then_end() -> None:
    """Five seconds, five minutes, half an hour, two, five, ten and ten hours: after a good day it is enough."""
    waits = [delay_after(attempts) for attempts in range(1, 9)]
    assert waits == [5, 300, 1800, 7200, 18_000, 36_000, 36_000, None]
    assert 24 * 3600 < sum(DELAYS) < 48 * 3600


@pytest.mark.parametrize(
    ("attempts", "retry_after", "expected"),
    [(1, 30, 30), (1, 1, 5), (1, 0.5, 5), (3, 60, 1800), (1, 10**9, LONGEST_DELAY), (9, 30, None), (0, None, 5)],
)
def test_a_receiver_that_asks_for_more_time_gets_it(attempts: int, retry_after: float, expected: int | None) -> None:
    """As far as SQS can hold the message, and never less than the schedule has."""
    assert delay_after(attempts, retry_after) == expected


def test_no_wait_exceeds_what_sqs_takes_from_the_receive_on() -> None:
    """The clock of 12 hours runs from the receive, and an invocation may have taken 15 minutes of it."""
    assert max(*DELAYS, LONGEST_DELAY) + 15 * 60 <= TWELVE_HOURS
