"""How commands find a running `npm start`.

Each run claims a directory, `.local/` or `.local/2/` …, by a lock on its `running.json`. The system releases the
lock when the process ends, however it ends, so a file that a killed run left behind is never taken for a live run.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from operations.settings.project import PROJECT

HOME = PROJECT / ".local"
FILE = "running.json"
PORT_FILE = "port"


@dataclass(frozen=True)
class Running:
    """A running `npm start`: its endpoint, its products table, and the server that takes its HTTP deliveries."""

    endpoint_url: str
    products_table_name: str
    http_endpoint_url: str = ""
    directory: Path = field(default=HOME, compare=False)
    """Where it keeps what it writes down."""


class Claim:
    """A directory that no other run uses until this process ends."""

    def __init__(self, directory: Path, file: IO[str]) -> None:
        self.directory = directory
        self._file = file
        self._announced: Running | None = None

    @property
    def last_port(self) -> int | None:
        """The port of the run before in this directory, so that an endpoint once exported stays right."""
        try:
            return int((self.directory / PORT_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def remember_port(self, port: int) -> None:
        """Keep the port for the next run."""
        (self.directory / PORT_FILE).write_text(str(port), encoding="utf-8")

    def announce(self, running: Running) -> None:
        """Make this run known to `find_running`."""
        self._announced = running
        self._file.truncate(0)
        fields = {
            "endpointUrl": running.endpoint_url,
            "table": running.products_table_name,
            "httpEndpointUrl": running.http_endpoint_url,
        }
        json.dump(fields, self._file)
        self._file.flush()

    def withdraw(self) -> None:
        """Make this run unknown to `find_running`: there is nothing left to use."""
        self._announced = None
        self._file.truncate(0)
        self._file.flush()

    def announce_table(self, products_table_name: str) -> None:
        """Make known that the run announced has another products table now."""
        if self._announced:
            self.announce(replace(self._announced, products_table_name=products_table_name))


@contextmanager
def claim_directory(home: Path = HOME) -> Iterator[Claim]:
    """Claim the first directory below `home` that no other run has claimed."""
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
    """Find the live run that was announced last; None if nothing runs."""
    files = [*home.glob(FILE), *home.glob(f"*/{FILE}")]
    for path in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True):
        found = running_in(path.parent)
        if found:
            return found
    return None


def running_in(directory: Path) -> Running | None:
    """Find the live run that has claimed a directory; None if there is no such run, or it was not announced yet."""
    try:
        file = (directory / FILE).open("r", encoding="utf-8")
    except FileNotFoundError:
        return None
    with file:
        if _lock(file):
            return None  # no process holds the lock: the run has ended
        content = file.read()
    if not content:
        return None
    found = json.loads(content)
    return Running(found["endpointUrl"], found["table"], found.get("httpEndpointUrl", ""), directory)


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def main() -> int:
    """Print, as JSON, what a tool needs to use the running stack and to deploy to it; return 1 if nothing runs.

    `environment` leads an AWS tool to it; `httpEndpointUrl` is what its deploy was given as that parameter.
    """
    from operations.deployed.local_endpoint import environment  # noqa: PLC0415 - boto3, which the rest does without

    running = find_running()
    if running is None:
        return 1
    settings = {"environment": environment(running.endpoint_url), "httpEndpointUrl": running.http_endpoint_url}
    print(json.dumps(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
