"""The records of the local stage as they pass, each with what the rules make of it: read from the activity log.

On AWS there is no such log, and no records: a further reader of the stream would take from what the function may read.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from console.sources.seen import Attempt, FileDeployment, MappingEvent, SeenRecord
from notifications.alerts.alert import Alert
from notifications.common.errors import RulesError
from notifications.config import rules_file
from notifications.publishing.ledger import LedgerSnapshot
from notifications.rules.mutes import NO_MUTES, Mutes
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import sequence_number_of
from operations.activity.activity_log import ActivityReader
from operations.deployed.running import Running, find_running
from operations.evaluation.verdicts import judge
from operations.settings.project import PROJECT

MOST_RECORDS = 5000
MOST_EVENTS = 500
MOST_REASON = 4000  # characters of why a deployment was refused
_PAUSE_SECONDS = 0.05  # between looks at the log
_LOOK_SECONDS = 1.0  # between looks at whether another `npm start` runs


class Records:
    """What has passed since `npm start` began, as far as it is kept; read on by `follow`, in a thread."""

    def __init__(self, find: Callable[[], Running | None] = find_running) -> None:
        """Read the log of the run that `find` finds."""
        self._find = find
        self._lock = threading.Lock()
        self._positions = itertools.count(1)
        self.position = 0
        """Of the latest; a page that has seen up to here asks for what came later."""
        self.ruleset = current_rules()
        """The rules that run."""
        self.deployments: dict[str, FileDeployment] = {}
        """By file, rules or receivers: the latest."""
        self._snapshot = LedgerSnapshot()
        self._records: deque[SeenRecord] = deque()
        self._by_number: dict[str, SeenRecord] = {}  # without the zeros in front: the ledger leaves them out
        self._events: deque[MappingEvent] = deque(maxlen=MOST_EVENTS)
        self.mutes: Callable[[], Mutes] = lambda: NO_MUTES
        """Says what is muted."""
        self.on_record: Callable[[SeenRecord], None] = lambda _: None
        """Hears of each record."""

    def follow(self, stop: threading.Event) -> None:
        """Read until `stop` is set; another `npm start` is followed when it comes."""
        reader: ActivityReader | None = None
        running: Running | None = None
        looked = 0.0
        with ExitStack() as stack:
            while not stop.wait(_PAUSE_SECONDS):
                if time.monotonic() - looked > _LOOK_SECONDS:
                    looked = time.monotonic()
                    found = self._find()
                    if found and (running is None or found.directory != running.directory):
                        running, reader = found, ActivityReader(found.directory)
                        stack.callback(reader.close)
                while reader and (entries := reader.read()) and not stop.is_set():
                    for entry in entries:
                        self.take(entry)

    def take(self, entry: dict[str, Any]) -> None:
        """Take a line of the log."""
        match entry:
            case {"kind": "started"}:
                self._begin()
            case {"kind": "rules", "text": str(text)}:
                self._take_rules(text)
            case {"kind": "deployment", "at": int() | float() as at, "file": str(file), "state": str(state)}:
                version, reason = str(entry.get("version", "")), str(entry.get("reason", ""))
                self.deployments[file] = FileDeployment(at, state, version, reason[:MOST_REASON])
            case {"kind": "invoking", "at": int() | float() as at, "records": list(records)}:
                for raw in records:
                    self._take_record(at, raw)
            case {"kind": "invoked", "numbers": list(numbers), "handedBack": list(handed_back), "error": str(error)}:
                self._take_outcome(numbers, handed_back, error)
            case {"kind": "mapping", "at": int() | float() as at, "text": str(text), "event": dict(event)}:
                self._take_event(at, text, event)

    def latest(self, most: int, before: int | None = None) -> list[SeenRecord]:
        """List the latest records, the latest first; those before a position, if one is given."""
        with self._lock:
            found = (each for each in reversed(self._records) if before is None or each.position < before)
            return list(itertools.islice(found, most))

    def since(self, position: int) -> list[SeenRecord]:
        """List the records after a position, the latest first."""
        with self._lock:
            return list(itertools.takewhile(lambda each: each.position > position, reversed(self._records)))

    def count_since(self, position: int) -> int:
        """Count the records after a position."""
        return len(self.since(position))

    def events(self, most: int) -> list[MappingEvent]:
        """List the latest steps of the mappings, the latest first."""
        with self._lock:
            return list(itertools.islice(reversed(self._events), most))

    def events_of(self, number: str) -> list[MappingEvent]:
        """List the steps that a record was part of, in their order."""
        if not number.isdecimal():
            return []
        with self._lock:
            return [event for event in self._events if _covers(event.numbers, int(number))]

    def record(self, number: str) -> SeenRecord | None:
        """Find a record by its sequence number."""
        with self._lock:
            return self._by_number.get(number.lstrip("0"))

    def of_product(self, product_id: str, most: int) -> list[SeenRecord]:
        """List a product's latest records, the latest first."""
        with self._lock:
            found = (each for each in reversed(self._records) if each.product_id == product_id)
            return list(itertools.islice(found, most))

    def alert(self, alert_id: str) -> tuple[SeenRecord, Alert] | None:
        """Find an alert by its id, with its record."""
        return next(((seen, alert) for seen, alert in self.alerts() if alert.id == alert_id), None)

    def alerts(self) -> Iterator[tuple[SeenRecord, Alert]]:
        """Yield all alerts, the latest first, each with its record."""
        with self._lock:
            records = [each for each in reversed(self._records) if each.alerts]
        for seen in records:
            for alert in seen.alerts:
                yield seen, alert

    def raw(self) -> list[dict[str, Any]]:
        """List the records as the function received them, in their order."""
        with self._lock:
            return [each.raw for each in self._records]

    def _begin(self) -> None:
        with self._lock:
            self._records.clear()
            self._by_number.clear()
            self._events.clear()
            self.deployments = {}
            self._snapshot = LedgerSnapshot()

    def _take_rules(self, text: str) -> None:
        try:
            self.ruleset = rules_file.parse(text)
        except RulesError:  # never deployed, so never written
            return

    def _take_record(self, at: float, raw: Any) -> None:
        number = sequence_number_of(raw)
        with self._lock:
            known = self._by_number.get(number.lstrip("0")) if number else None
            if known:
                known.attempts.append(Attempt(at))
                return
        self._snapshot.mutes = self.mutes()
        verdicts = tuple(judge(self.ruleset, [raw], self._snapshot))
        with self._lock:
            position = next(self._positions)
            seen = SeenRecord(position, at, number, raw if isinstance(raw, dict) else {}, verdicts, [Attempt(at)])
            self._records.append(seen)
            self._by_number[number.lstrip("0")] = seen
            if len(self._records) > MOST_RECORDS:
                self._by_number.pop(self._records.popleft().number.lstrip("0"), None)
            self.position = position
        self.on_record(seen)

    def _take_outcome(self, numbers: Iterable[Any], handed_back: Iterable[Any], error: str) -> None:
        again = set(handed_back)
        held = False
        with self._lock:
            for number in numbers:
                seen = self._by_number.get(str(number).lstrip("0"))
                held = held or number in again
                if seen and seen.attempts:
                    attempt = seen.attempts[-1]
                    attempt.outcome = "failed" if error else "handed back" if held else "done"
                    attempt.error = error
            self.position = next(self._positions)

    def _take_event(self, at: float, text: str, event: dict[str, Any]) -> None:
        first, last = event.get("firstSequenceNumber"), event.get("lastSequenceNumber")
        numbers = (str(first or ""), str(last or first or ""))
        with self._lock:
            position = next(self._positions)
            self._events.append(
                MappingEvent(position, at, text, str(event.get("outcome")), bool(event.get("queue")), numbers)
            )
            self.position = position


def current_rules() -> Ruleset:
    """Read the project's rules; without any where they have a mistake."""
    try:
        return rules_file.load(PROJECT / "alerts.toml")
    except RulesError:
        return Ruleset(())


def _covers(numbers: tuple[str, str], number: int) -> bool:
    first, last = numbers
    return first.isdecimal() and last.isdecimal() and int(first) <= number <= int(last)
