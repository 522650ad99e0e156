"""Calls to AWS made side by side: started by one thread, made by others, and ended in the one that started them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, Protocol, Self, TypeVar

from notifications.common.time_budget import CALLS_AT_ONCE

T = TypeVar("T")


class Calls(Protocol):
    """Calls under way; used in a `with`, which is not left before all of them have ended."""

    @property
    def most(self) -> int:
        """How many there may be at once."""

    @property
    def under_way(self) -> int:
        """How many have started whose result nobody has asked for."""

    def __enter__(self) -> Self:
        """Begin with no call under way."""

    def __exit__(self, *_: object) -> None:
        """Wait for what is still under way."""

    def start(self, call: Callable[[], Any]) -> None:
        """Start one more; fewer than `most` are under way."""

    def next_ended(self) -> Any:
        """Wait for one to end, and return what it returned or raise what it raised."""


NewCalls = Callable[[], Calls]
Settle = Callable[[], None]
"""What a call that has ended leaves to do in the thread that started it, which needs no lock."""


class OneByOne:
    """Makes each call when it is started, and so one at a time."""

    most = 1

    def __init__(self) -> None:
        """Start with no call under way."""
        self.under_way = 0
        self._result: Any = None

    def __enter__(self) -> Self:
        """Begin with no call under way."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for nothing: all have ended."""

    def start(self, call: Callable[[], Any]) -> None:
        """Make the call."""
        self._result = call()
        self.under_way = 1

    def next_ended(self) -> Any:
        """Return the result."""
        self.under_way = 0
        return self._result


class InThreads:
    """Makes calls in threads that are kept from one invocation to the next."""

    def __init__(self, most: int = CALLS_AT_ONCE) -> None:
        """Make at most `most` calls at once."""
        self.most = most
        self._executor = _executor(most)
        self._futures: set[Future[Any]] = set()

    @property
    def under_way(self) -> int:
        """Those whose result nobody has asked for."""
        return len(self._futures)

    def __enter__(self) -> Self:
        """Begin with no call under way."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait: a call that outlived its invocation would be frozen with the process."""
        wait(self._futures)

    def start(self, call: Callable[[], Any]) -> None:
        """Give the call to a thread."""
        self._futures.add(self._executor.submit(call))

    def next_ended(self) -> Any:
        """Return the result of whichever ends first."""
        ended = wait(self._futures, return_when=FIRST_COMPLETED).done.pop()
        self._futures.discard(ended)
        return ended.result()


@cache
def _executor(most: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(most, thread_name_prefix="aws-call")


def results_of(new_calls: NewCalls, works: Sequence[Callable[[], T]]) -> Iterator[T]:
    """Make all of `works`, and yield what they return as they end; the first that raises ends it."""
    if len(works) == 1:  # as most have it
        yield works[0]()
        return
    with new_calls() as calls:
        for work in works:
            if calls.under_way == calls.most:
                yield calls.next_ended()
            calls.start(work)
        while calls.under_way:
            yield calls.next_ended()


def run(
    new_calls: NewCalls, first: Callable[[], Settle] | None, next_call: Callable[[], Callable[[], Settle] | None]
) -> None:
    """Make the `first` call, and others as `next_call` gives them, and settle each as it ends.

    `next_call` gives None where nothing may start before another call has been settled.
    """
    with new_calls() as calls:
        if first:
            calls.start(first)
        while True:
            while calls.under_way < calls.most and (call := next_call()):
                calls.start(call)
            if not calls.under_way:
                return
            settle: Settle = calls.next_ended()
            settle()
