"""The notation of docs/rules.md: changes, one a line, and what comes of each.

    stream: NEW_IMAGE                        (first line, optional: the stream's view type)
    09:40 price 20 → 15, stock 3             alert: the title
          ↑ attributes; without → unchanged  text: the text
    lamp: new: price 5                       quiet: the reason
    removed: price 5                         data.expired: true

Two blanks or more part a change from what comes of it; further lines of it begin with blanks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.builders import image, raw, typed

DAY = "2026-11-21"
_LINE = re.compile(r"(?:(?P<time>\d\d:\d\d) )?(?P<change>\S.*?) {2,}(?P<result>\S.*)")
_SUBJECT = re.compile(
    r"(?:(?P<product>(?!new:|removed:|expired:)\w+): )?(?:(?P<event>new|removed|expired): )?(?P<rest>.*)"
)
_RESULT = re.compile(r"(?P<kind>[\w.]+)(?:: (?P<said>.*))?")
_VALUE = re.compile(r"(?P<name>\w+) (?P<old>.+?)(?: → (?P<new>.+))?")
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
    """Read a block; ValueError names the line that is not understood."""
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
            steps.append(Step(number, _record(match["time"], match["change"], len(steps) + 1, view_type)))
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


def _record(time: str | None, change: str, position: int, view_type: str) -> dict[str, Any]:
    match = _SUBJECT.fullmatch(change)
    assert match
    old, new = {}, {}
    for part in _parts(match["rest"]):
        value = _VALUE.fullmatch(part)
        if not value:
            raise ValueError(f"expected NAME VALUE or NAME OLD → NEW: {part!r}")
        old[value["name"]] = _value(value["old"])
        new[value["name"]] = _value(value["new"] or value["old"])
    product = match["product"] or "prod-123"
    named = image(name=product.capitalize() if match["product"] else "Wireless Mouse")
    event = match["event"]
    event_name = {"new": "INSERT", "removed": "REMOVE", "expired": "REMOVE"}.get(event, "MODIFY")
    sees_old = event_name != "INSERT" and view_type in {"NEW_AND_OLD_IMAGES", "OLD_IMAGE"}
    sees_new = event_name != "REMOVE" and view_type in {"NEW_AND_OLD_IMAGES", "NEW_IMAGE"}
    record = raw(
        event_name,
        product=product,
        old=_present({**named, **old}) if sees_old else None,
        new=_present({**named, **new}) if sees_new else None,
        at=position,
        view_type=view_type,
        expired=event == "expired",
    )
    moment = datetime.fromisoformat(f"{DAY}T{time or '09:00'}").replace(tzinfo=UTC)
    record["dynamodb"]["ApproximateCreationDateTime"] = moment.timestamp()
    return record


def _present(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _parts(text: str) -> Iterator[str]:
    """Split at commas that stand in no bracket and no quotes."""
    depth, start, quoted = 0, 0, False
    for position, character in enumerate(text):
        quoted ^= character == '"'
        depth += 0 if quoted else (character in "{[(") - (character in "}])")
        if character == "," and not depth and not quoted:
            yield text[start:position].strip()
            start = position + 1
    yield text[start:].strip()


def _value(text: str) -> Any:
    """Read a value: none, a number, true, "text", {map}, [list], set(a, b), or a word."""
    if text == "none":
        return None
    if text.startswith("set("):
        return {"SS": text[4:-1].split(", ")}
    if text[0] in '"{[' or text in {"true", "false"}:
        return typed(json.loads(text, parse_float=Decimal))
    try:
        return typed(Decimal(text))
    except InvalidOperation:
        return typed(text)
