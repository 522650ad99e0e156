"""Where a running `npm start` is found by the commands beside it.

Each one claims a directory, `.local/` or `.local/2/` …, by a lock on its `running.json`. The system
lets go of the lock when the process ends, however it ends: what is left is never taken for alive.
"""

import fcntl
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local.deployment import ROOT

HOME = ROOT / ".local"
FILE = "running.json"


@dataclass(frozen=True)
class Running:
    """A running `npm start`: its endpoint and its products table."""

    endpoint_url: str
    products_table_name: str


class Claim:
    """A directory that is this process's own until it ends."""

    def __init__(self, directory: Path, file: IO[str]) -> None:
        self.directory = directory
        self._file = file

    def announce(self, running: Running) -> None:
        """Let the commands beside it find this run."""
        self._file.truncate(0)
        json.dump({"endpointUrl": running.endpoint_url, "table": running.products_table_name}, self._file)
        self._file.flush()


@contextmanager
def claim_directory(home: Path = HOME) -> Iterator[Claim]:
    """Claim the first directory that no other run has."""
    for number in itertools.count(1):
        directory = home if number == 1 else home / str(number)
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / FILE).open("a", encoding="utf-8") as file:
            if not _lock(file):
                continue
            file.truncate(0)
            try:
                yield Claim(directory, file)
            finally:
                file.truncate(0)
            return


def find_running(home: Path = HOME) -> Running | None:
    """Find the run that was announced last, if any is alive."""
    files = [*home.glob(FILE), *home.glob(f"*/{FILE}")]
    for path in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True):
        with path.open("r", encoding="utf-8") as file:
            if _lock(file):
                continue  # nobody holds it: whoever wrote it has ended
            content = file.read()
        if content:
            found = json.loads(content)
            return Running(found["endpointUrl"], found["table"])
    return None


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
