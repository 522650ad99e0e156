"""The console of `npm start`: a process of its own, which ends with this one, whatever ends that."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from local.stack import supervised_process
from operations.settings.project import LOCAL_STAGE, PROJECT

LOG = "console.log"
STARTED_WITHIN_SECONDS = 20
_LONGEST_LINE = 1000


@contextmanager
def console_process(run: Path) -> Iterator[ConsoleProcess]:
    """Run the console while the context lasts, for the `npm start` that has claimed the directory `run`.

    What it says goes to a log there.
    """
    process = supervised_process.start(
        [sys.executable, "-m", "console", "--stage", LOCAL_STAGE, "--run", str(run)],
        # The endpoint of the run is found by its claim: a shell's own AWS settings would lead elsewhere.
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "CONSOLE_TOKEN": secrets.token_urlsafe(24),
            "PYTHONUNBUFFERED": "1",
        },
        cwd=PROJECT,
        output=subprocess.PIPE,
    )
    console = ConsoleProcess(process, run / LOG)
    try:
        yield console
    finally:
        supervised_process.stop(process)


class ConsoleProcess:
    """A console that was started."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._said: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=self._read, args=(log,), daemon=True).start()

    def address(self) -> str:
        """Wait for the address, which has the token of the launch; "" if the console did not come up."""
        with contextlib.suppress(Empty):
            return self._said.get(timeout=STARTED_WITHIN_SECONDS)
        return ""

    def _read(self, log: Path) -> None:
        """Keep what it says, and take the address from its first line."""
        told = False
        with log.open("wb") as kept:
            for line in self._process.stdout or ():
                kept.write(line)
                kept.flush()
                _, marker, address = line.decode("utf-8", "replace")[:_LONGEST_LINE].strip().partition(": http://")
                if marker and not told:
                    told = True
                    self._said.put(f"http://{address}")
        if not told:
            self._said.put("")
