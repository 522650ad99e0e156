"""What the activity log of `npm start` tells of stage `local`, whose CloudWatch knows next to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from notifications.text.formatting import rfc3339
from operations.activity.activity_log import ActivityReader


def told_by_npm_start(directory: Path, mappings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `lastInvocation`, `behindSeconds` and the `mappings`' state as the run that uses the directory noted them.

    Each is None where it noted nothing of the kind, as before the first change.
    """
    found: dict[str, Any] = {"lastInvocation": None, "behindSeconds": None}
    result = None
    for entry in _entries(directory):
        if entry["kind"] == "invoking":
            found["behindSeconds"] = _age(entry)
        elif entry["kind"] == "invoked":
            failed = entry.get("error") or ("part was handed back" if entry.get("handedBack") else "")
            found["lastInvocation"] = rfc3339(int(entry["at"]))
            result = failed or "OK"
    served = {"state": "served by npm start", "lastResult": result}
    return {**found, "mappings": [{**each, **served} for each in mappings]}


def _entries(directory: Path) -> Iterator[dict[str, Any]]:
    reader = ActivityReader(directory)
    try:
        while entries := reader.read():
            yield from (each for each in entries if "kind" in each and isinstance(each.get("at"), int | float))
    finally:
        reader.close()


def _age(entry: dict[str, Any]) -> float | None:
    """Return how old the first record of an invocation was, in seconds."""
    try:
        created = float(entry["records"][0]["dynamodb"]["ApproximateCreationDateTime"])
    except (LookupError, TypeError, ValueError):
        return None
    return max(float(entry["at"]) - created, 0)
