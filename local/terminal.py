"""What a terminal shows and a file does not: colour, and a line that counts the seconds."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    """A text stream, and whether a person watches it.

    Colour follows https://no-color.org: none with NO_COLOR set, none in a file or a pipe.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._coloured = self._live and not os.environ.get("NO_COLOR")
        self._transient = False
        self._lock = threading.Lock()

    def style(self, style: str, text: str) -> str:
        """Colour a text, if this is the place for it. Unknown styles leave it as it is."""
        if not self._coloured or style not in CODES:
            return text
        return f"\x1b[{CODES[style]}m{text}\x1b[0m"

    def line(self, text: str = "") -> None:
        """Write a line."""
        with self._lock:
            self._clear()
            print(text, file=self._stream, flush=True)

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Show what is being done, with its seconds; then that it was, or that it failed."""
        if not self._live:
            self.line(f"  {doing} …")
        started = time.monotonic()
        try:
            with self.waiting(doing):
                yield
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt):
                self.line(f"{self.style('bad', '✗')} {doing}")
            raise
        seconds = self.style("dim", f"{time.monotonic() - started:.1f} s")
        self.line(f"{self.style('good', '✓')} {done}  {seconds}")

    @contextmanager
    def waiting(self, doing: str) -> Iterator[None]:
        """Count the seconds on a line that goes away. Nothing is shown where nobody watches."""
        if not self._live:
            yield
            return
        over = threading.Event()
        counter = threading.Thread(target=self._count, args=(doing, over), daemon=True)
        counter.start()
        try:
            yield
        finally:
            over.set()
            counter.join()
            with self._lock:
                self._clear()

    def _count(self, doing: str, over: threading.Event) -> None:
        started = time.monotonic()
        while not over.wait(0.25):
            with self._lock:
                self._clear()
                self._stream.write(f"  {doing} … {time.monotonic() - started:.0f} s")
                self._stream.flush()
                self._transient = True

    def _clear(self) -> None:
        if self._transient:
            self._stream.write("\r\x1b[K")
            self._transient = False
