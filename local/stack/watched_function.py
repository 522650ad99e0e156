"""The deployed function as the mapping invokes it: watched, and crashed where a sample plays a crash."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from event_source_mapping import FunctionInvoker, Invocation, InvokeResult, StreamRecord
from operations.activity.activity_log import ActivityLog

CRASH = b'{"errorType": "SampleCrash", "errorMessage": "the sample plays a crash"}'


class WatchedFunction:
    """Notes which records the function has processed, and simulates its crash where `crashes` says so."""

    def __init__(
        self,
        function: FunctionInvoker,
        crashes: Callable[[Sequence[StreamRecord]], bool],
        done: queue.SimpleQueue[Mapping[str, Any]],
        activity: ActivityLog | None,
    ) -> None:
        self._function = function
        self._crashes = crashes
        self._done = done
        self._activity = activity

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Invoke the function, unless the batch is to crash it."""
        records = [record for record in invocation.records if isinstance(record, StreamRecord)]
        if self._activity and records:
            self._activity.invoking(record.event for record in records)
        if self._crashes(records):
            result = InvokeResult(CRASH, function_error="Unhandled")
        else:
            result = self._function.invoke(function_arn, invocation)
        handed_back = _handed_back(result.payload)
        if not result.function_error:
            for record in records:
                if record.sequence_number in handed_back:
                    break
                self._done.put(record.event)
        if self._activity and records:
            error = _error_in(result.payload) if result.function_error else ""
            self._activity.invoked((record.sequence_number for record in records), handed_back, error)
        return result


def _handed_back(payload: bytes) -> set[str]:
    try:
        return {failure["itemIdentifier"] for failure in json.loads(payload)["batchItemFailures"]}
    except (ValueError, LookupError, TypeError):
        return set()


def _error_in(payload: bytes) -> str:
    try:
        answer = json.loads(payload)
        return f"{answer['errorType']}: {answer['errorMessage']}"
    except (ValueError, LookupError, TypeError):
        return "the function failed"
