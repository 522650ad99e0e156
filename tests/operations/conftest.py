"""What the tests of several commands share."""

from __future__ import annotations

from tests.operations.stage import operate

__all__ = ["operate"]
