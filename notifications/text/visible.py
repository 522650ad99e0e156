"""Text for a terminal or a log: what a product carries cannot move the cursor, hide, or begin a line of its own."""

from __future__ import annotations

import re

# Control characters (C0, DEL, C1), line and paragraph separators, marks that turn the reading direction round, and
# halves of surrogate pairs, which no encoding writes.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Write on one line, with such characters as escapes: a line break as \n, the escape character as \x1b."""
    return _UNSEEN.sub(_escape, text)


def visible_json(text: str) -> str:
    """Escape such characters in JSON text as JSON does; line breaks between its tokens stay."""
    return _UNSEEN.sub(lambda found: found[0] if found[0] in "\n\t" else f"\\u{ord(found[0]):04x}", text)


def _escape(found: re.Match[str]) -> str:
    return " " if found[0] == "\t" else found[0].encode("unicode_escape").decode()
