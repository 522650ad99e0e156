"""Counts in words, and a hint that several commands give."""

from __future__ import annotations


def how_many(count: int, word: str) -> str:
    """Write a count with its word, which takes an s for more than one."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


NO_ALERT = "`explain --event` says why; `preview --stream --to-file FILE` keeps events of your own table"
"""Behind what says that a recorded event raises no alert."""
