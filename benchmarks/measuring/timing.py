"""Timing on a machine that does other things as well: contenders take turns, and are compared round by round."""

from __future__ import annotations

import contextlib
import gc
import io
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

ROUNDS = 15
SHORTEST_RUN = 0.02  # seconds; a shorter one is repeated until it takes as long


@dataclass(frozen=True)
class Spread:
    """Values of several rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The lower quartile; the least of fewer than four values."""
        return self._quartiles()[0]

    @property
    def high(self) -> float:
        """The upper quartile; the greatest of fewer than four values."""
        return self._quartiles()[1]

    def scaled(self, factor: float) -> Spread:
        """Multiply every value."""
        return Spread(tuple(value * factor for value in self.values))

    def over(self, other: Spread) -> Spread:
        """Divide round by round: what slowed a whole round down cancels out."""
        return Spread(tuple(mine / its for mine, its in zip(self.values, other.values, strict=True)))

    def _quartiles(self) -> tuple[float, float]:
        if len(self.values) < 4:  # noqa: PLR2004 - no quarters
            return min(self.values), max(self.values)
        first, _, third = statistics.quantiles(self.values, n=4)
        return first, third


Run = Callable[[], object]
Clock = Callable[[], float]


def interleaved(
    runs: Mapping[str, Run], rounds: int = ROUNDS, clock: Clock = time.process_time, repeat: bool = True
) -> dict[str, Spread]:
    """Let each run take its turn in each round; the seconds of one call of each."""
    gc.collect()
    gc.freeze()  # the events are not what is to be searched for garbage, round by round
    repeats = {name: _repeats(run, clock) if repeat else 1 for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        names = list(runs)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            seconds[name].append(_timed(runs[name], repeats[name], clock))
    gc.unfreeze()
    return {name: Spread(tuple(values)) for name, values in seconds.items()}


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Keep what is printed off the terminal; writing it is part of what is measured."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _repeats(run: Run, clock: Clock) -> int:
    _timed(run, 1, clock)  # what is made once is made now
    once = _timed(run, 1, clock)
    return max(1, int(SHORTEST_RUN / max(once, 1e-6)))


def _timed(run: Run, repeats: int, clock: Clock) -> float:
    gc.collect()
    with silenced():
        started = clock()
        for _ in range(repeats):
            run()
        return (clock() - started) / repeats
