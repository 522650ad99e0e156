"""Calls side by side: one at a time, and in threads."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from notifications.publishing.side_by_side import InThreads, NewCalls, OneByOne, results_of


@pytest.fixture(params=[OneByOne, InThreads, partial(InThreads, 2)], ids=["one by one", "in threads", "in two threads"])
def new_calls(request: pytest.FixtureRequest) -> NewCalls:
    """Give each way of making calls."""
    made: NewCalls = request.param
    return made


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_every_call_gives_its_result_once(new_calls: NewCalls, count: int) -> None:
    """Whatever order they end in."""
    works = [partial(int, number) for number in range(count)]
    assert sorted(results_of(new_calls, works)) == list(range(count))


def test_never_more_than_allowed_are_under_way(new_calls: NewCalls) -> None:
    """And, in threads, as many as that: each waits here until all of them have met."""
    allowed = new_calls().most
    lock, together = threading.Lock(), threading.Barrier(allowed)
    running = most = 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(10)
        with lock:
            running -= 1

    list(results_of(new_calls, [work] * 3 * allowed))
    assert most == allowed


def test_what_a_call_raises_is_raised_where_its_result_is_asked_for(new_calls: NewCalls) -> None:
    """And no call is left running behind it."""
    ended = []

    def fail() -> None:
        raise LookupError("no")

    def last() -> None:
        time.sleep(0.05)
        ended.append(1)

    with pytest.raises(LookupError, match="no"):
        list(results_of(new_calls, [last, fail, last]))
    count = len(ended)
    time.sleep(0.1)
    assert len(ended) == count >= 1


def test_threads_are_kept_from_one_use_to_the_next() -> None:
    """Making them is not paid for by every batch."""
    names = set(results_of(InThreads, [lambda: threading.current_thread().name] * 50))
    names |= set(results_of(InThreads, [lambda: threading.current_thread().name] * 50))
    assert len(names) <= InThreads().most
