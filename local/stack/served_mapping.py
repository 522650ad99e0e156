"""Carries records and messages to the deployed functions with the local event source mapping, all from one process.

The mappings are deployed disabled, so that the poller of the local AWS leaves them alone. A deploy may change their
settings, replace them or add others: what is deployed is served.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from event_source_mapping import (
    EventSourceMappingError,
    EventType,
    LogEvent,
    Options,
    RetrySchedule,
    StreamRecord,
    describe,
    serve,
)
from local.stack.errors import REMOVED, MappingError, RemovedError
from local.stack.local_aws import LocalAws
from local.stack.watched_function import WatchedFunction
from operations.activity.activity_log import ActivityLog
from operations.settings.project import LOCAL_STAGE, stack_name

T = TypeVar("T")

RETRY_SECONDS = 0.5  # a person waits for the outcome
POLL_SECONDS = 0.1
LOOK_SECONDS = 2  # between looks at which mappings are deployed
STOPPED_WITHIN_SECONDS = 90  # the batch in flight is finished: a function may run for its whole timeout
# Served whatever its state: the local AWS calls a new mapping enabled, and the same one disabled after an update.
SERVED_STATE = {"State": "Disabled"}

_UNTOLD = frozenset({EventType.CHECKPOINT, EventType.INVOKING, EventType.MESSAGES_DELETED})
"""Log events that the others imply."""

NO_POISON: Mapping[str, Any] = {}


class ServedMapping:
    """The mappings of the stack, served from a thread of this process."""

    def __init__(self, aws: LocalAws, poison: Mapping[str, Any], activity: ActivityLog | None = None) -> None:
        self.poison = poison
        """The key of an item: an invocation whose batch has it fails as if it crashed."""
        self.stream_arn = ""
        """The stream that is read now; another one after a deploy with another table."""
        self._lambda = aws.client("lambda")
        self._cloudformation = aws.client("cloudformation")
        self._endpoint_url = aws.endpoint_url
        self._activity = activity
        self._events: queue.SimpleQueue[LogEvent] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._ended: Exception | None = None
        self._of_queues: set[str] = set()
        self._find()

    def log_events(self) -> Iterator[LogEvent]:
        """Yield the log events since the last call.

        Raises MappingError if serving the mapping has ended with an error, RemovedError if the service was removed.
        """
        yield from _taken(self._events)
        if self._ended:
            raise self._ended

    def stream_events(self) -> list[LogEvent]:
        """Return the log events of the stream's mapping since the last call; those of queues are left out."""
        return [event for event in self.log_events() if event.mapping not in self._of_queues]

    def done(self) -> Iterator[Mapping[str, Any]]:
        """Yield the records that the function has processed since the last call, as it received them."""
        return _taken(self._done)

    def serve(self, stop: threading.Event) -> None:
        """Serve until `stop` is set.

        The stream is served by itself: a deploy that adds or takes away a queue does not begin it anew.
        """
        queues = threading.Thread(target=self._serve_kind, args=(stop,), kwargs={"queues": True}, daemon=True)
        queues.start()
        self._serve_kind(stop, queues=False)
        queues.join()

    def _serve_kind(self, stop: threading.Event, *, queues: bool) -> None:
        try:
            while not stop.is_set():
                self._serve_these(stop, self._find_kind(queues=queues), queues=queues)
        except (MappingError, RemovedError) as error:
            self._ended = error
        except EventSourceMappingError as error:
            self._ended = MappingError(f"The event source mapping cannot be served: {error}")
        except Exception as error:  # noqa: BLE001 - in a thread: kept until `log_events` raises it
            self._ended = MappingError(
                f"The event source mapping ended unexpectedly: {error!r}. Start again with `npm start`.",
                trace=traceback.format_exc(),
            )

    def _crashes(self, records: Sequence[StreamRecord]) -> bool:
        return bool(self.poison) and any(record.event["dynamodb"]["Keys"] == self.poison for record in records)

    def _note(self, event: LogEvent) -> None:
        self._events.put(event)
        if self._activity and event.outcome not in _UNTOLD:
            self._activity.mapping({**event.as_json(), "queue": event.mapping in self._of_queues}, describe(event))

    def _serve_these(self, stop: threading.Event, uuids: list[str], *, queues: bool) -> None:
        """Serve the mappings until `stop` is set, or until a deploy has changed which there are."""
        changed = threading.Event()
        watch = threading.Thread(
            target=self._watch, args=(stop, changed, uuids), kwargs={"queues": queues}, daemon=True
        )
        watch.start()
        try:
            if not uuids:
                changed.wait()
                return
            serve(
                uuids,
                endpoint_url=self._endpoint_url,
                on_event=self._note,
                stop=changed,
                overrides=SERVED_STATE,
                options=Options(
                    retry=RetrySchedule.fixed(RETRY_SECONDS),
                    throttled=RetrySchedule.fixed(RETRY_SECONDS),
                    poll_interval=POLL_SECONDS,
                ),
                around_function=lambda function: WatchedFunction(function, self._crashes, self._done, self._activity),
            )
        finally:
            changed.set()
            watch.join()

    def _watch(self, stop: threading.Event, changed: threading.Event, uuids: list[str], *, queues: bool) -> None:
        looked = time.monotonic()
        while not changed.is_set():
            if stop.wait(POLL_SECONDS):
                changed.set()
            elif time.monotonic() - looked > LOOK_SECONDS:
                looked = time.monotonic()
                try:
                    if self._find_kind(queues=queues) != uuids:
                        changed.set()
                except (MappingError, RemovedError, BotoCoreError, ClientError):
                    changed.set()  # whoever serves finds out why

    def _find_kind(self, *, queues: bool) -> list[str]:
        """Return the UUIDs of the mappings of queues, or of the stream's."""
        return [uuid for uuid in self._find() if (uuid in self._of_queues) is queues]

    def _find(self) -> list[str]:
        """Return the UUIDs of the stack's mappings, and note the stream; the local AWS may hold others."""
        try:
            pages = self._cloudformation.get_paginator("list_stack_resources").paginate(
                StackName=stack_name(LOCAL_STAGE)
            )
            resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
            uuids = [
                resource["PhysicalResourceId"]
                for resource in resources
                if resource["ResourceType"] == "AWS::Lambda::EventSourceMapping"
                and resource.get("ResourceStatus") != "DELETE_COMPLETE"
            ]
            sources = [self._lambda.get_event_source_mapping(UUID=uuid)["EventSourceArn"] for uuid in uuids]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in {"ResourceNotFoundException", "ValidationError"}:
                raise
            raise RemovedError(REMOVED) from None
        if not uuids and self.stream_arn:  # it had one
            raise RemovedError(REMOVED)
        if not uuids:
            raise MappingError(
                "The deployed functions have no event source mapping. Add a stream event to serverless.yml."
            )
        self._of_queues |= {uuid for uuid, source in zip(uuids, sources, strict=True) if ":sqs:" in source}
        self.stream_arn = next((source for source in sources if ":dynamodb:" in source), self.stream_arn)
        return uuids


@contextmanager
def served_mapping(
    aws: LocalAws, poison: Mapping[str, Any] = NO_POISON, activity: ActivityLog | None = None
) -> Iterator[ServedMapping]:
    """Serve every mapping of the deployed stack, of streams and of queues, while the context lasts.

    What they read and do goes to `activity`. Raises MappingError.
    """
    served = ServedMapping(aws, poison, activity)
    stop = threading.Event()
    thread = threading.Thread(target=served.serve, args=(stop,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        stop.set()
        thread.join(STOPPED_WITHIN_SECONDS)


def _taken(waiting: queue.SimpleQueue[T]) -> Iterator[T]:
    while True:
        try:
            yield waiting.get_nowait()
        except queue.Empty:
            return
