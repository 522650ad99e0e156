"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_LONGEST_WORD = 100  # of which a near miss is worth a hint


def nearest(word: Any, allowed: Iterable[str]) -> str | None:
    """Return the one of `allowed` that was probably meant, if any."""
    if not isinstance(word, str) or len(word) > _LONGEST_WORD:
        return None
    import difflib  # noqa: PLC0415 - only a mistake needs it

    return next(iter(difflib.get_close_matches(word, tuple(allowed), 1)), None)
