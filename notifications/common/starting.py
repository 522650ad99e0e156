"""What a start needs that an invocation does not."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def starting() -> Iterator[None]:
    """Collect no garbage meanwhile, and never look again at what is there by then: all of it stays.

    Modules and clients are so many objects that Python would search them several times over while they are made.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
