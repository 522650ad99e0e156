"""Progress of something slow: the seconds, or how many of how many. Only a person who watches sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from operations.terminal.terminal import Terminal

T = TypeVar("T")

_BAR_WIDTH = 30
_SECONDS_BETWEEN_COUNTS = 0.1
_SECONDS_BETWEEN_TICKS = 0.25


@contextmanager
def step(terminal: Terminal, doing: str, done: str) -> Iterator[None]:
    """Show that a step is under way, then that it is done and in how many seconds, or that it failed.

    A file or a pipe gets a line when the step begins and one when it ends.
    """
    if not terminal.live:
        terminal.line(f"  {doing} …")
    started = time.monotonic()
    try:
        with waiting(terminal, doing):
            yield
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt):
            terminal.line(f"{terminal.style('bad', '✗')} {doing}")
        raise
    seconds = terminal.style("dim", f"{time.monotonic() - started:.1f} s")
    terminal.line(f"{terminal.style('good', '✓')} {done}  {seconds}")


@contextmanager
def waiting(terminal: Terminal, doing: str) -> Iterator[None]:
    """Count the seconds on a line that goes away."""
    if not terminal.live:
        yield
        return
    over = threading.Event()
    counter = threading.Thread(target=_count_seconds, args=(terminal, doing, over), daemon=True)
    counter.start()
    try:
        yield
    finally:
        over.set()
        counter.join()
        terminal.clear()


def counted(terminal: Terminal, items: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    """Pass the items on and show how many passed; with a bar if the total is known."""
    if not terminal.live:
        yield from items
        return
    shown = 0.0
    try:
        for number, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if now - shown >= _SECONDS_BETWEEN_COUNTS:
                shown = now
                terminal.show(f"{_bar(number, total)}{number} {what}")
    finally:
        terminal.clear()


def _count_seconds(terminal: Terminal, doing: str, over: threading.Event) -> None:
    started = time.monotonic()
    while not over.wait(_SECONDS_BETWEEN_TICKS):
        terminal.show(f"  {doing} … {time.monotonic() - started:.0f} s")


def _bar(number: int, total: int | None) -> str:
    if not total:
        return ""
    filled = _BAR_WIDTH * number // total
    return f"[{'█' * filled}{' ' * (_BAR_WIDTH - filled)}] {100 * number // total}%  "
