"""Reads the log of a function of a deployed stage with FilterLogEvents, and no more of it than was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.deployed.stack import Stack

EVERYTHING = '{ ($.level = "*") || ($.log_level = "*") || ($.type = "platform.report") }'
"""What the function logs and how its invocations ended, without the metrics that stand in the same log.

Source: Amazon CloudWatch Logs User Guide, "Using filter patterns to match terms in JSON log events".
"""
MOST_PAGES = 5
MOST_LINES = 5000
MOST_BYTES = 4_000_000
"""Of the messages of one reading."""
LONGEST_LINE = 100_000
"""Characters: the function's own lines have some hundreds, and a longer one is left out."""
_A_PAGE = 2000  # lines; AWS ends a page at 1 MB in any case


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line as CloudWatch Logs has it, unchecked."""

    id: str
    at: float
    """Epoch seconds."""
    text: str


@dataclass(frozen=True, slots=True)
class LogReading:
    """What one reading found."""

    lines: tuple[LogLine, ...]
    """In the order of time."""
    whole: bool
    """Whether that is all there is of the time; else the later part was not read."""
    too_long: tuple[str, ...] = ()
    """The ids of the lines that were left out as they are longer than LONGEST_LINE."""


def read_log(stack: Stack, function: str, start: datetime, end: datetime, pattern: str = EVERYTHING) -> LogReading:
    """Read what a function logged from `start` to `end`; nothing where it has never run.

    `pattern` is a filter pattern of CloudWatch Logs. Raises ClientError and BotoCoreError, for throttling, too.
    """
    client = stack.client("logs")
    asked = {
        "logGroupName": f"/aws/lambda/{function}",
        "startTime": int(start.timestamp() * 1000),
        "endTime": int(end.timestamp() * 1000),
        "filterPattern": pattern,
    }
    lines: list[LogLine] = []
    too_long: list[str] = []
    room, token = MOST_BYTES, ""
    for _ in range(MOST_PAGES):
        try:
            page = client.filter_log_events(
                **asked, limit=min(_A_PAGE, MOST_LINES - len(lines)), **({"nextToken": token} if token else {})
            )
        except client.exceptions.ResourceNotFoundException:  # made with the stage, or when the function first runs
            return LogReading((), whole=True)
        for line in _lines(page):
            if len(line.text) > LONGEST_LINE:
                too_long.append(line.id)
                continue
            room -= len(line.text)
            if room < 0:
                return LogReading(_in_order(lines), False, tuple(too_long))
            lines.append(line)
        token = page.get("nextToken", "")
        if not token or len(lines) >= MOST_LINES:
            break
    return LogReading(_in_order(lines), not token, tuple(too_long))


def _lines(page: dict[str, Any]) -> Iterator[LogLine]:
    for event in page.get("events", ()):
        yield LogLine(event.get("eventId", ""), event.get("timestamp", 0) / 1000, event.get("message", ""))


def _in_order(lines: list[LogLine]) -> tuple[LogLine, ...]:
    return tuple(sorted(lines, key=lambda line: line.at))
