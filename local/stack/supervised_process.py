"""Runs a command that ends when the process that started it does, even if that one is killed.

`start` runs this file as a supervisor: a small process around the command, in a process group of their own. The
starter holds the other end of the supervisor's standard input. When that closes, by `stop` or because the starter
was killed, the supervisor ends the whole group: the command and everything that it started. A Ctrl-C in the terminal
does not reach the group, so the starter decides in which order things end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

GRACE_SECONDS = 0.5  # between SIGTERM and SIGKILL: these commands have nothing to save
NOT_STARTED = 127  # the exit status that shells use


def start(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, output: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a command under supervision; its output and errors both go to `output` (a file, or subprocess.PIPE)."""
    return subprocess.Popen(
        [sys.executable, "-I", __file__, *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=cwd,
        start_new_session=True,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a started command and its whole process group, and wait until they have ended."""
    if process.stdin:
        with contextlib.suppress(OSError):
            process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=GRACE_SECONDS + 2)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # the rest of the group, such as a hung function
    process.wait()


def main(command: Sequence[str]) -> int:
    """Run the command until it ends or the standard input closes; return its exit status."""
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_STARTED
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    ending = threading.Event()
    watcher = threading.Thread(target=_end_with_starter, args=(child, ending), daemon=True)
    watcher.start()
    status = child.wait()
    if ending.is_set():
        watcher.join()
    return status if status >= 0 else 128 - status


def _end_with_starter(child: subprocess.Popen[bytes], ending: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    ending.set()
    os.killpg(0, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
