"""Instructions that a process executes: the same on a quiet machine and on a busy one.

Counted by the processor, with `perf stat`; not at all where that is not there, or not allowed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from benchmarks.measuring.figures import Figure
from benchmarks.measuring.timing import silenced
from benchmarks.suites.cpu import JSON_LOADS, NO_MATCH, OF_JSON_LOADS, OF_POWERTOOLS, runs
from benchmarks.workload.contenders import OURS, POWERTOOLS, SHIPPED
from benchmarks.workload.events import batch

TOPIC = "Instructions a record of nine attributes"
ROOT = Path(__file__).parents[2]
RECORDS = 200
REPEATS = 20
SECONDS = 60
_COUNTER = ("perf", "stat", "-x", ",", "-e", "instructions:u")
_COUNTED = re.compile(r"^(\d+)[,;].*instructions", re.MULTILINE)


def count(command: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> int | None:
    """Count the instructions of a command; None where nothing here can."""
    if not available():
        return None
    found = _run([*_COUNTER, *command], {**env, "PYTHONHASHSEED": "0"}, cwd)
    if found is None:
        raise RuntimeError(f"{' '.join(command)} could not be counted")
    return found


def measure() -> list[Figure]:
    """Compare a record that matches nothing with json.loads and with Powertools; nothing without a counter."""
    if not available():
        return []
    figures = []
    for case in NO_MATCH:
        cost = {name: _a_record(name, case) for name in (JSON_LOADS, OURS, SHIPPED, POWERTOOLS)}
        figures += [Figure(TOPIC, f"{case}: {name}", round(instructions)) for name, instructions in cost.items()]
        for ours in (OURS, SHIPPED):
            of_json, of_ours = cost[ours] / cost[JSON_LOADS], cost[POWERTOOLS] / cost[ours]
            figures.append(Figure(TOPIC, f"{case}: {ours}, of json.loads", of_json, budget=OF_JSON_LOADS))
            figures.append(Figure(TOPIC, f"{case}: Powertools, of {ours}", of_ours, "times", budget=OF_POWERTOOLS))
    return figures


def _a_record(contender: str, case: str) -> float:
    """Count a run with some repeats and one with more: what both have in common is the start of the process."""
    few, more = (
        count([sys.executable, "-m", "benchmarks.suites.instructions", contender, case, str(repeats)], os.environ) or 0
        for repeats in (1, 1 + REPEATS)
    )
    return (more - few) / (REPEATS * RECORDS)


@cache
def available() -> bool:
    """Tell whether instructions can be counted here."""
    nothing = [*_COUNTER, sys.executable, "-S", "-c", "pass"]
    return bool(shutil.which(_COUNTER[0]) and _run(nothing, os.environ, ROOT))


def _run(command: list[str], env: Mapping[str, str], cwd: Path) -> int | None:
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False)
    found = _COUNTED.search(done.stderr)
    return int(found[1]) if found and done.returncode == 0 else None


def main(contender: str, case: str, repeats: str) -> None:
    """Do the work that is counted."""
    run = runs(batch(RECORDS, NO_MATCH[case]), (contender,) if contender != JSON_LOADS else ())[contender]
    with silenced():
        for _ in range(int(repeats)):
            run()


if __name__ == "__main__":
    main(*sys.argv[1:])
