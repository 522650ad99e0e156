"""Calls side by side as dice have it: which ends first, and what had an effect when the process died."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Self

from notifications.common.time_budget import CALLS_AT_ONCE
from tests.simulation.faults import Faults, Killed


class DrawnCalls:
    """Holds calls back until somebody waits for one, and lets dice choose which; each takes its time from its start."""

    most = CALLS_AT_ONCE

    def __init__(self, faults: Faults, dice: random.Random) -> None:
        """Start with none."""
        self._faults = faults
        self._dice = dice
        self._pending: list[tuple[float, Callable[[], Any]]] = []

    @property
    def under_way(self) -> int:
        """Those whose result nobody has asked for."""
        return len(self._pending)

    def __enter__(self) -> Self:
        """Begin with none."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Let what was under way have its effect, or not: nobody waits for its answer any more."""
        while self._pending:
            started, call = self._draw()
            if raised[0] is None or self._dice.random() < 0.5:
                try:
                    self._faults.beside(started, call)
                except Killed:
                    if raised[0] is None:
                        raise

    def start(self, call: Callable[[], Any]) -> None:
        """Take a call."""
        self._pending.append((self._faults.now(), call))

    def next_ended(self) -> Any:
        """Make one of them."""
        return self._faults.beside(*self._draw())

    def _draw(self) -> tuple[float, Callable[[], Any]]:
        return self._pending.pop(self._dice.randrange(len(self._pending)))
