"""Text of strangers, made safe to show: what a product is called is up to whoever writes to the table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from notifications.text.formatting import shorten

LONGEST_LINK = 2000
_JOINERS = frozenset("\u200c\u200d")  # of Persian, of Indian scripts and of emoji: names are misspelt without them
_TAGS = re.compile("[\U000e0020-\U000e007f]")  # of emoji such as the flag of Scotland
_MOST_LISTED = 10
_DEEPEST = 3


def clean(text: str, limit: int) -> str:
    """Make one line of a text: no control characters, none that turn the direction of what follows, at most `limit`.

    What UTF-8 cannot hold is left out, too.
    """
    text = text[: 4 * limit]  # no work on what is cut off anyway
    if not text.isprintable():
        text = "".join(_shown(character) for character in text)
    return shorten(" ".join(text.split()), limit)


def unambiguous(text: str, limit: int) -> str:
    """Write a text so that two that differ look different: in quotes and escaped where `clean` would change it."""
    return text if clean(text, limit) == text else clean(ascii(text), limit)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in {
        "Cf",
        "Cs",
        "Co",
        "Cn",
    }:  # marks of direction and other things unseen; halves of pairs; no character
        return character if character in _JOINERS or _TAGS.match(character) else ""
    return " " if category in {"Cc", "Zl", "Zp", "Zs"} else character


def words(value: Any, limit: int = 80, depth: int = 0) -> str:
    """Write a plain value of an item for people; "" for NULL or an absent one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict) and depth == _DEEPEST:
        return "…"
    if isinstance(value, list):
        return clean(_joined((words(inner, limit, depth + 1) for inner in value[:_MOST_LISTED]), len(value)), limit)
    if isinstance(value, dict):
        entries = list(value.items())[:_MOST_LISTED]
        shown = (f"{name}: {words(inner, limit, depth + 1)}" for name, inner in entries)
        return clean(_joined(shown, len(value)), limit)
    return clean(str(value), limit)


def _joined(shown: Iterable[str], count: int) -> str:
    return ", ".join([*shown, *(["…"] if count > _MOST_LISTED else [])])


def safe_link(value: Any, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """Return a link that can be put into a message as it is; "" for whatever else was in its place."""
    if not isinstance(value, str) or len(value) > LONGEST_LINK or not value.isascii():
        return ""
    if not value.isprintable() or any(character in value for character in " \"'<>`{}|\\^"):
        return ""
    try:
        parts = urlsplit(value)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    return value if good else ""
