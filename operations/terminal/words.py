"""Counts in words."""

from __future__ import annotations


def how_many(count: int, word: str) -> str:
    """Write a count with its word, which takes an s for more than one."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
