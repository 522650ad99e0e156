"""How long a message waits before it is tried again. The queue's visibility timeout is the clock.

Source: Amazon SQS API Reference, "ChangeMessageVisibility": at most 12 hours, counted from the receive.
"""

from __future__ import annotations

_MINUTE, _HOUR = 60, 3600
DELAYS = (5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 10 * _HOUR)
"""Seconds after the first failed attempt, the second, and so on. After one more a message is undelivered."""
HORIZON = sum(DELAYS)
"""Seconds from the first attempt to the last."""
LONGEST_DELAY = 12 * _HOUR - 15 * _MINUTE  # the time that the invocation has taken counts, too: Lambda's limit
FLUSH_DELAYS = DELAYS[:3]
"""Of a digest: the next hour's flush would try it again anyway."""
SOON = 30
"""Seconds to wait when the ledger does not answer."""


def delay_after(attempts: int, retry_after: float | None = None, delays: tuple[int, ...] = DELAYS) -> int | None:
    """Return the seconds to wait after so many failed attempts; None: no more.

    A receiver that asks to be left alone for longer is left alone, as long as SQS can hold the message.
    """
    if attempts > len(delays):
        return None
    return int(min(max(delays[max(attempts, 1) - 1], retry_after or 0), LONGEST_DELAY))
