"""How long the soaks run: at full length with pytest's --soak (`npm run soak`), a tenth of it otherwise, or less."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FULL, GATE = 1, 10
divisor = GATE  # tests/conftest.py sets it, before any test module is imported


def length(full: int, gate: int = GATE) -> int:
    """Give how many of `full` rounds are asked for: all, or one in `gate`."""
    return full if divisor == FULL else full // gate


def at_full_length_alone(test: Callable[..., None]) -> Callable[..., None]:
    """Leave a test to `npm run soak`: a tenth of it would show nothing, and all of it takes a minute of the gate."""
    at_full_length: Callable[..., None] = pytest.mark.skipif(
        divisor != FULL, reason="takes a minute or more: npm run soak"
    )(pytest.mark.soak(test))
    return at_full_length
