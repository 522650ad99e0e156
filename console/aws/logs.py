"""What the functions of a deployed stage logged lately: read while somebody looks, and kept for a while."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from console.aws.stage import Stage
from notifications.common.errors import ConfigurationError
from operations.logs.function_logs import EVERYTHING, LogReading, read_log
from operations.logs.log_entries import LogEntry, read_entry

Wanted = Callable[[LogEntry], bool]
"""Tells whether an entry is of the kind that a page shows."""
MOST_ENTRIES = 500
"""Of each kind, the good and the bad: many of one do not push out the few of another."""
BACK = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
"""How far a look goes back, step by step, until there is enough to show: AWS gives the oldest lines first."""
ENOUGH = 60
LOOK_SECONDS, LONGEST_PAUSE = 5.0, 60.0
"""Between looks; as long as AWS throttles or fails, twice as long each time."""
_PLAIN = frozenset({"", "done", "delivered", "held"})
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


def is_bad(entry: LogEntry) -> bool:
    """Tell whether an entry says that something did not go as it should."""
    return entry.outcome not in _PLAIN


class Logged(NamedTuple):
    """What was logged of a record."""

    entries: tuple[LogEntry, ...] = ()
    """In the order of time."""
    too_long: int = 0
    """Lines that name it and are too long to be read."""
    whole: bool = True
    """Whether all else that names it was read."""

    @property
    def anything(self) -> bool:
        """Whether a line names it, read or not."""
        return bool(self.entries or self.too_long or not self.whole)


class Logs:
    """The logs of a stage's functions."""

    def __init__(self, stage: Stage, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Read those of `stage`."""
        self._stage = stage
        self._now = now
        self._lock = threading.Lock()
        self._one_reader = threading.Lock()
        self._seen: dict[tuple[str, bool], list[SeenEntry]] = {}  # by kind, and whether it is bad
        self._ids: set[tuple[str, str]] = set()
        self._long: set[tuple[str, str]] = set()
        self._began: datetime | None = None
        self._back: list[tuple[timedelta, timedelta]] = []  # steps back that are not taken yet
        self._next_look = 0.0
        self._pause = LOOK_SECONDS
        self._of_names: OrderedDict[tuple[str, ...], tuple[float, Logged]] = OrderedDict()
        self.position = 0
        """Of the latest entry; a page that has seen up to here asks for what came later."""
        self.read_until: datetime | None = None
        """None before the first look."""
        self.read_from: datetime | None = None
        """How far back it was looked."""
        self.whole = True
        """Whether nothing was left out of what was read."""
        self.problem = ""
        """Why the last look failed; what was known before is still shown."""

    @property
    def too_long(self) -> int:
        """How many lines were left out as they are too long."""
        return len(self._long)

    def refresh(self, wanted: Wanted = lambda _: True) -> None:
        """Look whether there is more, at most every few seconds, whoever asks.

        And look further back, six hours at the most, while there are few of those that are wanted.
        """
        with self._one_reader:
            due = time.monotonic() >= self._next_look
            if not due and (self.problem or self.has_enough(wanted)):
                return
            try:
                self._read(wanted, due=due)
                self.problem = ""
                if not due:
                    return
                self._pause = LOOK_SECONDS
            except (ConfigurationError, ClientError, BotoCoreError) as error:
                self.problem = str(error)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._next_look = time.monotonic() + self._pause

    def refresh_for(self, seconds: float, wanted: Wanted) -> None:
        """Look, and wait for it so long at the most: a first look may take AWS a while."""
        thread = threading.Thread(target=self.refresh, args=(wanted,), daemon=True)
        thread.start()
        thread.join(seconds)

    def has_enough(self, wanted: Wanted) -> bool:
        """Tell whether there are enough of those that are wanted, or no more of them are to be found."""
        return self._began is not None and (not self._back or len(self.latest(ENOUGH, wanted)) >= ENOUGH)

    def latest(self, most: int, wanted: Wanted = lambda _: True) -> list[SeenEntry]:
        """List the latest entries of those that are wanted, the latest first."""
        with self._lock:
            found = [seen for seen in self._all() if wanted(seen.entry)]
        return sorted(found, key=lambda seen: (seen.entry.at, seen.position), reverse=True)[:most]

    def count_since(self, position: int) -> int:
        """Count the entries after a position."""
        with self._lock:
            return sum(seen.position > position for seen in self._all())

    def of_record(self, number: str, alert_ids: Iterable[str], at: datetime | None) -> Logged:
        """Give what was logged of a record by its sequence number, and of its alerts, from `at` on.

        Nothing where the logs cannot be read, which the page is there without, and for stage local, where the
        activity log says more.
        """
        if self._stage.is_local:
            return Logged()
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
            found = Logged()
        with self._lock:
            self._of_names[named] = (time.monotonic(), found)
            while len(self._of_names) > _KEPT:
                self._of_names.popitem(last=False)
        return found

    def _search(self, named: tuple[str, ...], start: datetime) -> Logged:
        found: dict[str, LogEntry] = {}
        too_long: set[str] = set()
        whole = True
        stream, *delivery = self._functions()
        wanted = [(stream, named[0]), *((function, name) for function in delivery for name in named[1:])]
        for function, name in wanted:
            if name.replace("-", "").isalnum() and name.isascii():  # so that it is one term of the pattern
                reading = read_log(self._stage.stack(), function, start, self._now(), f'"{name}"')
                too_long |= set(reading.too_long)
                whole = whole and reading.whole
                found |= {
                    entry.id: entry
                    for entry in _entries(reading)
                    if name in {entry.sequence_number, entry.sequence_number.lstrip("0"), entry.alert_id}
                }
        return Logged(tuple(sorted(found.values(), key=lambda entry: entry.at)), len(too_long), whole)

    def _functions(self) -> list[str]:
        outputs = self._stage.stack().outputs
        return [outputs[name] for name in ("AlertsFunctionName", "DeliveryFunctionName") if name in outputs]

    def _read(self, wanted: Wanted, *, due: bool) -> None:
        until = self._now()
        anew = self.read_until is None or until - self.read_until >= _LONGEST_GAP
        if anew:
            # The first look, or nobody has looked for long: the latest lines are wanted, and not those of the gap.
            with self._lock:
                self._seen.clear()
                self._ids.clear()
                self._long.clear()
            self.whole = True
            self._began = self.read_from = until
            self._back = list(zip((timedelta(0), *BACK), BACK, strict=False))
        elif due and self.read_until:
            self._take(self.read_until - _LATE, until)
            self.read_until = until
        while self._began and not self.has_enough(wanted):
            near, far = self._back[0]
            whole = self._take(self._began - far, self._began - near, is_news=anew)
            self.read_from = self._began - far
            self._back = self._back[1:] if whole else []
        if due:
            self.read_until = until

    def _take(self, start: datetime, end: datetime, *, is_news: bool = True) -> bool:
        """Read a time; return whether all of it was read. What a later look back finds is not new."""
        new: list[tuple[str, LogEntry]] = []
        all_whole = True
        for function in self._functions():
            reading = read_log(self._stage.stack(), function, start, end, EVERYTHING)
            all_whole = all_whole and reading.whole
            self._long |= {(function, line_id) for line_id in reading.too_long}
            new += ((function, entry) for entry in _entries(reading))
        self.whole = self.whole and all_whole
        with self._lock:
            for function, entry in sorted(new, key=lambda each: each[1].at):
                if (function, entry.id) not in self._ids:
                    self.position += is_news
                    kept = self._seen.setdefault((entry.kind, is_bad(entry)), [])
                    kept.append(SeenEntry(self.position if is_news else 0, function, entry))
            for kept in self._seen.values():
                kept.sort(key=lambda seen: seen.entry.at)
                if len(kept) > MOST_ENTRIES:
                    del kept[:-MOST_ENTRIES]
            self._ids = {(seen.function, seen.entry.id) for seen in self._all()}
        return all_whole

    def _all(self) -> Iterable[SeenEntry]:
        return itertools.chain.from_iterable(self._seen.values())


def _entries(reading: LogReading) -> list[LogEntry]:
    return [entry for entry in map(read_entry, reading.lines) if entry]
