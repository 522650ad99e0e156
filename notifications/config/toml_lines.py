"""Which line of a TOML file a key stands on: the standard library's reader does not say."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[(\[?)([^\]]+)\]")
_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*[.=]""")
_COMMENT = re.compile(r"\s*#")
_LONG_QUOTE = re.compile(r'"""|' + "'''")

Place = tuple[str, int]
"""A table's name, and which of those of that name, counted from 1."""


def lines_of(text: str) -> dict[tuple[Place, str], int]:
    """Map (table, key) to its line, counted from 1; the key "" stands for the table's header."""
    found: dict[tuple[Place, str], int] = {}
    counts: dict[str, int] = {}
    place: Place = ("", 1)
    open_quote = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not open_quote:
            header = _HEADER.match(line)
            key = _KEY.match(line)
            if header:
                name = header[2].strip()
                counts[name] = counts.get(name, 0) + 1
                place = (name, counts[name])
                found.setdefault((place, ""), number)
            elif key:
                found.setdefault((place, next(part for part in key.groups() if part is not None)), number)
        for quote in _LONG_QUOTE.findall("" if _COMMENT.match(line) and not open_quote else line):
            open_quote = "" if quote == open_quote else open_quote or quote
    return found
