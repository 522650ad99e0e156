"""Which messages reach the function: a pattern's `body` asks the body itself.

docs/event-source-mapping.md, "Filtering messages".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NoReturn

from event_source_mapping.filters.patterns import FilterPattern, JsonText, PlainText, matches_any
from event_source_mapping.model.messages import Message


def passes(patterns: Sequence[FilterPattern], message: Message) -> bool:
    """Whether a message passes the mapping's filters; without filters every message does."""
    if not patterns:
        return True
    return matches_any(patterns, {**message.event, "body": _body(message.event["body"])})


def _body(text: str) -> JsonText | PlainText:
    try:
        return JsonText(json.loads(text, parse_constant=_not_json))
    except (ValueError, RecursionError):
        return PlainText(text)


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is Python's, not JSON")
