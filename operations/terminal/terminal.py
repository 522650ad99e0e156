"""A text stream with colour, and a line that the next one replaces, where a person watches.

Whatever leaves here is visible: a line is one line, and no sequence reaches the terminal but the colours of `style`.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from typing import TextIO

from notifications.text.visible import visible

CODES = {
    "bold": "1",
    "dim": "2",
    "info": "36",
    "warning": "33",
    "critical": "31",
    "good": "32",
    "bad": "31",
}
_STYLED = re.compile(r"\x1b\[\d+m[^\x1b]*\x1b\[0m")


class Terminal:
    """A text stream; several threads may write to it.

    Colour follows https://no-color.org: no colour with NO_COLOR set, nor in a file or a pipe.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`, or else to standard output."""
        self._stream = stream or sys.stdout
        self.live = self._stream.isatty()
        """Whether a person watches."""
        self._coloured = self.live and not os.environ.get("NO_COLOR")
        self._transient = False
        self._issued: set[str] = set()  # what `style` made and `line` has yet to write: all else is somebody's data
        self._lock = threading.Lock()

    def style(self, style: str, text: str) -> str:
        """Colour a text if the stream takes colour. An unknown style leaves it as it is."""
        text = visible(text)
        if not self._coloured or style not in CODES:
            return text
        styled = f"\x1b[{CODES[style]}m{text}\x1b[0m"
        self._issued.add(styled)
        return styled

    def line(self, text: str = "") -> None:
        """Write one line: a line break within it is shown as what it is."""
        with self._lock:
            self._clear()
            print(self._visible(text), file=self._stream, flush=True)

    def lines(self, text: str, style: str = "") -> None:
        """Write a text of ours that has several lines."""
        for line in text.split("\n"):
            self.line(self.style(style, line))

    def error(self, message: str, details: str = "") -> None:
        """Write an error; `details` are another tool's lines, set off below it."""
        first, *others = message.splitlines() or [""]
        self.line(f"{self.style('bad', 'error:')} {first}")
        for line in others:
            self.line(line)
        for line in details.splitlines():
            self.line(f"  {self.style('dim', '|')} {line}")

    def show(self, text: str) -> None:
        """Show a text until the next output replaces it. Without a person watching nothing is shown."""
        if self.live:
            with self._lock:
                self._stream.write(f"\r{visible(text)}\x1b[K")
                self._stream.flush()
                self._transient = True

    def clear(self) -> None:
        """Take away what `show` showed."""
        with self._lock:
            self._clear()

    def _visible(self, text: str) -> str:
        shown, end = [], 0
        for found in _STYLED.finditer(text):
            if found[0] in self._issued:
                self._issued.discard(found[0])
                shown += [visible(text[end : found.start()]), found[0]]
                end = found.end()
        return "".join([*shown, visible(text[end:])])

    def _clear(self) -> None:
        if self._transient:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._transient = False
