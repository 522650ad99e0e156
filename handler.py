"""The Lambda entry points: each built once at import, one call, one response."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from notifications.common.starting import starting

if TYPE_CHECKING:
    from notifications.pipeline import Response

with starting():
    if "UNDELIVERED_QUEUE_URL" in os.environ:  # the delivery function; what one imports would slow the other's start
        from notifications.bootstrap_delivery import build_delivery

        _deliveries = build_delivery(os.environ)
    else:
        from notifications.bootstrap import build

        _pipeline = build(os.environ)


def handle_stream(event: Any, context: Any) -> Response:
    """Turn one batch of stream records into alerts.

    `event` is what the event source mapping sends, `{"Records": [...]}`; the answer is a partial batch response.
    No exception leaves it: what cannot be done now comes again, and what can never be done is parked.
    """
    return _pipeline.handle(event, getattr(context, "get_remaining_time_in_millis", None))


def handle_delivery(event: Any, context: Any) -> dict[str, Any]:
    """Deliver alerts out of the receivers' queues.

    `event` is what the event source mapping of a queue sends; the answer is a partial batch response.
    """
    return _deliveries.handle(event, getattr(context, "get_remaining_time_in_millis", None))
