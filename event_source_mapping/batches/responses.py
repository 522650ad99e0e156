"""What an invocation's answer means.

docs/event-source-mapping.md, "Partial responses", lists every form and its meaning. The forms are the same for streams
and queues; the consequences differ.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from event_source_mapping.model.invocations import InvokeResult
from event_source_mapping.model.records import Record

_EMPTY: tuple[Any, ...] = (None, "", [], {})
_QUOTED = 80  # characters of an answer that a reason quotes


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Every record is done."""

    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partial:
    """The answer names records that failed; what that means for the others is the source's matter."""

    named: tuple[int, ...]  # indexes into the batch, ascending
    reason: str
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """Every record comes again; `splittable` if the invocation failed, not merely its answer."""

    reason: str
    splittable: bool


InvokeOutcome = Succeeded | Partial | Failed


class ResponseSettings(Protocol):
    """The settings that say how an answer is read; MappingSettings has them."""

    @property
    def report_batch_item_failures(self) -> bool:
        """Whether `batchItemFailures` in the answer counts."""
        ...

    @property
    def tumbling_window(self) -> int:
        """Seconds; 0 is off."""
        ...


def classify(result: InvokeResult, records: Sequence[Record], settings: ResponseSettings) -> InvokeOutcome:
    """Say what the answer means for these records."""
    if result.function_error is not None:
        return Failed(_error_text(result), splittable=True)
    if not settings.report_batch_item_failures and not settings.tumbling_window:
        return Succeeded()
    try:
        answer = json.loads(result.payload) if result.payload.strip() else None
    except (ValueError, RecursionError):
        return Failed("the answer is not JSON", splittable=False)
    state: dict[str, Any] = {}
    if settings.tumbling_window:
        if not isinstance(answer, dict) or not isinstance(answer.get("state"), dict):
            return Failed("the answer has no state, which a tumbling window needs", splittable=True)
        state = answer["state"]
    if not settings.report_batch_item_failures:
        return Succeeded(state)
    return _partial(answer, records, state)


def _partial(answer: Any, records: Sequence[Record], state: dict[str, Any]) -> InvokeOutcome:
    if answer in _EMPTY:
        return Succeeded(state)
    if not isinstance(answer, dict):
        return Failed(f"the answer is neither empty nor an object: {_short(answer)}", splittable=False)
    failures = answer.get("batchItemFailures")
    if failures is None or failures == []:
        return Succeeded(state)
    if not isinstance(failures, list):
        return Failed(f"batchItemFailures is not a list: {_short(failures)}", splittable=False)
    positions = {record.identifier: index for index, record in enumerate(records)}
    named: list[int] = []
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(identifier, str) or identifier not in positions:
            return Failed(f"no record of the batch is named by {_short(failure)}", splittable=False)
        named.append(positions[identifier])
    distinct = tuple(sorted(set(named)))
    return Partial(distinct, f"batchItemFailures names {len(distinct)} of {len(records)}", state)


def _error_text(result: InvokeResult) -> str:
    """Give the function's own error type and message, if its answer has them."""
    try:
        answer = json.loads(result.payload)
    except (ValueError, RecursionError):
        answer = None
    details = answer if isinstance(answer, dict) else {}
    words = [str(details[name]) for name in ("errorType", "errorMessage") if details.get(name)]
    return f"{result.function_error}: {' '.join(words)}" if words else str(result.function_error)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _QUOTED else text[:_QUOTED] + "..."
