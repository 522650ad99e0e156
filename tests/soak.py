"""How long the soaks run: at full length with pytest's --soak (`npm run soak`), a tenth of it otherwise."""

from __future__ import annotations

FULL, GATE = 1, 10
divisor = GATE  # tests/conftest.py sets it, before any test module is imported


def length(full: int) -> int:
    """Give how many of `full` rounds are asked for."""
    return full // divisor
