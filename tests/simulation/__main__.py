"""The soak: `python -m tests.simulation --invocations 5000000 --seed 1`; `--seed N` alone runs one scenario again."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.simulation.runs import FailedRunError, runs, what_breaks
from tests.simulation.scenario import Scenario, draw
from tests.simulation.shrink import shrink

_TOLD_EVERY = 10  # seconds


def main() -> int:
    """Run, and return 1 for the first scenario that breaks a law, shrunk."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--invocations", type=int, help="how many to make at the least; without it: one scenario")
    parser.add_argument("--seed", type=int, default=0, help="the first scenario (0)")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if given.invocations is None:
        return _one(draw(given.seed))
    started = told = time.monotonic()
    try:
        for tally in runs(given.invocations, given.seed):
            now = time.monotonic()
            if now - told > _TOLD_EVERY:
                told = now
                _say(
                    f"{tally.invocations:>10,} of {given.invocations:,} invocations, {tally.scenarios:,} scenarios, "
                    f"{tally.alerts:,} alerts, {tally.given_up:,} given up, {now - started:.0f} s"
                )
    except FailedRunError as error:
        _say(str(error))
        return _one(error.scenario)
    _say(f"{tally.invocations:,} invocations kept every law, {time.monotonic() - started:.0f} s")
    return 0


def _one(scenario: Scenario) -> int:
    broken = what_breaks(scenario)
    if not broken:
        _say(f"seed {scenario.seed} keeps every law")
        return 0
    _say(f"seed {scenario.seed}: {broken}\nshrinking …")
    kind = broken[:4]
    small = shrink(scenario, lambda smaller: what_breaks(smaller)[:4] == kind)
    _say(f"{what_breaks(small)}\n{_written(small)}")
    return 1


def _written(scenario: Scenario) -> str:
    """Write a scenario so that it can be pasted into a test."""
    lines = [f"Scenario({scenario.seed}, changes=("]
    lines += [f"    {change}," for change in scenario.changes]
    lines += ["), faults=(", *(f"    {fault}," for fault in scenario.faults)]
    lines += ["), outages=(", *(f"    {outage}," for outage in scenario.outages)]
    lines += [f"), settings={scenario.settings}, shards={scenario.shards}, splits={scenario.splits},"]
    lines += [f"mutes={scenario.mutes})"]
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
