"""A stage in memory, and a console of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.sources.console import Console
from tests.aws_in_memory import aws_in_memory
from tests.console.stage import Browser, MemoryStage, console_of


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[MemoryStage]:
    """Give a stage in memory."""
    with aws_in_memory():
        made = MemoryStage(tmp_path)
        yield made
        made.activity.close()


@pytest.fixture
def served(stage: MemoryStage) -> Iterator[tuple[Console, Browser]]:
    """Serve the console of stage local."""
    with console_of(stage) as pair:
        yield pair


@pytest.fixture
def browser(served: tuple[Console, Browser]) -> Browser:
    """Give a browser that has opened the address."""
    return served[1]
