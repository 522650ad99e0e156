"""From an answer of GetEventSourceMapping to typed settings, by the kind of the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from event_source_mapping.mapping.queue_settings import QUEUE_NUMBERS, parse_queue_settings
from event_source_mapping.mapping.settings import MappingSettings, MappingStatus, text
from event_source_mapping.mapping.stream_settings import STREAM_NUMBERS, parse_stream_settings
from event_source_mapping.model.errors import SettingsError

OVERRIDABLE = tuple(STREAM_NUMBERS)  # of a queue, those that it has
_ENABLED = {"Enabled": True, "Enabling": True, "Disabled": False, "Disabling": False}


def parse_mapping(answer: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> MappingStatus:
    """Read an answer of GetEventSourceMapping; `overrides` replace the state, and numbers that the source's kind has.

    Raises SettingsError when AWS would refuse a value, or the source is neither a DynamoDB stream nor an SQS queue.
    """
    overrides = overrides or {}
    state = overrides.get("State") or answer.get("State") or "Enabled"
    return MappingStatus(
        settings=_parse_settings(answer, overrides),
        enabled=_ENABLED.get(state),
        deleting=answer.get("State") == "Deleting",
    )


def _parse_settings(answer: Mapping[str, Any], overrides: Mapping[str, Any]) -> MappingSettings:
    arn = text(answer, "EventSourceArn")
    if ":dynamodb:" in arn and "/stream/" in arn:
        return parse_stream_settings({**answer, **overrides})
    if arn.split(":")[2:3] == ["sqs"]:
        known = {name: value for name, value in overrides.items() if name in QUEUE_NUMBERS}
        return parse_queue_settings({**answer, **known})
    raise SettingsError(f"EventSourceArn is {arn}: only DynamoDB streams and SQS queues are served")
