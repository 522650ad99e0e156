"""A text stream with colour, and a line that the next one replaces, where a person watches."""

import os
import sys
import threading
from typing import TextIO

CODES = {
    "bold": "1",
    "dim": "2",
    "info": "36",
    "warning": "33",
    "critical": "31",
    "good": "32",
    "bad": "31",
}


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
        self._lock = threading.Lock()

    def style(self, style: str, text: str) -> str:
        """Colour a text if the stream takes colour. An unknown style leaves it as it is."""
        if not self._coloured or style not in CODES:
            return text
        return f"\x1b[{CODES[style]}m{text}\x1b[0m"

    def line(self, text: str = "") -> None:
        """Write a line."""
        with self._lock:
            self._clear()
            print(text, file=self._stream, flush=True)

    def error(self, message: str, details: str = "") -> None:
        """Write an error; `details` are another tool's lines, set off below it."""
        self.line(f"{self.style('bad', 'error:')} {message}")
        for line in details.splitlines():
            self.line(f"  {self.style('dim', '|')} {line}")

    def show(self, text: str) -> None:
        """Show a text until the next output replaces it. Without a person watching nothing is shown."""
        if self.live:
            with self._lock:
                self._stream.write(f"\r{text}\x1b[K")
                self._stream.flush()
                self._transient = True

    def clear(self) -> None:
        """Take away what `show` showed."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        if self._transient:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._transient = False
