"""The decision log as text: lines to read, or one JSON object a line.

docs/event-source-mapping.md, "The decision log".
"""

from __future__ import annotations

import json
import time
from typing import TextIO

from event_source_mapping.log.events import EventLog, EventType, LogEvent

_RED, _GREEN, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"

_COLOURS = {
    EventType.SUCCEEDED: _GREEN,
    EventType.FAILED: _RED,
    EventType.GIVEN_UP: _RED,
    EventType.DELIVERY_FAILED: _RED,
    EventType.DROPPED: _RED,
    EventType.LOST: _RED,
    EventType.PARTIAL: _YELLOW,
    EventType.NOT_INVOKED: _YELLOW,
    EventType.STREAM_TROUBLE: _YELLOW,
    EventType.QUEUE_TROUBLE: _YELLOW,
    EventType.DELETE_REFUSED: _YELLOW,
    EventType.LET_GO: _YELLOW,
    EventType.WARNING: _YELLOW,
    EventType.READ: _DIM,
    EventType.FILTERED: _DIM,
    EventType.RETRY: _DIM,
}

# Events that the next line implies; the JSON log has them.
_OMITTED = frozenset({EventType.INVOKING, EventType.CHECKPOINT, EventType.MESSAGES_DELETED})

# Events whose words say the reason already.
_SELF_EXPLANATORY = frozenset({EventType.READ, EventType.FILTERED, EventType.SUCCEEDED})

_WORDS = {
    EventType.READ: "read {records} ({range})",
    EventType.FILTERED: "filtered out {range}",
    EventType.SUCCEEDED: "invoke {range} succeeded{attempt}",
    EventType.PARTIAL: "invoke {range} failed in part{attempt}",
    EventType.FAILED: "invoke {range} failed{attempt}",
    EventType.NOT_INVOKED: "invoke {range} did not reach the function{attempt}",
    EventType.RETRY: "retry {range}",
    EventType.GIVEN_UP: "give up {range} after {attempts}",
    EventType.DELIVERED: "failure document for {range} sent to {destination}",
    EventType.DELIVERY_FAILED: "failure document for {range} not delivered",
    EventType.DROPPED: "drop {range}",
    EventType.LOST: "lost {range}",
    EventType.SHARD_STARTED: "shard started",
    EventType.SHARD_FINISHED: "shard finished",
    EventType.STREAM_TROUBLE: "stream",
    EventType.QUEUE_TROUBLE: "queue",
    EventType.DELETE_REFUSED: "delete {range} refused",
    EventType.LET_GO: "let {range} go",
}


def json_log(output: TextIO) -> EventLog:
    """Make a log of one JSON object an event."""

    def log(event: LogEvent) -> None:
        print(json.dumps(event.as_json()), file=output, flush=True)

    return log


def text_log(output: TextIO, *, colour: bool) -> EventLog:
    """Make a log of one line an event; records are numbered as read from their shard."""

    def log(event: LogEvent) -> None:
        if event.outcome in _OMITTED:
            return
        when = time.strftime("%H:%M:%S", time.localtime(event.time))
        where = event.mapping[:8] + (f" {event.shard[-8:]}" if event.shard else "")
        text = describe(event)
        shade = _COLOURS.get(event.outcome, "") if colour else ""
        print(f"{when} {where:<17} {shade}{text}{_PLAIN if shade else ''}", file=output, flush=True)

    return log


def describe(event: LogEvent) -> str:
    """Give an event in a few words, such as `invoke 3 failed (attempt 2): Unhandled: ValueError`."""
    if event.outcome is EventType.SPLIT:
        return _split(event)
    words = _WORDS.get(event.outcome, event.outcome.value.replace("_", " "))
    attempts = event.attempt or 1
    described = words.format(
        range=_range(
            event.details.get("firstRecord"),
            event.details.get("lastRecord"),
            event.records,
        ),
        records=event.records,
        attempt=f" (attempt {attempts})" if attempts > 1 else "",
        attempts=f"{attempts} invocation{'s' if attempts > 1 else ''}",
        destination=event.details.get("destination"),
    ).replace("  ", " ")
    return described if event.outcome in _SELF_EXPLANATORY else f"{described}: {event.reason}"


def _split(event: LogEvent) -> str:
    details = event.details
    first = _range(details.get("firstRecord"), details.get("firstHalfEnd"), details["firstHalf"])
    second = _range(details.get("middleRecord"), details.get("lastRecord"), details["secondHalf"])
    return f"split {first} / {second}"


def _range(first: int | None, last: int | None, records: int | None) -> str:
    """Write first and last; where a lane's records are not neighbours, say how many they are."""
    if first is None or last is None:
        return ""
    if first == last:
        return f"{first}"
    span = f"{first}–{last}"  # noqa: RUF001 - a range is written with an en dash
    return span if records == last - first + 1 else f"{records} of {span}"
