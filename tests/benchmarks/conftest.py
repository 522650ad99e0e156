"""What the tests of the benchmarks share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quiet_for_this_test_alone() -> Iterator[None]:
    """Give the log back its level: a contender turns it down for its whole process."""
    logger = logging.getLogger("notifications")
    level = logger.level
    yield
    logger.setLevel(level)
