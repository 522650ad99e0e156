"""Peak memory is of the process measured."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.suites.memory import LARGEST, MEGABYTE, ROOT
from benchmarks.workload.contenders import OURS


def test_what_the_starting_process_needed_is_not_counted() -> None:
    """A child is as small as it is, however large its parent."""
    ballast = bytearray(700 * MEGABYTE)
    ballast[::4096] = b"x" * len(ballast[::4096])
    command = [sys.executable, "-m", "benchmarks.suites.memory", OURS, LARGEST]
    before, peak = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    assert 10 * MEGABYTE < before <= peak < 500 * MEGABYTE
    assert ballast
