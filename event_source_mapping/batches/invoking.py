"""Invoking the function once."""

from __future__ import annotations

from functools import partial

from event_source_mapping.mapping.session import Session
from event_source_mapping.mapping.settings import MappingSettings
from event_source_mapping.model.errors import InvokeError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.running.tasks import Perform, Task


def invoke(session: Session[MappingSettings], invocation: Invocation) -> Task[InvokeResult]:
    """Invoke once and count it. Raises InvokeError when the function was not reached."""
    function, arn = session.ports.function, session.settings.function_arn
    try:
        result: InvokeResult = yield Perform(partial(function.invoke, arn, invocation))
    except InvokeError:
        session.metrics.Throttles += 1
        raise
    session.metrics.Invocations += 1
    session.metrics.InvokedEventCount += len(invocation.records)
    return result
