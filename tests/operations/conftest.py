"""What the tests of several commands share."""

from tests.operations.stage import operate

__all__ = ["operate"]
