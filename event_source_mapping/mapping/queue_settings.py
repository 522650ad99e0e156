"""The settings of a mapping whose source is an SQS queue, and what AWS refuses among them.

docs/event-source-mapping.md, "Settings of a queue".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from event_source_mapping.mapping.settings import MappingSettings, Ranges, common_settings, number
from event_source_mapping.model.errors import SettingsError

QUEUE_NUMBERS: Ranges = {
    "BatchSize": (10, 1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 0, 300),
}
RECEIVED_AT_ONCE = 10  # messages that one ReceiveMessage gives; a larger batch is gathered
_CONCURRENCY: Ranges = {"MaximumConcurrency": (0, 2, 1000)}
_MOST_PATTERNS = 10  # the quota is 5, and AWS raises it to 10 on request
# Settings of streams. A local AWS may answer those that were not given, at the values that switch them off.
_OF_STREAMS: Mapping[str, tuple[Any, ...]] = {
    "ParallelizationFactor": (None, 1),
    "MaximumRetryAttempts": (None, -1),
    "MaximumRecordAgeInSeconds": (None, -1),
    "BisectBatchOnFunctionError": (None, False),
    "TumblingWindowInSeconds": (None, 0),
}
_UNSUPPORTED = "Unsupported {} parameter for given event source mapping type."


@dataclass(frozen=True, kw_only=True)
class QueueSettings(MappingSettings):
    """A queue knows no retries and no positions: it counts receives and hides messages itself."""

    batch_size: int = 10
    maximum_concurrency: int | None = None
    function_timeout: int = 3  # seconds; Lambda's default

    @property
    def fifo(self) -> bool:
        """Whether the queue keeps the order of message groups."""
        return self.source_arn.endswith(".fifo")

    def _described(self) -> list[str]:
        return [*super()._described(), f"concurrency {self.maximum_concurrency or 'not set'}"]


def parse_queue_settings(answer: Mapping[str, Any]) -> QueueSettings:
    """Read an answer of GetEventSourceMapping. Raises SettingsError, with AWS's reason, for what AWS refuses."""
    numbers = {name: number(answer, name, QUEUE_NUMBERS) for name in QUEUE_NUMBERS}
    settings = QueueSettings(**common_settings(answer, numbers), maximum_concurrency=_maximum_concurrency(answer))
    _refuse_settings_of_streams(answer)
    if len(settings.filters) > _MOST_PATTERNS:
        raise SettingsError(f"FilterCriteria has {len(settings.filters)} patterns: AWS takes 5, or 10 on request")
    if settings.fifo and settings.batching_window:
        raise SettingsError("Batching window is not supported for FIFO queues")
    if settings.fifo and settings.batch_size > RECEIVED_AT_ONCE:
        raise SettingsError(f"BatchSize is {settings.batch_size}: AWS takes 1 to 10 for FIFO queues")
    if settings.batch_size > RECEIVED_AT_ONCE and not settings.batching_window:
        raise SettingsError(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    return settings


def _maximum_concurrency(answer: Mapping[str, Any]) -> int | None:
    scaling = answer.get("ScalingConfig") or {}
    limit = number(scaling, "MaximumConcurrency", _CONCURRENCY) or None
    if limit and answer.get("ProvisionedPollerConfig"):
        raise SettingsError("MaximumConcurrency and ProvisionedPollerConfig cannot be used together")
    return limit


def _refuse_settings_of_streams(answer: Mapping[str, Any]) -> None:
    # Not StartingPosition: local AWSs answer one for every mapping, AWS for no queue.
    destinations = answer.get("DestinationConfig") or {}
    if any((destinations.get(name) or {}).get("Destination") for name in ("OnSuccess", "OnFailure")):
        raise SettingsError(_UNSUPPORTED.format("DestinationConfig"))
    for name, off in _OF_STREAMS.items():
        if answer.get(name) not in off:
            raise SettingsError(_UNSUPPORTED.format(name))
