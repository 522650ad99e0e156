"""The notation of docs/rules.md: changes, one a line, and what comes of each.

    stream: NEW_IMAGE                        (first line, optional: the stream's view type)
    09:40 price 20 → 15, stock 3             alert: the title
          ↑ attributes; without → unchanged  text: the text
    lamp: new: price 5                       quiet: the reason
    removed: price 5                         data.expired: true

Two blanks or more part a change from what comes of it; further lines of it begin with blanks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from notifications.stream.changes import INSERT, REMOVE
from operations.evaluation.change_notation import parse
from tests.builders import image, raw

DAY = "2026-11-21"
_LINE = re.compile(r"(?P<change>\S.*?) {2,}(?P<result>\S.*)")
_RESULT = re.compile(r"(?P<kind>[\w.]+)(?:: (?P<said>.*))?")
_TABLE = {"alert", "quiet", "text", "severity", "attributes"}


@dataclass
class Expected:
    """One alert that is to come."""

    title: str
    more: dict[str, str] = field(default_factory=dict)
    """What else is said of it: text, severity, attributes, data.…"""


@dataclass
class Step:
    """One change and what is to come of it."""

    line: int
    record: dict[str, Any]
    alerts: list[Expected] = field(default_factory=list)
    quiet: str | None = None


def read(text: str) -> list[Step]:
    """Read a block; ValueError names the line, or ConfigurationError the part, that is not understood."""
    steps: list[Step] = []
    view_type = "NEW_AND_OLD_IMAGES"
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("stream: ") and not steps:
            view_type = line.removeprefix("stream: ")
            continue
        if line.startswith(" "):
            result = line.strip()
        else:
            match = _LINE.fullmatch(line)
            if not match:
                raise ValueError(f"line {number}: expected a change, two blanks, and what comes of it: {line!r}")
            result = match["result"]
            steps.append(Step(number, _record(match["change"], len(steps) + 1, view_type)))
        _expect(steps[-1], result, number)
    return steps


def _expect(step: Step, result: str, number: int) -> None:
    match = _RESULT.fullmatch(result)
    kind = match["kind"] if match else ""
    if not match or not (kind in _TABLE or kind.startswith("data.")):
        raise ValueError(f"line {number}: expected alert, quiet or what an alert says: {result!r}")
    said = match["said"] or ""
    if kind == "alert":
        step.alerts.append(Expected(said))
    elif kind == "quiet":
        step.quiet = said
    else:
        step.alerts[-1].more[kind] = said


def _record(change: str, position: int, view_type: str) -> dict[str, Any]:
    written = parse(change)
    name = written.product.capitalize() if written.product else "Wireless Mouse"
    named = {} if "name" in {**written.old, **written.new} else image(name=name)
    event_name = written.event_name
    sees_old = event_name != INSERT and view_type in {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}
    sees_new = event_name != REMOVE and view_type in {"NEW_AND_OLD_IMAGES", "NEW_IMAGE"}
    record = raw(
        event_name,
        product=written.product or "prod-123",
        old={**named, **written.old} if sees_old else None,
        new={**named, **written.new} if sees_new else None,
        at=position,
        view_type=view_type,
        expired=written.expired,
    )
    moment = datetime.fromisoformat(f"{DAY}T{written.time or '09:00'}").replace(tzinfo=UTC)
    record["dynamodb"]["ApproximateCreationDateTime"] = moment.timestamp()
    return record
