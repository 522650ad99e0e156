"""What `operations cost --tuning` computes is what a simulation plays; docs/deploying.md shows both."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from benchmarks.tuning.__main__ import DOCUMENT, MARKS, TuningRow, placed, rows, table
from benchmarks.tuning.simulated import simulate
from operations.evaluation.cost import read_prices
from tests import soak
from tests.operations.commands.test_cost import LOAD

WITHOUT_WINDOW = "batchWindow 0"


@cache
def _rows(seed: int) -> list[TuningRow]:
    return list(rows(seed))


def test_the_document_shows_what_is_computed_and_played() -> None:
    """`python -m benchmarks.tuning` writes it anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.count(MARKS[0]) == text.count(MARKS[1]) == 1
    assert text == placed(text, table(_rows(1)))


@pytest.mark.soak
def test_computed_and_played_agree() -> None:
    """Under every setting and load, whatever the dice say."""
    for seed in range(1, 1 + soak.length(10)):
        for row in _rows(seed):
            _check(row)


def _check(row: TuningRow) -> None:
    name, computed, played = (row.changes, row.computed.setting), row.computed, row.played
    assert 0.7 * computed.delay <= played.p99 <= 1.1 * computed.delay, name
    assert computed.concurrency == pytest.approx(played.concurrency, rel=0.15), name
    # What comes while the function runs goes out by itself: under load smaller batches, where no window waits for more
    fewest = 0.5 if computed.setting == WITHOUT_WINDOW and row.changes > 1000 else 0.8
    assert fewest * computed.records <= played.records <= 1.15 * computed.records, name
    assert 0 < played.repeated <= computed.repeated, name
    assert played.held_up <= 5 * min(row.changes, 1000) + played.repeated, name  # what comes to one shard in 5 s
    assert played.most >= played.concurrency, name


def test_what_falls_behind_is_seen() -> None:
    """Where the function takes longer than the changes do to come, the last wait longest; more lanes mend it."""
    tables = read_prices()
    slow = {**tables, "measured": {**tables["measured"], "record_cpu_us": 1000}}
    load = replace(LOAD, changes=500, alerting=0.01)
    assert simulate(load, slow, 10).p99 > 5
    assert simulate(load, slow, 10).most == 1
    mended = simulate(replace(load, parallelization_factor=10), slow, 10)
    assert mended.p99 < 2
    assert 1 < mended.most <= 10
