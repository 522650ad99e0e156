"""The settings of a mapping whose source is a DynamoDB stream.

docs/event-source-mapping.md, "Settings".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from event_source_mapping.mapping.settings import MappingSettings, Ranges, common_settings, number
from event_source_mapping.model.errors import SettingsError

STREAM_NUMBERS: Ranges = {
    "BatchSize": (100, 1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 0, 300),
    "ParallelizationFactor": (1, 1, 10),
    "MaximumRetryAttempts": (-1, -1, 10_000),
    "MaximumRecordAgeInSeconds": (-1, -1, 604_800),
    "TumblingWindowInSeconds": (0, 0, 900),
}
_LOWEST_RECORD_AGE = 60
_STARTING_POSITIONS = ("TRIM_HORIZON", "LATEST")


@dataclass(frozen=True, kw_only=True)
class StreamSettings(MappingSettings):
    """Windows and ages are in seconds; -1 means no limit."""

    batch_size: int = 100
    starting_position: str = "TRIM_HORIZON"
    parallelization_factor: int = 1
    maximum_retry_attempts: int = -1
    maximum_record_age: int = -1
    bisect_on_error: bool = False
    tumbling_window: int = 0
    destination: str | None = None

    @property
    def lanes(self) -> int:
        """Concurrent batches a shard: a tumbling window's state is the shard's, so it has one."""
        return 1 if self.tumbling_window else self.parallelization_factor

    def describe(self) -> str:
        """Give the stream, the function and the settings in one line."""
        return f"{super().describe()}, on failure to {self.destination or 'nowhere'}"

    def _described(self) -> list[str]:
        parts = [
            *super()._described(),
            f"factor {self.parallelization_factor}",
            f"retries {_limit(self.maximum_retry_attempts)}",
            f"record age {_limit(self.maximum_record_age, ' s')}",
            f"bisect {'on' if self.bisect_on_error else 'off'}",
        ]
        if self.tumbling_window:
            parts.append(f"tumbling window {self.tumbling_window} s")
        return parts


def parse_stream_settings(answer: Mapping[str, Any]) -> StreamSettings:
    """Read an answer of GetEventSourceMapping. Raises SettingsError when AWS would refuse a value."""
    numbers = {name: number(answer, name, STREAM_NUMBERS) for name in STREAM_NUMBERS}
    if 0 <= numbers["MaximumRecordAgeInSeconds"] < _LOWEST_RECORD_AGE:
        raise SettingsError(
            f"MaximumRecordAgeInSeconds is {numbers['MaximumRecordAgeInSeconds']}: "
            f"AWS takes -1 or {_LOWEST_RECORD_AGE} to 604800"
        )
    return StreamSettings(
        **common_settings(answer, numbers),
        starting_position=_starting_position(answer),
        parallelization_factor=numbers["ParallelizationFactor"],
        maximum_retry_attempts=numbers["MaximumRetryAttempts"],
        maximum_record_age=numbers["MaximumRecordAgeInSeconds"],
        bisect_on_error=bool(answer.get("BisectBatchOnFunctionError")),
        tumbling_window=numbers["TumblingWindowInSeconds"],
        destination=_destination(answer),
    )


def _starting_position(answer: Mapping[str, Any]) -> str:
    position = answer.get("StartingPosition") or "TRIM_HORIZON"
    if position not in _STARTING_POSITIONS:
        raise SettingsError(f"StartingPosition is {position}: a DynamoDB stream takes {_STARTING_POSITIONS}")
    return str(position)


def _destination(answer: Mapping[str, Any]) -> str | None:
    on_failure = (answer.get("DestinationConfig") or {}).get("OnFailure") or {}
    return on_failure.get("Destination") or None


def _limit(value: int, unit: str = "") -> str:
    return "without limit" if value < 0 else f"{value}{unit}"
