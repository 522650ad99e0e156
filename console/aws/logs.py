"""What the functions of a deployed stage logged lately: read while somebody looks, and kept for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from console.aws.stage import Stage
from notifications.common.errors import ConfigurationError
from operations.logs.function_logs import EVERYTHING, LogReading, read_log
from operations.logs.log_entries import LogEntry, read_entry

MOST_ENTRIES = 2000
BACK = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
"""How far a first look goes back, step by step, until there is enough to show: AWS gives the oldest lines first."""
ENOUGH = 60
LOOK_SECONDS, LONGEST_PAUSE = 5.0, 60.0
"""Between looks; as long as AWS throttles or fails, twice as long each time."""
_LATE = timedelta(seconds=20)
"""How late CloudWatch may have a line."""
_LONGEST_GAP = timedelta(minutes=2)
_KEPT = 200
_FRESH_SECONDS = 5.0
_MOST_NAMES = 3
"""Alerts of one record that are looked for."""
_AROUND = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """An entry, with its place among all that were seen."""

    position: int
    function: str
    """The name of the function that logged it."""
    entry: LogEntry


class Logs:
    """The logs of a stage's functions."""

    def __init__(self, stage: Stage, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Read those of `stage`."""
        self._stage = stage
        self._now = now
        self._lock = threading.Lock()
        self._one_reader = threading.Lock()
        self._seen: deque[SeenEntry] = deque(maxlen=MOST_ENTRIES)
        self._ids: set[tuple[str, str]] = set()
        self._next_look = 0.0
        self._pause = LOOK_SECONDS
        self._of_names: OrderedDict[tuple[str, ...], tuple[float, tuple[LogEntry, ...]]] = OrderedDict()
        self.position = 0
        """Of the latest entry; a page that has seen up to here asks for what came later."""
        self.read_until: datetime | None = None
        """None before the first look."""
        self.whole = True
        """Whether nothing was left out of what was read."""
        self.problem = ""
        """Why the last look failed; what was known before is still shown."""

    def refresh(self) -> None:
        """Look whether there is more, at most every few seconds, whoever asks."""
        with self._one_reader:
            if time.monotonic() < self._next_look:
                return
            try:
                self._read()
                self.problem, self._pause = "", LOOK_SECONDS
            except (ConfigurationError, ClientError, BotoCoreError) as error:
                self.problem = str(error)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._next_look = time.monotonic() + self._pause

    def refresh_for(self, seconds: float) -> None:
        """Look, and wait for it so long at the most: a first look may take AWS a while."""
        thread = threading.Thread(target=self.refresh, daemon=True)
        thread.start()
        thread.join(seconds)

    def latest(self, most: int) -> list[SeenEntry]:
        """List the latest entries, the latest first."""
        with self._lock:
            return sorted(self._seen, key=lambda seen: (seen.entry.at, seen.position), reverse=True)[:most]

    def count_since(self, position: int) -> int:
        """Count the entries after a position."""
        with self._lock:
            return sum(seen.position > position for seen in self._seen)

    def of_record(self, number: str, alert_ids: Iterable[str], at: datetime | None) -> tuple[LogEntry, ...]:
        """List what was logged of a record by its sequence number, and of its alerts, from `at` on; in order of time.

        An empty tuple where the logs cannot be read, which the page is there without, and for stage local, where the
        activity log says more.
        """
        if self._stage.is_local:
            return ()
        named = (number, *list(dict.fromkeys(alert_ids))[:_MOST_NAMES])
        with self._lock:
            known = self._of_names.get(named)
            if known and time.monotonic() - known[0] < _FRESH_SECONDS:
                return known[1]
        try:
            found = self._search(named, (at or self._now() - BACK[-1]) - _AROUND)
            self.problem = ""
        except (ConfigurationError, ClientError, BotoCoreError) as error:
            self.problem = str(error)
            found = ()
        with self._lock:
            self._of_names[named] = (time.monotonic(), found)
            while len(self._of_names) > _KEPT:
                self._of_names.popitem(last=False)
        return found

    def _search(self, named: tuple[str, ...], start: datetime) -> tuple[LogEntry, ...]:
        found: dict[str, LogEntry] = {}
        stream, *delivery = self._functions()
        wanted = [(stream, named[0]), *((function, name) for function in delivery for name in named[1:])]
        for function, name in wanted:
            if name.replace("-", "").isalnum() and name.isascii():  # so that it is one term of the pattern
                reading = read_log(self._stage.stack(), function, start, self._now(), f'"{name}"')
                found |= {
                    entry.id: entry
                    for entry in _entries(reading)
                    if name in {entry.sequence_number, entry.sequence_number.lstrip("0"), entry.alert_id}
                }
        return tuple(sorted(found.values(), key=lambda entry: entry.at))

    def _functions(self) -> list[str]:
        outputs = self._stage.stack().outputs
        return [outputs[name] for name in ("AlertsFunctionName", "DeliveryFunctionName") if name in outputs]

    def _read(self) -> None:
        until = self._now()
        if self.read_until is not None and until - self.read_until < _LONGEST_GAP:
            self._take(self.read_until - _LATE, until)
        else:  # the first look, or nobody has looked for long: the latest lines are wanted, and not those of the gap
            with self._lock:
                self._seen.clear()
                self._ids.clear()
            self.whole = True
            for near, far in zip((timedelta(0), *BACK), BACK, strict=False):
                self._take(until - far, until - near)
                if len(self._seen) >= ENOUGH or not self.whole:
                    break
        self.read_until = until

    def _take(self, start: datetime, end: datetime) -> None:
        new: list[tuple[str, LogEntry]] = []
        for function in self._functions():
            reading = read_log(self._stage.stack(), function, start, end, EVERYTHING)
            self.whole = self.whole and reading.whole
            new += ((function, entry) for entry in _entries(reading))
        with self._lock:
            for function, entry in sorted(new, key=lambda each: each[1].at):
                if (function, entry.id) not in self._ids:
                    self.position += 1
                    self._seen.append(SeenEntry(self.position, function, entry))
            self._ids = {(seen.function, seen.entry.id) for seen in self._seen}


def _entries(reading: LogReading) -> list[LogEntry]:
    return [entry for entry in map(read_entry, reading.lines) if entry]
