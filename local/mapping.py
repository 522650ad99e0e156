"""Who drives the function: the local event source mapping, with the settings that `sls deploy` gave the mapping.

The mapping is deployed disabled, so that the local AWS's own poller leaves it alone.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from event_source_mapping import (
    EventSourceMappingError,
    FunctionInvoker,
    Invocation,
    InvokeResult,
    LogEvent,
    Options,
    RetrySchedule,
    serve,
)
from local.aws import LocalAws
from local.deployment import Deployment
from local.errors import MappingError

RETRY_SECONDS = 0.5  # a laptop's user wants to see how it ends
POLL_SECONDS = 0.1
STOPPED_WITHIN_SECONDS = 90  # the batch in flight is finished: a function may run for its whole timeout

CRASH = b'{"errorType": "SampleCrash", "errorMessage": "the sample plays a crash"}'


class ServedMapping:
    """A mapping that is served from a thread of this process."""

    def __init__(self) -> None:
        self._decisions: queue.SimpleQueue[LogEvent] = queue.SimpleQueue()
        self._ended: MappingError | None = None

    def decisions(self) -> Iterator[LogEvent]:
        """Take what was decided since the last call.

        Raises MappingError if the mapping is served no more.
        """
        while True:
            try:
                yield self._decisions.get_nowait()
            except queue.Empty:
                break
        if self._ended:
            raise self._ended

    def serve(self, uuid: str, aws: LocalAws, stop: threading.Event, poison: str) -> None:
        """Serve until `stop` is set; invocations with product `poison` in them are played to crash."""
        try:
            serve(
                [uuid],
                endpoint_url=aws.endpoint_url,
                on_event=self._decisions.put,
                stop=stop,
                options=Options(retry=RetrySchedule.fixed(RETRY_SECONDS), poll_interval=POLL_SECONDS),
                around_function=lambda function: _Crashing(function, poison),
            )
        except EventSourceMappingError as error:
            self._ended = MappingError(f"The event source mapping cannot be served: {error}")
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise it to
            self._ended = MappingError(f"The event source mapping ended: {error!r}")


@contextmanager
def served_mapping(aws: LocalAws, deployment: Deployment, poison: str = "") -> Iterator[ServedMapping]:
    """Carry the products stream's records to the function for as long as the context lasts."""
    found = aws.client("lambda").list_event_source_mappings(FunctionName=deployment.alerts_function_name)
    uuids = [mapping["UUID"] for mapping in found["EventSourceMappings"]]
    if not uuids:
        raise MappingError("The deployed function has no event source mapping. Has serverless.yml a stream event?")
    served = ServedMapping()
    stop = threading.Event()
    thread = threading.Thread(target=served.serve, args=(uuids[0], aws, stop, poison), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        stop.set()
        thread.join(STOPPED_WITHIN_SECONDS)


class _Crashing:
    """Stands before the function and plays a crash where a batch holds one product."""

    def __init__(self, function: FunctionInvoker, poison: str) -> None:
        self._function = function
        self._poison = poison

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Invoke the function, unless the batch is to crash it."""
        if self._poison and any(self._poison in record.item for record in invocation.records):
            return InvokeResult(CRASH, function_error="Unhandled")
        return self._function.invoke(function_arn, invocation)
