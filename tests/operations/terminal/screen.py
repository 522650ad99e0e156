"""A stream that somebody watches."""

from __future__ import annotations

import io


class Screen(io.StringIO):
    """A text stream that is a terminal."""

    def isatty(self) -> bool:
        """Return that a person watches."""
        return True
