"""A digest goes out once: whatever fails behind it, and whoever else flushes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import time, timedelta

import pytest

from notifications.common.errors import ProductAlertsError, RefusedDeliveryError, ServiceError
from notifications.config.receiver import Digest, Receiver
from notifications.delivery.handling.digests import TO_SEND, TO_WRITE
from notifications.delivery.handling.progress import AGAIN, DELIVERED, Delivery, Held
from notifications.delivery.sending.sender import Outgoing
from tests.notifications.delivery.handling.test_delivery import BERLIN, FLUSH, Function, body, id_in

DAILY = Receiver("shop", "text", digest=Digest(time(8), BERLIN))
DAY = timedelta(days=1)


def down(*_: object, **__: object) -> None:
    """Fail as a ledger does that throttles."""
    raise ServiceError("throttled")


@pytest.fixture
def function() -> Function:
    """Give a function that has thirty alerts to send."""
    made = Function(DAILY)
    made.receive(*(body(f"p{number}", number + 1) for number in range(30)))
    made.now += DAY
    return made


def release_some(function: Function, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Have the ledger cross off so many alerts, and fail then."""
    release = function.progress.release

    def partly(alerts: Sequence[tuple[Held, Delivery]]) -> None:
        release(alerts[:number])
        down()

    monkeypatch.setattr(function.progress, "release", partly)


def restart(function: Function) -> Function:
    """Give another process of the function, over the same ledger."""
    return Function(DAILY, progress=function.progress, now=function.now)


@pytest.mark.parametrize("number", [0, 1, 12, 29])
def test_a_digest_that_was_crossed_off_in_part_is_not_sent_again(
    function: Function, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """By another process of the function, which knows what the ledger knows."""
    with monkeypatch.context() as patch:
        release_some(function, patch, number)
        assert function.receive(FLUSH) == ["0"]
    assert len(function.progress.outbox) == 30 - number
    other = restart(function)
    assert other.receive(FLUSH) == []
    assert (len(function.sent), len(other.sent), other.progress.outbox) == (1, 0, {})
    assert other.status(body("p29", 30)) == DELIVERED


def test_an_alert_that_falls_due_meanwhile_comes_alone(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not make another digest of what was sent."""
    with monkeypatch.context() as patch:
        release_some(function, patch, 12)
        function.receive(FLUSH)
    function.receive(body("new", 99))
    function.now += DAY
    other = restart(function)
    assert other.receive(FLUSH) == []
    assert [sent.subject.partition(":")[0] for sent in function.sent + other.sent] == ["30 alerts", "1 alert"]


def test_what_everything_took_is_not_sent_again_when_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flush between that looks at what is due alone does not forget it."""
    function = Function(DAILY)
    function.receive(body("a", 1))
    function.now += DAY
    function.receive(body("b", 2))
    with monkeypatch.context() as patch:
        release_some(function, patch, 1)
        function.receive('{"flush": "shop", "now": true}')
    function.now += timedelta(hours=1)
    function.receive(FLUSH, body("c", 3))
    function.now += DAY
    function.receive(FLUSH)
    assert [sent.subject.partition(":")[0] for sent in function.sent] == ["2 alerts", "1 alert"]


@pytest.mark.parametrize("methods", [["write"], ["mark_sent"], ["write", "mark_sent"]])
def test_a_digest_that_could_not_be_written_down_is_not_sent_again(
    function: Function, monkeypatch: pytest.MonkeyPatch, methods: list[str]
) -> None:
    """Crossing its alerts off says it, too."""
    for method in methods:
        monkeypatch.setattr(function.progress, method, down)
    assert function.receive(FLUSH) == []
    assert restart(function).receive(FLUSH) == []
    assert (len(function.sent), function.progress.outbox) == (1, {})


def test_the_process_that_sent_a_digest_remembers_it_while_the_ledger_takes_nothing(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it lives; then it is crossed off."""
    with monkeypatch.context() as patch:
        for method in ("write", "mark_sent", "release", "close_outbox"):
            patch.setattr(function.progress, method, down)
        assert function.receive(FLUSH) == ["0"]
    function.progress.close_outbox("shop", crossed_off=False)  # as time does
    assert function.receive(FLUSH) == []
    assert (len(function.sent), function.progress.outbox) == (1, {})


def test_where_an_outbox_cannot_be_opened_nothing_is_sent(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """It might be a repeat."""
    monkeypatch.setattr(function.progress, "open_outbox", down)
    assert function.receive(FLUSH) == ["0"]
    assert (function.sent, len(function.progress.outbox)) == ([], 30)


def test_two_flushes_at_the_same_moment_send_one_digest(function: Function) -> None:
    """Digest and quiet hours may have a schedule each, and SQS may hand out a message twice."""
    sending, sent = threading.Event(), threading.Event()

    def wait(_: Outgoing) -> ProductAlertsError | None:
        sending.set()
        assert sent.wait(10)
        return None

    function.senders["shop"].failure_of = wait
    first = threading.Thread(target=function.receive, args=(FLUSH,))
    first.start()
    assert sending.wait(10)
    second = threading.Thread(target=lambda: again.extend(function.receive(FLUSH)))
    again: list[str] = []
    second.start()
    second.join(5)
    stuck = second.is_alive()
    sent.set()
    first.join(10)
    assert (stuck, again, len(function.sent)) == (False, ["0"], 1)
    assert function.receive(FLUSH) == []
    assert (len(function.sent), function.progress.outbox) == (1, {})


def test_a_digest_whose_alerts_are_asked_for_again_is_sent_again(function: Function) -> None:
    """All of them, and no others: it is the same digest, on another day."""
    function.receive(FLUSH)
    for number in range(30):
        alert = body(f"p{number}", number + 1)
        function.progress.write(Delivery("shop", id_in(alert), AGAIN, 1))
        function.receive(alert)
    function.now += DAY
    function.receive(FLUSH)
    assert [sent.subject.partition(":")[0] for sent in function.sent] == ["30 alerts", "30 alerts"]


def test_a_digest_is_not_begun_without_the_time_to_send_it(function: Function) -> None:
    """It comes again, with all the time that an invocation has."""
    left = iter([TO_SEND, TO_SEND - 1])
    assert function.receive(FLUSH, left=lambda: next(left)) == ["0"]
    assert (function.sent, len(function.progress.outbox)) == ([], 30)
    assert function.receive(FLUSH) == []
    assert len(function.sent) == 1


def test_what_there_is_no_time_to_cross_off_is_crossed_off_later(
    function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not sent again."""
    monkeypatch.setattr("notifications.delivery.handling.digests._AT_ONCE", 12)
    left = iter([TO_SEND, TO_SEND, TO_WRITE, TO_WRITE, TO_WRITE - 1])
    assert function.receive(FLUSH, left=lambda: next(left)) == ["0"]
    assert len(function.progress.outbox) == 6
    other = restart(function)
    assert other.receive(FLUSH) == []
    assert (len(function.sent), len(other.sent), other.progress.outbox) == (1, 0, {})


def test_what_there_is_no_time_to_give_up_stays(function: Function) -> None:
    """And is given up later: kept once, each."""
    function.fail(RefusedDeliveryError("answered 400"))
    left = iter([TO_SEND, TO_SEND, TO_WRITE, TO_WRITE, TO_WRITE - 1])
    assert function.receive(FLUSH, left=lambda: next(left)) == ["0"]
    assert (len(function.queues.undelivered), len(function.progress.outbox)) == (2, 28)
    assert function.receive(FLUSH) == []
    assert (len({kept.body for kept in function.queues.undelivered}), len(function.queues.undelivered)) == (30, 30)
