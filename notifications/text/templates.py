"""Titles, texts and links: `{name}: {new.price}, was {old.price}`.

A placeholder is looked up in a fixed list or read from the item by its path; nothing is evaluated, so no code can be
reached from a template.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from string import Formatter
from urllib.parse import quote

from notifications.stream.attributes import Path
from notifications.text.formatting import MISSING, shorten

LONGEST_VALUE = 300
"""Characters of one value in a text. A title must never be what makes an alert too long for SNS."""

Values = Callable[[str], str | None]
"""Gives the text of a placeholder by its name; None where this alert has no value for it."""


class Template:
    """A parsed template."""

    __slots__ = ("_parts", "names", "text")

    def __init__(self, text: str) -> None:
        """Parse `text`; ValueError says what is wrong, in words for the person who wrote it."""
        self.text = text
        self._parts: list[tuple[str, str | None]] = []
        try:
            parsed = list(Formatter().parse(text))
        except ValueError as error:
            raise ValueError(f"{error}; write {{{{ and }}}} for plain braces") from error
        for literal, name, format_spec, conversion in parsed:
            if format_spec or conversion or name == "":
                raise ValueError("expected a name alone between braces, such as {name}")
            self._parts.append((literal, name))
        self.names = tuple(name for _, name in self._parts if name is not None)

    def render(self, values: Values) -> str:
        """Fill in the values; a missing one reads "n/a". Runs of blanks become one, and go before an empty value."""
        out: list[str] = []
        for literal, name in self._parts:
            out.append(literal)
            if name is not None:
                value = values(name)
                if value == "":
                    out[-1] = literal.rstrip(" ")
                out.append(MISSING if value is None else shorten(value, LONGEST_VALUE))
        return "\n".join([" ".join(line.split()) for line in "".join(out).split("\n")]).strip()


def render_link(template: Template, values: Values) -> str | None:
    """Fill in a link, its values quoted for a URL; None where one is missing, as half a link leads nowhere."""
    found = {name: values(name) for name in template.names}
    if not all(found.values()):
        return None
    quoted = {name: quote(value or "", safe="", errors="replace") for name, value in found.items()}
    return template.render(quoted.get)


def unknown_name(name: str, known: Iterable[str]) -> str | None:
    """Say what is wrong with a placeholder, or None if it is one of `known` or a path after `old.` or `new.`."""
    known = tuple(known)
    if name in known:
        return None
    side, dot, path = name.partition(".")
    if dot and side in {"old", "new"}:
        try:
            Path.parse(path)
        except ValueError:
            return f"{{{name}}}: {path!r} is not the path of an attribute"
        return None
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {{{close[0]}}}?" if close else f"write {{new.{name}}} for an attribute of the item"
    return f"unknown name {{{name}}}; {hint}"
