"""What one call to AWS may take of an invocation's time, and when to start no further one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from notifications.common.errors import OutOfTimeError

CONNECT_SECONDS = 1
READ_SECONDS = 4
ATTEMPTS = 2
REFUSAL_SEARCH_SECONDS = 1.5
"""Beyond one call, for sending one by one a batch that SNS refused as a whole."""
LONGEST_CALL = (CONNECT_SECONDS + READ_SECONDS) * ATTEMPTS * 1000 + 2000
"""Milliseconds that one call to AWS takes at the most, the pause between its attempts included."""
CALLS_AT_ONCE = 8
"""Calls that are made side by side, and so connections that each client keeps."""

RemainingTime = Callable[[], int]
"""Gives the milliseconds that are left of this invocation."""


class Deadline:
    """When to start no further call: one may hang for its whole timeout, and the response must still go out."""

    def __init__(self, remaining_time: RemainingTime | None, longest_call: int) -> None:
        """Take a call to last at most `longest_call` milliseconds; without `remaining_time` there is no limit."""
        self._remaining_time = remaining_time
        self._longest_call = min(longest_call, remaining_time() // 4) if remaining_time else 0

    @property
    def is_known(self) -> bool:
        """Whether there is a limit."""
        return self._remaining_time is not None

    def before(self, calls: int) -> Callable[[], None]:
        """Return a check to be made before each request."""
        return partial(self.check, calls)

    def check(self, calls: int) -> None:
        """Raise OutOfTimeError if so many calls, one after another, could outlast the invocation."""
        if self._remaining_time and self._remaining_time() < self._longest_call * calls:
            raise OutOfTimeError("the invocation's time is nearly up")
