"""A start in which no garbage is collected."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from notifications.common.starting import starting


@pytest.fixture
def collected() -> Iterator[list[int]]:
    """Note the generation of each collection."""
    generations: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    gc.callbacks.append(note)
    yield generations
    gc.callbacks.remove(note)
    gc.unfreeze()


def test_nothing_is_collected_while_starting(collected: list[int]) -> None:
    """However much is made; and what is made is not looked at again."""
    with starting():
        kept: list[list[None]] = [[] for _ in range(100_000)]
        assert collected == []
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(kept)


def test_a_start_that_fails_leaves_the_collector_on() -> None:
    """What imported the handler may go on."""
    with pytest.raises(ValueError, match="settings"), starting():
        raise ValueError("settings")
    gc.unfreeze()
    assert gc.isenabled()
