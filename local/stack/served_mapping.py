"""Carries records and messages to the deployed functions with the local event source mapping, all from one process.

The mappings are deployed disabled, so that the poller of the local AWS leaves them alone.
"""

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from event_source_mapping import (
    EventSourceMappingError,
    FunctionInvoker,
    Invocation,
    InvokeResult,
    LogEvent,
    Options,
    RetrySchedule,
    StreamRecord,
    serve,
)
from local.stack.errors import MappingError
from local.stack.local_aws import LocalAws
from operations.settings.project import LOCAL_STAGE, stack_name

RETRY_SECONDS = 0.5  # a person waits for the outcome
POLL_SECONDS = 0.1
STOPPED_WITHIN_SECONDS = 90  # the batch in flight is finished: a function may run for its whole timeout

CRASH = b'{"errorType": "SampleCrash", "errorMessage": "the sample plays a crash"}'


class ServedMapping:
    """The mappings of the stack, served from a thread of this process."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[LogEvent] = queue.SimpleQueue()
        self._ended: MappingError | None = None

    def log_events(self) -> Iterator[LogEvent]:
        """Yield the log events since the last call.

        Raises MappingError if serving the mappings has ended with an error.
        """
        while True:
            try:
                yield self._events.get_nowait()
            except queue.Empty:
                break
        if self._ended:
            raise self._ended

    def stream_events(self) -> list[LogEvent]:
        """Return the log events of the stream's mapping since the last call; those of queues are left out."""
        return [event for event in self.log_events() if event.shard]

    def serve(self, uuids: Sequence[str], aws: LocalAws, stop: threading.Event, poison: str) -> None:
        """Serve until `stop` is set; an invocation whose batch holds product `poison` fails as if it crashed."""
        try:
            serve(
                uuids,
                endpoint_url=aws.endpoint_url,
                on_event=self._events.put,
                stop=stop,
                options=Options(
                    retry=RetrySchedule.fixed(RETRY_SECONDS),
                    throttled=RetrySchedule.fixed(RETRY_SECONDS),
                    poll_interval=POLL_SECONDS,
                ),
                around_function=lambda function: _Crashing(function, poison),
            )
        except EventSourceMappingError as error:
            self._ended = MappingError(f"The event source mapping cannot be served: {error}")
        except Exception as error:  # noqa: BLE001 - in a thread: kept until `log_events` raises it
            self._ended = MappingError(
                f"The event source mapping ended unexpectedly: {error!r}. Start again with `npm start`."
            )


@contextmanager
def served_mapping(aws: LocalAws, poison: str = "") -> Iterator[ServedMapping]:
    """Serve every mapping of the deployed stack, of streams and of queues, while the context lasts.

    Raises MappingError.
    """
    uuids = _mappings_of_stack(aws)
    if not uuids:
        raise MappingError("The deployed functions have no event source mapping. Add a stream event to serverless.yml.")
    served = ServedMapping()
    stop = threading.Event()
    thread = threading.Thread(target=served.serve, args=(uuids, aws, stop, poison), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        stop.set()
        thread.join(STOPPED_WITHIN_SECONDS)


def _mappings_of_stack(aws: LocalAws) -> list[str]:
    """Give the UUIDs; the local AWS may hold others, of somebody who tries things out."""
    pages = (
        aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_name(LOCAL_STAGE))
    )
    return [
        resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::EventSourceMapping"
    ]


class _Crashing:
    """Simulates a crash of the function for each batch that holds one product."""

    def __init__(self, function: FunctionInvoker, poison: str) -> None:
        self._function = function
        self._poison = poison

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Invoke the function, unless the batch is to crash it."""
        changed = (record.item for record in invocation.records if isinstance(record, StreamRecord))
        if self._poison and any(self._poison in item for item in changed):
            return InvokeResult(CRASH, function_error="Unhandled")
        return self._function.invoke(function_arn, invocation)
