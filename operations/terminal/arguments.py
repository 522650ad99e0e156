"""What several commands take as an argument."""

from __future__ import annotations

import argparse

from notifications.common.errors import ConfigurationError

MOST = 1_000_000
MAX_PORT = 65535


class UsageError(ConfigurationError):
    """The command line is wrong: a value on it cannot be right, whatever the files and the stage have."""


def not_empty(text: str) -> str:
    """Read a name or an id. Raises ArgumentTypeError, which `argparse` shows, for one that is empty."""
    if not text:
        raise argparse.ArgumentTypeError("expected a text that is not empty")
    return text


def at_most(text: str) -> int:
    """Read how many at the most, from 1 to a million. Raises ArgumentTypeError, which `argparse` shows."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST)) and 1 <= int(text) <= MOST):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {MOST:,}, got {text[:40]!r}")
    return int(text)


def port(text: str) -> int:
    """Read a TCP port. Raises ArgumentTypeError, which `argparse` shows."""
    if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PORT)) and 0 < int(text) <= MAX_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a port; expected a number from 1 to {MAX_PORT}")
