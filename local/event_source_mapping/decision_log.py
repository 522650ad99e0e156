"""Decisions as text: a story a person can read, or one JSON object a line.

docs/event-source-mapping.md, "The decision log".
"""

import json
import time
from typing import TextIO

from .decisions import Decision, DecisionLog, Outcome

_RED, _GREEN, _YELLOW, _DIM, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"

_COLOURS = {
    Outcome.SUCCEEDED: _GREEN,
    Outcome.FAILED: _RED,
    Outcome.GIVEN_UP: _RED,
    Outcome.DELIVERY_FAILED: _RED,
    Outcome.DROPPED: _RED,
    Outcome.LOST: _RED,
    Outcome.PARTIAL: _YELLOW,
    Outcome.NOT_INVOKED: _YELLOW,
    Outcome.STREAM_TROUBLE: _YELLOW,
    Outcome.WARNING: _YELLOW,
    Outcome.READ: _DIM,
    Outcome.FILTERED: _DIM,
    Outcome.RETRY: _DIM,
}

# Steps that the next line of the story tells anyway; the JSON log has them.
_UNTOLD = frozenset({Outcome.INVOKING, Outcome.CHECKPOINT})

# Reasons that the words say already.
_PLAIN_REASONS = frozenset({Outcome.READ, Outcome.FILTERED, Outcome.SUCCEEDED})

_WORDS = {
    Outcome.READ: "read {records} ({range})",
    Outcome.FILTERED: "filtered out {range}",
    Outcome.SUCCEEDED: "invoke {range} succeeded{attempt}",
    Outcome.PARTIAL: "invoke {range} failed in part{attempt}",
    Outcome.FAILED: "invoke {range} failed{attempt}",
    Outcome.NOT_INVOKED: "invoke {range} did not reach the function{attempt}",
    Outcome.RETRY: "retry {range}",
    Outcome.GIVEN_UP: "give up {range} after {attempts}",
    Outcome.DELIVERED: "failure document for {range} sent to {destination}",
    Outcome.DELIVERY_FAILED: "failure document for {range} not delivered",
    Outcome.DROPPED: "drop {range}",
    Outcome.LOST: "lost {range}",
    Outcome.SHARD_STARTED: "shard started",
    Outcome.SHARD_FINISHED: "shard finished",
    Outcome.STREAM_TROUBLE: "stream",
}


def json_log(output: TextIO) -> DecisionLog:
    """Make a log of one JSON object a decision."""

    def log(decision: Decision) -> None:
        print(json.dumps(decision.as_json()), file=output, flush=True)

    return log


def text_log(output: TextIO, *, colour: bool) -> DecisionLog:
    """Make a log of one line a decision; records are numbered as read from their shard."""

    def log(decision: Decision) -> None:
        if decision.outcome in _UNTOLD:
            return
        when = time.strftime("%H:%M:%S", time.localtime(decision.time))
        where = decision.mapping[:8] + (f" {decision.shard[-8:]}" if decision.shard else "")
        text = story(decision)
        shade = _COLOURS.get(decision.outcome, "") if colour else ""
        print(f"{when} {where:<17} {shade}{text}{_PLAIN if shade else ''}", file=output, flush=True)

    return log


def story(decision: Decision) -> str:
    """Tell a decision in a few words."""
    if decision.outcome is Outcome.SPLIT:
        return _split(decision)
    words = _WORDS.get(decision.outcome, decision.outcome.value.replace("_", " "))
    attempts = decision.attempt or 1
    told = words.format(
        range=_range(
            decision.details.get("firstRecord"),
            decision.details.get("lastRecord"),
            decision.records,
        ),
        records=decision.records,
        attempt=f" (attempt {attempts})" if attempts > 1 else "",
        attempts=f"{attempts} invocation{'s' if attempts > 1 else ''}",
        destination=decision.details.get("destination"),
    ).replace("  ", " ")
    return told if decision.outcome in _PLAIN_REASONS else f"{told}: {decision.reason}"


def _split(decision: Decision) -> str:
    details = decision.details
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
