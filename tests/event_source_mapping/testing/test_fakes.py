"""A Lambda handler as the fake function."""

from __future__ import annotations

from typing import Any

from event_source_mapping.log.events import EventType
from event_source_mapping.testing.fakes import python_function
from tests.event_source_mapping.scenario import sent, simulate


def test_a_python_handler_is_served_in_process() -> None:
    """A simulation runs a real handler: its answers and its exceptions [Guarantees]."""

    def handler(event: dict[str, Any], _: None) -> Any:
        if len(event["Records"]) > 1:
            raise ValueError("one at a time")
        return {"batchItemFailures": []}

    settings = {"bisect_on_error": True, "report_batch_item_failures": True}
    simulation = simulate(python_function(handler), records=2, settings=settings).run()
    assert sent(simulation) == [[1, 2], [1], [2]]
    assert simulation.logged(EventType.FAILED)[0].reason == "Unhandled: ValueError one at a time"
