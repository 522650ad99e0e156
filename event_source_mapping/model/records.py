"""Records: what a source holds and the function receives, whichever kind of source it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One record, converted and encoded once however often it is sent."""

    identifier: str  # by which an answer names it: a sequence number, or a message's ID
    created: float  # when its source took it, epoch seconds
    event: Mapping[str, Any]  # as it stands in the event's Records
    encoded: bytes  # `event` as JSON, UTF-8


def encode(value: Any) -> bytes:
    """JSON as the function receives it: compact, UTF-8."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    # A lone surrogate has no UTF-8 form; it must not stop the source.
    return text.encode("utf-8", "surrogatepass")
