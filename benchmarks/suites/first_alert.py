"""From `npm start` in a clean clone to the first alert: the first time, with everything to set up, and the second."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from benchmarks.measuring.figures import Figure
from benchmarks.suites.artifact import checkout
from local.stack import supervised_process

TOPIC = "From npm start to the first alert"
SECONDS = 600


def measure() -> list[Figure]:
    """Start the service twice in a checkout of the current commit."""
    with checkout() as directory:
        first, second = _seconds(directory), _seconds(directory)
    note = "npm's, pip's and uv's own caches as they were"
    return [
        Figure(TOPIC, "first time, set-up included", first, "s", note=note),
        Figure(TOPIC, "second time", second, "s"),
    ]


def _seconds(directory: Path) -> float:
    started = time.monotonic()
    command = ["npm", "start", "--", "--once", "--json"]
    process = supervised_process.start(command, env=os.environ, cwd=directory, output=subprocess.PIPE)
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    said: list[str] = []
    try:
        with process.stdout as lines:
            for line in lines:
                said.append(line.decode(errors="replace"))
                if _is_alert(said[-1]):
                    return time.monotonic() - started
                if time.monotonic() - started > SECONDS:
                    break
        raise RuntimeError("no alert came of `npm start`:\n" + "".join(said[-15:]))
    finally:
        supervised_process.stop(process)


def _is_alert(line: str) -> bool:
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("event") == "alert"
