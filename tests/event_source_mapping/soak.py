"""A longer soak: python -m tests.event_source_mapping.soak --runs 1000000.

Each run follows from its number alone, so a failure is repeated with `--first NUMBER --runs 1`.
"""

# ruff: noqa: T201 - a command line tool speaks by printing

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.event_source_mapping import random_queue_runs, random_runs
from tests.event_source_mapping.random_queue_runs import QueueDraw, queue_draw_of
from tests.event_source_mapping.random_runs import Draw, draw_of


def main() -> int:
    """Run the laws over many random runs; return 1 if one broke a law."""
    parser = argparse.ArgumentParser(prog="python -m tests.event_source_mapping.soak")
    parser.add_argument("--runs", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--first", type=int, default=0, help="the first run's number")
    parser.add_argument("--queue", action="store_true", help="run mappings of queues, not of streams")
    given = parser.parse_args()
    run = _run_queue if given.queue else _run_stream
    started = time.monotonic()
    for number in range(given.first, given.first + given.runs):
        try:
            run(number)
        except Exception as error:  # noqa: BLE001 - whatever breaks a run, its number repeats it
            print(f"run {number}: {type(error).__name__}: {error}")
            return 1
        if (number + 1 - given.first) % 10_000 == 0:
            spent = time.monotonic() - started
            print(f"{number + 1 - given.first} runs, {spent:.0f} s", flush=True)
    print(f"{given.runs} runs kept every law")
    return 0


def _run_stream(number: int) -> None:
    random_runs.check(_disturbed(number))


def _run_queue(number: int) -> None:
    """Make a run; every third is interrupted, every third restarted."""
    draw: QueueDraw = queue_draw_of(number)
    times = random.Random(number).randrange(1, 5)  # noqa: S311 - a test's dice
    draw.interruptions = times if number % 3 == 1 else 0
    draw.restarts = times if number % 3 == 2 else 0
    random_queue_runs.check(draw)


def _disturbed(number: int) -> Draw:
    """Draw a run; every third is interrupted, every third restarted."""
    draw = draw_of(number)
    times = random.Random(number).randrange(1, 5)  # noqa: S311 - a test's dice
    if number % 3 == 1:
        draw.interruptions = times
        draw.settings["tumbling_window"] = 0
    elif number % 3 == 2:
        draw.restarts = times
        draw.settings |= {"tumbling_window": 0, "parallelization_factor": 1}
    return draw


if __name__ == "__main__":
    sys.exit(main())
