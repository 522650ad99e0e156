"""Serving until there is nothing left to serve."""

from __future__ import annotations

from typing import Any

from event_source_mapping.service import _run


class Scheduler:
    """Ends at once, as when no task is left."""

    def now(self) -> float:
        """Give a time."""
        return 0.0

    def run(self, until: Any) -> None:
        """Run nothing."""
        until()


class Deleted:
    """A poller whose mapping was deleted."""

    done = True

    def __init__(self) -> None:
        self.stopped = ""

    def start(self) -> None:
        """Start."""

    def idle_for(self, now: float) -> float:
        """Say for how long nothing happened."""
        return now

    def stop(self, reason: str) -> None:
        """Stop."""
        self.stopped = reason


def test_a_deleted_mapping_ends_the_serving_without_an_idle_limit() -> None:
    """Where serving ends by itself, no reason is made up from a limit that was not given [While it runs]."""

    class Never:
        def is_set(self) -> bool:
            return False

    poller = Deleted()

    _run(Scheduler(), [poller], Never(), None)  # type: ignore[arg-type, list-item]

    assert not poller.stopped
