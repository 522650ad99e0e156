"""Laws that hold in every run, over random shards, settings and functions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import soak
from tests.event_source_mapping.random_runs import FILTERS, Draw, check
from tests.event_source_mapping.scenario import QUEUE_ARN

_GATE: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}

mapping_settings = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 8),
        "batching_window": st.sampled_from((0, 0, 2)),
        "parallelization_factor": st.integers(1, 4),
        "maximum_retry_attempts": st.sampled_from((-1, 0, 1, 3)),
        "maximum_record_age": st.sampled_from((-1, -1, 60)),
        "bisect_on_error": st.booleans(),
        "report_batch_item_failures": st.booleans(),
        "tumbling_window": st.sampled_from((0, 0, 0, 20)),
        "filters": st.sampled_from(FILTERS),
        "destination": st.just(QUEUE_ARN),
    }
)
draws = st.builds(
    Draw,
    seed=st.integers(0, 2**32 - 1),
    records=st.integers(0, 25),
    items=st.integers(1, 5),
    shards=st.integers(1, 4),
    trouble=st.integers(0, 7),
    settings=mapping_settings,
)


@pytest.mark.soak
@settings(max_examples=soak.length(10_000), **_GATE)
@given(draws)
def test_every_record_is_acknowledged_or_given_up_once_and_in_order(draw: Draw) -> None:
    """All laws of `random_runs`: nothing lost, nothing twice, order, quota, lanes [Guarantees]."""
    check(draw)


@pytest.mark.soak
@settings(max_examples=soak.length(300), **_GATE)
@given(draws)
def test_the_same_seed_gives_the_same_run(draw: Draw) -> None:
    """Nothing but the draw decides: no clock, no hash seed, no thread [Guarantees]."""
    assert check(draw) == check(draw)


@pytest.mark.soak
@settings(max_examples=soak.length(1_500), **_GATE)
@given(draws, st.integers(1, 4))
def test_pauses_and_updates_lose_and_repeat_nothing(draw: Draw, interruptions: int) -> None:
    """Disabled, enabled and updated at any time, the laws hold but for the quota [Guarantees]."""
    draw.settings["tumbling_window"] = 0
    draw.interruptions = interruptions
    check(draw)


@pytest.mark.soak
@settings(max_examples=soak.length(1_500), **_GATE)
@given(draws, st.integers(1, 3))
def test_restarts_from_checkpoints_lose_and_repeat_nothing(draw: Draw, restarts: int) -> None:
    """Stopped at any time and started again, one lane delivers as if it had run on [Guarantees].

    With more lanes, records done ahead of the checkpoint come again: at least once, as on AWS.
    """
    draw.settings |= {"tumbling_window": 0, "parallelization_factor": 1}
    draw.restarts = restarts
    check(draw)
