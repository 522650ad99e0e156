"""The activity log of a running `npm start`: what its event source mapping reads and does, a JSON object a line.

Kinds of lines, each with `kind` and `at` (epoch seconds):
- `started`: a run of `npm start` begins, with nothing of the ones before;
- `rules`: the rules that the function runs from now on, as the `text` of alerts.toml;
- `invoking`: the stream `records` that an invocation takes to the function, as it receives them;
- `invoked`: what came of them: their sequence `numbers`, those `handedBack`, and the `error` ("" without one);
- `deployment`: how far that of an edited `file`, rules or receivers, has come: its `state` is deploying, deployed or
  refused, with the `reason` ("" without one) and the `version` of the file (see `operations/settings/editing.py`);
- `mapping`: a log event of a mapping, as `event`, described in words as `text`.

The file is replaced when it has grown long: the one before it stays beside it, and older ones are gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

RULES, RECEIVERS = "rules", "receivers"
DEPLOYING, DEPLOYED, REFUSED = "deploying", "deployed", "refused"
FILE = "activity.jsonl"
EARLIER = "activity.1.jsonl"
LARGEST = 20_000_000
"""Bytes of a file: what a few minutes of a hundred changes a second take."""
_AT_ONCE = 1_000_000  # bytes that one look reads


class ActivityLog:
    """Writes the log, from any thread. A disk that takes no more ends the writing, and harms nothing else."""

    def __init__(self, directory: Path, *, largest: int = LARGEST, now: Callable[[], float] = time.time) -> None:
        """Begin a new log in the directory."""
        self._path = directory / FILE
        self._earlier = directory / EARLIER
        self._largest = largest
        self._now = now
        self._lock = threading.Lock()
        self._size = 0
        self._rules: str | None = None
        self._deployments: dict[str, dict[str, str]] = {}
        self._earlier.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)  # a reader that has the old one open sees that there is another
        self._file: IO[bytes] | None = self._path.open("wb")
        self._write("started")

    def rules(self, text: str) -> None:
        """Note which rules run now; each file begins with those that ran when it was begun."""
        self._rules = text
        self._write("rules", text=text)

    def deployment(self, file: str, version: str, state: str, reason: str = "") -> None:
        """Note how far the deployment of an edited file has come; each file of the log begins with the latest."""
        self._deployments[file] = {"file": file, "version": version, "state": state, "reason": reason}
        self._write("deployment", **self._deployments[file])

    def invoking(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Note the records of an invocation before it."""
        self._write("invoking", records=list(records))

    def invoked(self, numbers: Iterable[str], handed_back: Iterable[str], error: str) -> None:
        """Note what came of an invocation."""
        self._write("invoked", numbers=list(numbers), handedBack=sorted(handed_back), error=error)

    def mapping(self, event: Mapping[str, Any], text: str) -> None:
        """Note a log event of a mapping."""
        self._write("mapping", event=event, text=text)

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            self._close()

    def _write(self, kind: str, **content: Any) -> None:
        line = self._line(kind, **content)
        with self._lock:
            if self._file is None:
                return
            try:
                if self._size + len(line) > self._largest:
                    self._begin_another()
                self._file.write(line)
                self._file.flush()
                self._size += len(line)
            except OSError:
                self._close()

    def _begin_another(self) -> None:
        self._close()
        self._path.replace(self._earlier)
        self._file = self._path.open("wb")
        first = self._line("rules", text=self._rules) if self._rules is not None else b""
        first += b"".join(self._line("deployment", **each) for each in self._deployments.values())
        self._file.write(first)
        self._size = len(first)

    def _line(self, kind: str, **content: Any) -> bytes:
        entry = {"kind": kind, "at": round(self._now(), 3), **content}
        return json.dumps(entry, separators=(",", ":")).encode() + b"\n"

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


class ActivityReader:
    """Reads the log from its beginning, as far as it is kept, and on as it grows."""

    def __init__(self, directory: Path) -> None:
        """Read the log of a run that uses the directory; it may not be there yet."""
        self._paths = [directory / EARLIER, directory / FILE]
        self._path = self._paths[-1]
        self._file: IO[bytes] | None = None
        self._waiting = list(self._paths)
        self._rest = b""

    def read(self) -> list[dict[str, Any]]:
        """Return what was written since the last call, or a first part of it; an empty list: nothing new."""
        if self._file is None and not self._open_next():
            return []
        while True:
            over = self._is_over()  # asked first: nothing is written to a file that has been replaced
            found = self._lines()
            if found or not over or not self._open_next():
                return found

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _lines(self) -> list[dict[str, Any]]:
        if self._file is None:
            return []
        data = self._rest + self._file.read(_AT_ONCE)
        *lines, self._rest = data.split(b"\n")
        return [entry for entry in map(_entry, lines) if entry]

    def _is_over(self) -> bool:
        """Tell whether the file that is read has been replaced by another, or is an earlier one."""
        if self._file is None:
            return True
        try:
            return not _same(self._path, self._file)
        except OSError:
            return False

    def _open_next(self) -> bool:
        path = self._waiting.pop(0) if self._waiting else self._path
        self.close()
        self._rest = b""
        try:
            self._file = path.open("rb")
        except OSError:
            return self._open_next() if self._waiting else False
        return True


def _same(path: Path, file: IO[bytes]) -> bool:
    here, opened = path.stat(), os.fstat(file.fileno())
    return (here.st_dev, here.st_ino) == (opened.st_dev, opened.st_ino)


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
