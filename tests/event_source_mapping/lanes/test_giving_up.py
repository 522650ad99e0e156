"""Records that are given up: the destination, the counters, the shard behind them."""

from __future__ import annotations

from event_source_mapping.log.events import EventType
from event_source_mapping.testing.fakes import FakeDestination
from tests.event_source_mapping.scenario import documents, fails_on, sent, simulate


def test_a_destination_that_refuses_is_counted_and_the_shard_goes_on() -> None:
    """A document is sent once; a refusal is visible and stops nothing [On-failure destinations]."""
    simulation = simulate(
        fails_on(1),
        settings={"batch_size": 2, "maximum_retry_attempts": 0},
        destination=FakeDestination(refuses=True),
    ).run()
    assert sent(simulation) == [[1, 2], [3, 4]]
    metrics = simulation.poller.metrics
    assert (metrics.DestinationDeliveryFailures, metrics.DroppedEventCount) == (1, 2)
    assert metrics.OnFailureDestinationDeliveredEventCount == 0
    assert len(simulation.logged(EventType.DELIVERY_FAILED)) == 1


def test_without_a_destination_given_up_records_are_dropped_visibly() -> None:
    """No destination: no document, a counter and a line [On-failure destinations]."""
    settings = {"maximum_retry_attempts": 0, "destination": None}
    simulation = simulate(fails_on(1), settings=settings).run()
    assert simulation.poller.metrics.DroppedEventCount == 4
    assert len(simulation.logged(EventType.DROPPED)) == 1
    assert not documents(simulation)
