"""Carries stream records to the function with the local event source mapping, as deployed by `sls deploy`.

The mapping is deployed disabled, so that the poller of the local AWS leaves it alone. A deploy may change its settings
or replace it, as for another stream: what is deployed is served.
"""

import json
import queue
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from botocore.exceptions import ClientError

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
from local.stack.deployment import Deployment
from local.stack.errors import MappingError, RemovedError
from local.stack.local_aws import LocalAws

T = TypeVar("T")

RETRY_SECONDS = 0.5  # a person waits for the outcome
POLL_SECONDS = 0.1
STOPPED_WITHIN_SECONDS = 90  # the batch in flight is finished: a function may run for its whole timeout
# Served whatever its state: the local AWS calls a new mapping enabled, and the same one disabled after an update.
SERVED_STATE = {"State": "Disabled"}

CRASH = b'{"errorType": "SampleCrash", "errorMessage": "the sample plays a crash"}'


class ServedMapping:
    """A mapping that is served from a thread of this process."""

    def __init__(self, aws: LocalAws, function_name: str) -> None:
        self.stream_arn = ""
        """The stream that is read now; another one after a deploy with another table."""
        self._lambda = aws.client("lambda")
        self._endpoint_url = aws.endpoint_url
        self._function_name = function_name
        self._events: queue.SimpleQueue[LogEvent] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._ended: Exception | None = None
        self._uuid = self._find()

    def log_events(self) -> Iterator[LogEvent]:
        """Yield the log events since the last call.

        Raises MappingError if serving the mapping has ended with an error, RemovedError if the service was removed.
        """
        yield from _taken(self._events)
        if self._ended:
            raise self._ended

    def done(self) -> Iterator[Mapping[str, Any]]:
        """Yield the records that the function has processed since the last call, as it received them."""
        return _taken(self._done)

    def serve(self, stop: threading.Event, poison: str) -> None:
        """Serve until `stop` is set; an invocation whose batch holds product `poison` fails as if it crashed."""
        try:
            while not stop.is_set():
                self._serve_one(stop, poison)
                if not stop.is_set():
                    self._uuid = self._find()  # the one served was deleted: a deploy may have replaced it
        except (MappingError, RemovedError) as error:
            self._ended = error
        except EventSourceMappingError as error:
            self._ended = MappingError(f"The event source mapping cannot be served: {error}")
        except Exception as error:  # noqa: BLE001 - in a thread: kept until `log_events` raises it
            self._ended = MappingError(
                f"The event source mapping ended unexpectedly: {error!r}. Start again with `npm start`.",
                trace=traceback.format_exc(),
            )

    def _serve_one(self, stop: threading.Event, poison: str) -> None:
        serve(
            [self._uuid],
            endpoint_url=self._endpoint_url,
            on_event=self._events.put,
            stop=stop,
            overrides=SERVED_STATE,
            options=Options(retry=RetrySchedule.fixed(RETRY_SECONDS), poll_interval=POLL_SECONDS),
            around_function=lambda function: _Watched(function, poison, self._done),
        )

    def _find(self) -> str:
        """Return the UUID of the function's mapping, and note its stream."""
        try:
            found = self._lambda.list_event_source_mappings(FunctionName=self._function_name)["EventSourceMappings"]
            if not found:
                self._lambda.get_function(FunctionName=self._function_name)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                raise
            raise RemovedError("The service was removed from the local AWS.") from None
        if not found:
            if self.stream_arn:  # it had one: `sls remove` takes the function after it
                raise RemovedError("The service was removed from the local AWS.")
            raise MappingError(
                "The deployed function has no event source mapping. Add a stream event to serverless.yml."
            )
        self.stream_arn = found[-1]["EventSourceArn"]
        return str(found[-1]["UUID"])


@contextmanager
def served_mapping(aws: LocalAws, deployment: Deployment, poison: str = "") -> Iterator[ServedMapping]:
    """Carry the records of the products stream to the function while the context lasts. Raises MappingError."""
    served = ServedMapping(aws, deployment.alerts_function_name)
    stop = threading.Event()
    thread = threading.Thread(target=served.serve, args=(stop, poison), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        stop.set()
        thread.join(STOPPED_WITHIN_SECONDS)


class _Watched:
    """Notes which records the function has processed, and simulates its crash for each batch that holds one product."""

    def __init__(self, function: FunctionInvoker, poison: str, done: "queue.SimpleQueue[Mapping[str, Any]]") -> None:
        self._function = function
        self._poison = poison
        self._done = done

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Invoke the function, unless the batch is to crash it."""
        if self._poison and any(self._poison in record.item for record in invocation.records):
            return InvokeResult(CRASH, function_error="Unhandled")
        result = self._function.invoke(function_arn, invocation)
        if not result.function_error:
            handed_back = _handed_back(result.payload)
            for record in invocation.records:
                if record.sequence_number in handed_back:
                    break
                self._done.put(record.event)
        return result


def _handed_back(payload: bytes) -> set[str]:
    try:
        return {failure["itemIdentifier"] for failure in json.loads(payload)["batchItemFailures"]}
    except (ValueError, LookupError, TypeError):
        return set()


def _taken(waiting: "queue.SimpleQueue[T]") -> Iterator[T]:
    while True:
        try:
            yield waiting.get_nowait()
        except queue.Empty:
            return
