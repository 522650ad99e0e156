"""What is out is written down; and a ledger that is down makes no storm of repeats."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from notifications import publisher
from notifications.common.errors import RefusedAlertError, ServiceError
from notifications.publishing.fakes import MemoryLedger
from notifications.publishing.ledger import BeforeCall, Entry, RuleMemory, SentAlert, nothing
from notifications.publishing.side_by_side import InThreads
from tests.builders import added, priced, rules
from tests.service import DONE, Service, from_

COOLDOWN = rules("""
[[rules]]
name = "drop"
when = "price_drop"
cooldown = "1h"
""")


class Down(MemoryLedger):
    """A ledger that can be read, and not written while it is down."""

    def __init__(self) -> None:
        """Start down."""
        super().__init__()
        self.down = True
        self.writes: list[list[Entry]] = []

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Fail, or keep."""
        before_call()
        self.writes.append(list(entries))
        if self.down:
            raise ServiceError("DynamoDB did not answer")
        super().write(entries)


class OneProcess(Service):
    """The service in a process that goes on from one invocation to the next."""

    lives_on = True


def drops(count: int = 99) -> list[Any]:
    """Give a drop of each of so many products."""
    return [priced(100, 80, f"p{n:03}", n) for n in range(count)]


def test_a_ledger_that_is_down_makes_no_storm() -> None:
    """99 alerts, 51 attempts while nothing can be written: 99 messages, where there were 5,049."""
    ledger = Down()
    service = OneProcess(COOLDOWN, ledger)
    for _ in range(51):
        assert service.handle(*drops()) == from_(0)
    assert len(service.published) == 99
    ledger.down = False
    assert service.handle(*drops()) == DONE
    assert len(service.published) == len(ledger.alerts) == len(ledger.memories) == 99


def test_a_process_of_its_own_for_each_attempt_repeats_what_it_cannot_know() -> None:
    """What remains: each new process may publish once more what nobody could write down."""
    service = Service(COOLDOWN, Down())
    for _ in range(3):
        service.handle(*drops(5))
    assert len(service.published) == 15
    assert len({alert.id for alert in service.alerts}) == 5


def test_what_could_not_be_written_is_written_with_the_next_batch() -> None:
    """Also where nothing comes again: the history has no gap once the ledger is back."""
    ledger = Down()
    service = OneProcess(ledger=ledger)
    assert service.handle(added("a", 1)) == DONE
    ledger.down = False
    service.handle(added("b", 2))
    assert [alert.subject for alert in ledger.alerts.values()] == ["a", "b"]
    assert [len(entries) for entries in ledger.writes] == [1, 2]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what could not be written, the latest are kept."""
    monkeypatch.setattr(publisher, "MOST_KEPT", 3)
    ledger = Down()
    service = OneProcess(ledger=ledger)
    for at in range(5):
        service.handle(added(f"p{at}", at))
    ledger.down = False
    service.handle(added("p5", 5))
    assert [alert.subject for alert in ledger.alerts.values()] == ["p2", "p3", "p4", "p5"]


def test_a_failed_write_is_tried_until_the_time_is_up() -> None:
    """The alerts are out already: each attempt waits longer, by chance, and the last leaves time for the answer."""
    ledger = Down()
    service = OneProcess(COOLDOWN, ledger, longest_call=12_000)
    clock = [60_000.0]
    service.sleep = lambda seconds: clock.__setitem__(0, clock[0] - 1000 * seconds)
    assert service.handle(*drops(1), remaining_time=lambda: int(clock[0])) == from_(0)
    assert 5 < len(ledger.writes) < 40
    assert 6_000 < clock[0] < 12_000


def test_a_write_that_works_in_the_end_has_nothing_come_again() -> None:
    """A short outage of the ledger is sat out."""
    ledger = Down()
    service = OneProcess(COOLDOWN, ledger, longest_call=12_000)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        ledger.down = len(pauses) < 3

    service.sleep = sleep
    assert service.handle(*drops(1), remaining_time=lambda: 60_000) == DONE
    assert len(pauses) == 3
    assert len(service.published) == len(ledger.alerts) == 1


def test_a_batch_without_alerts_does_not_wait_for_the_ledger() -> None:
    """What an earlier batch left unwritten is tried once, and holds up nobody."""
    ledger = Down()
    service = OneProcess(ledger=ledger)
    service.handle(added("a", 1))
    service.sleep = lambda _: pytest.fail("it waited")
    assert service.handle(priced(5, 5, "b", 2), remaining_time=lambda: 60_000) == DONE


def test_publishing_stops_where_nothing_can_be_written_down() -> None:
    """Of a long batch, what has not started waits in the stream: another process would repeat all that is out."""
    ledger = Down()
    service = OneProcess(ledger=ledger)
    assert service.handle(*(added(f"p{n:03}", n) for n in range(200))) == from_(30)
    assert len(service.published) == 30
    ledger.down = False
    assert service.handle(*(added(f"p{n:03}", n) for n in range(30, 200))) == DONE
    assert len(service.published) == len(ledger.alerts) == 200


def test_an_alert_without_memory_is_recorded_by_itself() -> None:
    """No transaction, at half the price; one beside a memory is in the transaction that writes it."""

    class Ledger(MemoryLedger):
        def __init__(self) -> None:
            super().__init__()
            self.recorded: list[str] = []
            self.together: list[list[str]] = []

        def record(self, alerts: Sequence[SentAlert], before_call: BeforeCall = nothing) -> None:
            before_call()
            self.recorded += [sent.alert.subject for sent in alerts]

        def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
            before_call()
            self.together.append([type(entry).__name__ for entry in entries])

    ledger = Ledger()
    Service(ledger=ledger).handle(*(added(f"p{n}", n) for n in range(60)))
    assert (len(ledger.recorded), ledger.together) == (60, [])
    Service(COOLDOWN, ledger).handle(*drops(2))
    assert ledger.together == [["SentAlert", "SentAlert", "RuleMemory", "RuleMemory"]]


def test_no_memory_is_written_before_its_alert() -> None:
    """Where alerts fail, what is memories alone is not tried: the change would count as seen, its alert as not sent."""

    class Ledger(MemoryLedger):
        def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
            if isinstance(entries[0], SentAlert):
                raise ServiceError("DynamoDB did not answer")
            super().write(entries, before_call)

    ledger = Ledger()
    service = Service(COOLDOWN, ledger)
    service.handle(*drops(150))
    assert ledger.memories == {}


def test_an_alert_that_the_ledger_refuses_takes_no_other_with_it() -> None:
    """Of a call that is refused the halves are tried, until the one at fault stands alone."""

    class Ledger(MemoryLedger):
        def record(self, alerts: Sequence[SentAlert], before_call: BeforeCall = nothing) -> None:
            if any(sent.alert.subject == "p7" for sent in alerts):
                raise RefusedAlertError("no such item")
            super().record(alerts, before_call)

    ledger = Ledger()
    service = OneProcess(ledger=ledger)
    assert service.handle(*(added(f"p{n}", n) for n in range(30))) == DONE
    assert len(ledger.alerts) == 29
    assert not any(isinstance(entry, RuleMemory) for entry in ledger.alerts.values())


def test_a_write_that_hangs_bounds_what_is_out_and_not_written() -> None:
    """With every call at a write that does not answer, nothing more starts: eight of 25, and what is on its way."""
    release = threading.Event()
    a_moment = threading.Timer(1.0, release.set)  # in which more would go out, if it could
    hanging = itertools.count(1)

    class Ledger(MemoryLedger):
        def record(self, alerts: Sequence[SentAlert], before_call: BeforeCall = nothing) -> None:
            before_call()
            if next(hanging) == 8:
                a_moment.start()
            release.wait(60)
            raise ServiceError(f"DynamoDB did not answer for {len(alerts)}")

    service = OneProcess(ledger=Ledger())
    service.new_calls = InThreads
    service.handle(*(added(f"p{n:04}", n) for n in range(1000)))
    a_moment.join()
    assert 8 * 25 <= len(service.published) <= 8 * 25 + 8 * 10 + 24
