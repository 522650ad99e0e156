"""Reading ahead of the lanes."""

from __future__ import annotations

from event_source_mapping.testing.builders import make_record
from tests.event_source_mapping.scenario import fails_on, simulate


def test_a_lane_that_is_far_behind_holds_back_reading() -> None:
    """Read-ahead is bounded: a blocked lane cannot fill the memory [Choices]."""
    records = [make_record(n, item="item-0") for n in range(1, 30_001)]
    settings = {"parallelization_factor": 2, "batch_size": 10}
    simulation = simulate(fails_on(1), records=records, settings=settings).run(seconds=60)
    assert simulation.poller.metrics.PolledEventCount < 12_000
