"""What several commands take as an argument."""

from __future__ import annotations

import argparse

MOST = 1_000_000


def at_most(text: str) -> int:
    """Read how many at the most, from 1 to a million. Raises ArgumentTypeError, which `argparse` shows."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST)) and 1 <= int(text) <= MOST):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {MOST:,}, got {text[:40]!r}")
    return int(text)
