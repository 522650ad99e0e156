"""Where things go wrong: every call to AWS passes here, and an invocation's process may die in it."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from event_source_mapping.running.virtual import VirtualScheduler
from tests.simulation.changes import START
from tests.simulation.scenario import INVOKE, READ, WRITE, Fault, Outage

T = TypeVar("T")

TIMEOUT = 60.0  # seconds, as serverless.yml has it
LATENCY = 0.01
SLOW = 9.5  # an answer to the client's second attempt
HANG = 10.5  # both attempts in vain, and the pause between them


class Killed(BaseException):
    """The function's process ended here."""


@dataclass
class Running:
    """One invocation while it runs."""

    number: int
    deadline: float
    numbers: list[str] = field(default_factory=list)
    """The sequence numbers of its batch."""
    repeats: bool = False
    """The batch was delivered without need."""
    twin: bool = False
    live: bool = True
    broken: bool = False
    """What was published may not stand in the ledger, for a reason that is ours."""
    frozen: bool = False
    unwritten: set[str] = field(default_factory=set)
    """Alerts published and not in the ledger yet."""
    published: set[str] = field(default_factory=set)
    parked: set[tuple[str, str]] = field(default_factory=set)
    """Event id and rule of what was parked."""
    calls: Counter[str] = field(default_factory=Counter)
    clock: float | None = None
    """The time within a call that others are under way beside; None outside of such calls."""


class Faults:
    """The plan of what goes wrong, and the clock that calls take their time from."""

    def __init__(self, faults: Iterable[Fault], outages: Iterable[Outage], scheduler: VirtualScheduler) -> None:
        """Start with nothing running."""
        self._plan = {(fault.invocation, fault.call, fault.nth): fault for fault in faults}
        self._outages = list(outages)
        self._scheduler = scheduler
        self._local = threading.local()
        self.switch: Callable[[], None] = lambda: None
        """Called before each call: another invocation may go on first."""
        self.mended = False
        self.deaths_by_time: list[int] = []
        self.known_out: set[str] = set()
        """Alerts that the function's process knows to be out, and could not write into the ledger."""

    @property
    def running(self) -> Running:
        """The invocation that runs in this thread."""
        found: Running = self._local.running
        return found

    @running.setter
    def running(self, running: Running) -> None:
        self._local.running = running

    def of_invocation(self, number: int) -> Fault | None:
        """Give what happens to an invocation as a whole."""
        return None if self.mended else self._plan.get((number, INVOKE, 0))

    def call(self, what: str, effect: Callable[[], T], *, partial: Callable[[random.Random], T] | None = None) -> T:
        """Make a call, or have it go wrong as planned. `partial`: the call with an effect in part only."""
        self.switch()
        running = self.running
        fault = None
        if not self.mended:
            nth = running.calls[what]
            running.calls[what] += 1
            fault = self._plan.get((running.number, what, nth))
        if running.twin and fault and not fault.kind.startswith("kill"):
            fault = None
        self._spend(LATENCY)
        if fault is None or fault.kind == "slow":
            self._suffer_outage(what, slow=fault is not None)
            return effect()
        return self._go_wrong(what, fault, effect, partial)

    def _go_wrong(
        self, what: str, fault: Fault, effect: Callable[[], T], partial: Callable[[random.Random], T] | None
    ) -> T:
        running = self.running
        if fault.kind == "kill_before":
            raise Killed
        if fault.kind == "kill_after":
            effect()
            raise Killed
        if fault.kind == "freeze":
            running.frozen = True
            if fault.dice % 2:
                effect()
            self._spend(2 * TIMEOUT)
        if partial is not None and fault.kind in {"partial", "unprocessed", "conflict"}:
            return partial(random.Random(fault.dice))  # noqa: S311 - a test's dice
        running.broken |= what == WRITE
        if fault.kind == "conflict":
            raise _cancelled()
        if fault.kind == "error":
            raise _error("ThrottlingException" if fault.dice % 2 else "InternalError")
        if fault.kind == "lost":
            effect()
        self._spend(HANG)
        raise ReadTimeoutError(endpoint_url="simulation")

    def spend(self, seconds: float) -> None:
        """Let time pass, as a pause of the function does."""
        self._spend(seconds)

    def now(self) -> float:
        """Return the time as the code that runs now sees it."""
        running: Running | None = getattr(self._local, "running", None)
        return self._scheduler.now() if running is None or running.clock is None else running.clock

    def beside(self, started: float, call: Callable[[], T]) -> T:
        """Make a call that started a while ago: its time ran beside that of the others, not after it."""
        running = self.running
        running.clock = started
        try:
            return call()
        finally:
            ended, running.clock = running.clock, None
            self._scheduler.spend(max(0.0, ended - self._scheduler.now()))

    def _spend(self, seconds: float) -> None:
        running = self.running
        if running.clock is not None:
            running.clock += seconds
        elif seconds:
            self._scheduler.spend(seconds)
        if self.now() >= running.deadline:
            if not running.frozen:
                self.deaths_by_time.append(running.number)
            raise Killed

    def _suffer_outage(self, what: str, *, slow: bool) -> None:
        """Let outages have their way; of several at once the worst counts, as a client waits no longer than it does."""
        kinds = set() if self.mended or self.running.twin else self._outages_now(what)
        self.running.broken |= what == WRITE and bool(kinds & {"hang", "error"})
        if "hang" in kinds:
            self._spend(HANG)
            raise ReadTimeoutError(endpoint_url="simulation")
        if "error" in kinds:
            raise _error("ServiceUnavailable")
        self._spend(SLOW if slow or kinds else 0.0)

    def _outages_now(self, what: str) -> set[str]:
        passed = self.now() - START
        return {
            outage.kind
            for outage in self._outages
            # A table that cannot be read cannot be written either; one that cannot be written may be read.
            if (what == outage.call or (what == WRITE and outage.call == READ))
            and outage.starts <= passed < outage.starts + outage.seconds
        }


class Baton:
    """Lets threads go on one at a time, from call to call, in an order that dice decide."""

    def __init__(self, dice: random.Random) -> None:
        """Draw turns from `dice`."""
        self._dice = dice
        self._turns: list[threading.Semaphore] = []
        self._alive: set[int] = set()
        self._mine = threading.local()

    def run(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """Run all to their ends; return what they return."""
        results: dict[int, T] = {}
        self._turns = [threading.Semaphore(0) for _ in works]
        self._alive = set(range(len(works)))

        def run(index: int) -> None:
            self._mine.index = index
            self._turns[index].acquire()
            try:
                results[index] = works[index]()
            finally:
                self._alive.discard(index)
                if self._alive:
                    self._turns[min(self._alive)].release()

        threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
        for thread in threads:
            thread.start()
        self._turns[0].release()
        for thread in threads:
            thread.join()
        return [results[index] for index in range(len(works))]

    def switch(self) -> None:
        """Let another go on first, perhaps."""
        following = self._dice.choice(sorted(self._alive))
        if following != self._mine.index:
            self._turns[following].release()
            self._turns[self._mine.index].acquire()


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "on purpose"}}, "Simulated")


def _cancelled() -> ClientError:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "on purpose"},
        "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
    }
    return ClientError(response, "TransactWriteItems")
