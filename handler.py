"""The Lambda entry point: built once at import, one call, one response."""

from __future__ import annotations

import os
from typing import Any

from notifications.batch import Response
from notifications.bootstrap import build

_pipeline = build(os.environ)


def handle_stream(event: Any, context: Any) -> Response:
    """Turn one batch of stream records into alerts.

    `event` is what the event source mapping sends, `{"Records": [...]}`; the answer is a partial batch response.
    No exception leaves it: what cannot be done now comes again, and what can never be done is parked.
    """
    return _pipeline.handle(event, getattr(context, "get_remaining_time_in_millis", None))
