"""Peak memory of a process that handles one batch, and how much of it the handling added."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.measuring.figures import Figure
from benchmarks.measuring.timing import silenced
from benchmarks.workload.contenders import OURS, PEERS, contender
from benchmarks.workload.events import NINE, batch, event
from benchmarks.workload.instant import InstantClient

TOPIC = "Peak memory"
ROOT = Path(__file__).parents[2]
MEGABYTE = 1024 * 1024
LARGEST_EVENT = 6 * MEGABYTE  # what Lambda hands a function at the most
LARGEST = "6 MB batch, all match"
CASES = ("10,000 records, 1% match", "10,000 records, all match", LARGEST)
_STATUS = Path("/proc/self/status")
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)
_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


def measure() -> list[Figure]:
    """Let each contender handle each batch in a process of its own."""
    figures = []
    for case in CASES:
        for name in (OURS, *PEERS):
            command = [sys.executable, "-m", "benchmarks.suites.memory", name, case]
            said = subprocess.run(
                command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120, check=True
            ).stdout
            before, peak = json.loads(said)
            note = f"{(peak - before) / MEGABYTE:.1f} MB of it added by handling"
            figures.append(Figure(TOPIC, f"{case}: {name}", peak / MEGABYTE, "MB", note=note))
    return figures


def main(name: str, case: str) -> None:
    """Handle the batch; print the peak before and after, in bytes."""
    parsed = _event(case)
    client = InstantClient()
    handle = contender(name, client, client)
    before = _peak()
    with silenced():
        handle(parsed)
    print(json.dumps([before, _peak()]))


def _event(case: str) -> dict[str, Any]:
    """Parse a few records at a time: the texts must not be what is measured."""
    size, every, item = 10_000, 100 if "1%" in case else 1, NINE
    if case == LARGEST:
        item = {**NINE, "description": {"S": "A mouse without a wire. " * 125}}  # 3 kB, in both images
        size = LARGEST_EVENT // len(batch(1, item=item)[0])
    parts = (event(batch(100, matching_every=every, item=item, start=start)) for start in range(0, size, 100))
    return {"Records": [record for part in parts for record in part["Records"]]}


def _peak() -> int:
    # On Linux ru_maxrss starts with the peak of the process that started this one.
    found = _PEAK.search(_STATUS.read_text(encoding="ascii")) if _STATUS.exists() else None
    return int(found[1]) * 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


if __name__ == "__main__":
    main(*sys.argv[1:])
