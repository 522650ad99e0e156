"""What one call to AWS may take of an invocation's time.

Four calls, one after the other, end within the function's timeout: to read the ledger, to publish, to park or publish
once more, to write down what was sent. With a short timeout the clients give up sooner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

FULL_TIMEOUT = 50.0
"""Seconds of timeout from which on a call has all the time that it may want."""
LEAST_TIMEOUT = 10.0
"""Seconds of timeout below which a call has less time than a slow answer takes."""
_TWO_ATTEMPTS_FROM = 0.6  # of the full budget: with less, one attempt gets the time of both


class CallBudget(NamedTuple):
    """What one call may take."""

    connect: float
    """Seconds."""
    read: float
    """Seconds."""
    attempts: int
    refusal_search: float
    """Seconds, beyond one call, for sending one by one a batch that SNS refused as a whole."""
    longest: int
    """Milliseconds that a call takes at the most, the pause of up to a second between its attempts included."""


def for_timeout(seconds: float) -> CallBudget:
    """Return the budget of a call in a function with this timeout."""
    share = min(seconds / FULL_TIMEOUT, 1.0)
    attempts = 2 if share >= _TWO_ATTEMPTS_FROM else 1
    each = share * 2 / attempts
    return CallBudget(each * 1.0, each * 4.0, attempts, share * 1.5, int(share * 12_000))


FULL = for_timeout(FULL_TIMEOUT)
LONGEST_CALL = FULL.longest
"""Milliseconds that one call to AWS takes at the most, whatever the timeout."""
CALLS_AT_ONCE = 8
"""Calls that are made side by side, and so connections that each client keeps."""

RemainingTime = Callable[[], int]
"""Gives the milliseconds that are left of this invocation."""
