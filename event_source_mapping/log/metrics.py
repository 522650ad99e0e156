"""Counters under the names of the metrics that Lambda emits for an event source mapping.

docs/event-source-mapping.md, "Counters".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Metrics:
    """Counters of one mapping since the command started.

    The first four count events; the others count records. Streams have no `DeletedEventCount`, and queues no
    `DroppedEventCount` and nothing of destinations.
    """

    Invocations: int = 0
    Errors: int = 0
    Throttles: int = 0
    DestinationDeliveryFailures: int = 0
    PolledEventCount: int = 0
    FilteredOutEventCount: int = 0
    InvokedEventCount: int = 0
    FailedInvokeEventCount: int = 0
    DroppedEventCount: int = 0
    OnFailureDestinationDeliveredEventCount: int = 0
    DeletedEventCount: int = 0

    def as_dict(self) -> dict[str, int]:
        """Give every counter by name."""
        return asdict(self)
