"""A bar on standard error while something long is counted; nothing where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_WIDTH = 30
_SECONDS_BETWEEN = 0.1


def counted(items: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    """Pass the items on and show how many; a bar where the total is known."""
    live = sys.stderr.isatty()
    shown = 0.0
    number = 0
    for number, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if live and now - shown >= _SECONDS_BETWEEN:
            shown = now
            sys.stderr.write(f"\r{_bar(number, total)}{number} {what}\x1b[K")
            sys.stderr.flush()
    if live and number:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _bar(number: int, total: int | None) -> str:
    if not total:
        return ""
    filled = _WIDTH * number // total
    return f"[{'█' * filled}{' ' * (_WIDTH - filled)}] {100 * number // total}%  "
