"""The final invocation of a tumbling window.

docs/event-source-mapping.md, "Tumbling windows".
"""

from __future__ import annotations

from event_source_mapping.batches.batch_log import BatchLog
from event_source_mapping.batches.invoking import invoke
from event_source_mapping.batches.responses import Failed, Succeeded, classify
from event_source_mapping.lanes.windows import TumblingWindow
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.session import Session
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.errors import InvokeError
from event_source_mapping.model.invocations import Invocation
from event_source_mapping.running.tasks import Sleep, Task


def close_window(session: Session[StreamSettings], log: BatchLog, window: TumblingWindow, *, reason: str) -> Task[bool]:
    """Make a tumbling window's final invocation, again and again until it succeeds.

    Nothing later of the shard is processed meanwhile, and no quota ends it. True if it succeeded,
    False if the session stopped before.
    """
    invocation = Invocation((), window.event_fields(final=True))
    attempts = 0
    while not session.stopping:
        attempts += 1
        log.add(EventType.INVOKING, f"final invocation: {reason}", (), attempts)
        try:
            result = yield from invoke(session, invocation)
            outcome = classify(result, (), session.settings)
            session.metrics.Errors += result.function_error is not None
        except InvokeError as error:
            outcome = Failed(str(error), splittable=False)
        if isinstance(outcome, Succeeded):
            log.add(EventType.SUCCEEDED, "the window is closed", (), attempts)
            return True
        log.add(EventType.FAILED, f"final invocation: {outcome.reason}", (), attempts)
        if not session.stopping:
            delay = session.options.retry.delay(attempts)
            yield Sleep(session.clock.now() + delay, session.stopped)
    return False
