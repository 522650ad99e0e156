"""Laws that hold in every run, over random queues, settings, functions and faults."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import soak
from tests.event_source_mapping.random_queue_runs import QUEUE_FILTERS, QueueDraw, check

_GATE: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}

queue_settings = st.fixed_dictionaries(
    {
        "batch_size": st.sampled_from((1, 2, 3, 10, 15)),
        "batching_window": st.sampled_from((0, 0, 1, 4)),
        "report_batch_item_failures": st.booleans(),
        "maximum_concurrency": st.sampled_from((None, 2, 3)),
        "filters": st.sampled_from(QUEUE_FILTERS),
    }
)
queue_draws = st.builds(
    QueueDraw,
    seed=st.integers(0, 2**32 - 1),
    messages=st.integers(0, 25),
    groups=st.sampled_from((0, 0, 1, 3)),
    trouble=st.integers(0, 7),
    faults=st.sampled_from((0, 0, 5)),
    visibility=st.sampled_from((3, 5, 30)),
    settings=queue_settings,
)


@pytest.mark.soak
@settings(max_examples=soak.length(10_000), **_GATE)
@given(queue_draws)
def test_every_message_ends_deleted_or_dead_lettered(draw: QueueDraw) -> None:
    """All laws of `random_queue_runs`: nothing deleted undone, groups in order, the limit kept [Guarantees]."""
    check(draw)


@pytest.mark.soak
@settings(max_examples=soak.length(300), **_GATE)
@given(queue_draws)
def test_the_same_seed_gives_the_same_run_of_a_queue(draw: QueueDraw) -> None:
    """Nothing but the draw decides: no clock, no hash seed, no thread [Guarantees]."""
    assert check(draw) == check(draw)


@pytest.mark.soak
@settings(max_examples=soak.length(1_500), **_GATE)
@given(queue_draws, st.integers(1, 4))
def test_pauses_and_updates_lose_no_message(draw: QueueDraw, interruptions: int) -> None:
    """Disabled, enabled and updated at any time, the laws hold [Guarantees]."""
    draw.interruptions = interruptions
    check(draw)


@pytest.mark.soak
@settings(max_examples=soak.length(1_500), **_GATE)
@given(queue_draws, st.integers(1, 3))
def test_restarts_lose_no_message(draw: QueueDraw, restarts: int) -> None:
    """Stopped at any time and started again, the laws hold: the queue keeps all there is to know [Guarantees]."""
    draw.restarts = restarts
    check(draw)
