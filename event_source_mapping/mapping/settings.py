"""The mapping's settings, parsed once from the Lambda API into one typed object."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from event_source_mapping.filters.patterns import FilterPattern, parse_pattern
from event_source_mapping.model.errors import SettingsError

REPORT_BATCH_ITEM_FAILURES = "ReportBatchItemFailures"

# Setting: AWS default, lowest and highest value (docs/event-source-mapping.md, "Settings").
_NUMBERS: dict[str, tuple[int, int, int]] = {
    "BatchSize": (100, 1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 0, 300),
    "ParallelizationFactor": (1, 1, 10),
    "MaximumRetryAttempts": (-1, -1, 10_000),
    "MaximumRecordAgeInSeconds": (-1, -1, 604_800),
    "TumblingWindowInSeconds": (0, 0, 900),
}
OVERRIDABLE = tuple(_NUMBERS)
_LOWEST_RECORD_AGE = 60
_ENABLED = {"Enabled": True, "Enabling": True, "Disabled": False, "Disabling": False}
_STARTING_POSITIONS = ("TRIM_HORIZON", "LATEST")


@dataclass(frozen=True)
class MappingSettings:
    """What GetEventSourceMapping says, with AWS's defaults for what is absent.

    Windows and ages are in seconds; -1 means no limit.
    """

    uuid: str
    stream_arn: str
    function_arn: str
    starting_position: str = "TRIM_HORIZON"
    batch_size: int = 100
    batching_window: int = 0
    parallelization_factor: int = 1
    maximum_retry_attempts: int = -1
    maximum_record_age: int = -1
    bisect_on_error: bool = False
    report_batch_item_failures: bool = False
    tumbling_window: int = 0
    filters: tuple[FilterPattern, ...] = ()
    destination: str | None = None

    @property
    def lanes(self) -> int:
        """Concurrent batches a shard: a tumbling window's state is the shard's, so it has one."""
        return 1 if self.tumbling_window else self.parallelization_factor

    def describe(self) -> str:
        """Give the stream, the function and the settings in one line."""
        parts = [
            f"batches of {self.batch_size}",
            f"window {self.batching_window} s",
            f"factor {self.parallelization_factor}",
            f"retries {_limit(self.maximum_retry_attempts)}",
            f"record age {_limit(self.maximum_record_age, ' s')}",
            f"bisect {'on' if self.bisect_on_error else 'off'}",
            f"partial responses {'on' if self.report_batch_item_failures else 'off'}",
        ]
        if self.tumbling_window:
            parts.append(f"tumbling window {self.tumbling_window} s")
        if self.filters:
            parts.append(f"{len(self.filters)} filter patterns")
        parts.append(f"on failure to {self.destination or 'nowhere'}")
        return f"{self.stream_arn} to {self.function_arn}: {', '.join(parts)}"


@dataclass(frozen=True)
class MappingStatus:
    """A mapping as it stands now: its settings, and whether it is enabled."""

    settings: MappingSettings
    enabled: bool | None  # None: the state is Creating or Updating, which says neither
    deleting: bool = False


def parse_mapping(answer: Mapping[str, Any]) -> MappingStatus:
    """Read an answer of GetEventSourceMapping.

    Raises SettingsError when a value is outside AWS's range, or the source is not a DynamoDB stream.
    """
    state = answer.get("State") or "Enabled"
    return MappingStatus(
        settings=_parse_settings(answer),
        enabled=_ENABLED.get(state),
        deleting=state == "Deleting",
    )


def _parse_settings(answer: Mapping[str, Any]) -> MappingSettings:
    numbers = {name: _number(answer, name) for name in _NUMBERS}
    if 0 <= numbers["MaximumRecordAgeInSeconds"] < _LOWEST_RECORD_AGE:
        raise SettingsError(
            f"MaximumRecordAgeInSeconds is {numbers['MaximumRecordAgeInSeconds']}: "
            f"AWS takes -1 or {_LOWEST_RECORD_AGE} to 604800"
        )
    return MappingSettings(
        uuid=_text(answer, "UUID"),
        stream_arn=_stream_arn(answer),
        function_arn=_text(answer, "FunctionArn"),
        starting_position=_starting_position(answer),
        batch_size=numbers["BatchSize"],
        batching_window=numbers["MaximumBatchingWindowInSeconds"],
        parallelization_factor=numbers["ParallelizationFactor"],
        maximum_retry_attempts=numbers["MaximumRetryAttempts"],
        maximum_record_age=numbers["MaximumRecordAgeInSeconds"],
        bisect_on_error=bool(answer.get("BisectBatchOnFunctionError")),
        report_batch_item_failures=REPORT_BATCH_ITEM_FAILURES in (answer.get("FunctionResponseTypes") or ()),
        tumbling_window=numbers["TumblingWindowInSeconds"],
        filters=_filters(answer),
        destination=_destination(answer),
    )


def _number(answer: Mapping[str, Any], name: str) -> int:
    default, lowest, highest = _NUMBERS[name]
    value = answer.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise SettingsError(f"{name} is {value!r}: AWS takes {lowest} to {highest}")
    return value


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{name} is missing from the mapping")
    return value


def _stream_arn(answer: Mapping[str, Any]) -> str:
    arn = _text(answer, "EventSourceArn")
    if ":dynamodb:" not in arn or "/stream/" not in arn:
        raise SettingsError(f"EventSourceArn is {arn}: only DynamoDB streams are served")
    return arn


def _starting_position(answer: Mapping[str, Any]) -> str:
    position = answer.get("StartingPosition") or "TRIM_HORIZON"
    if position not in _STARTING_POSITIONS:
        raise SettingsError(f"StartingPosition is {position}: a DynamoDB stream takes {_STARTING_POSITIONS}")
    return str(position)


def _filters(answer: Mapping[str, Any]) -> tuple[FilterPattern, ...]:
    criteria = answer.get("FilterCriteria") or {}
    return tuple(parse_pattern(entry.get("Pattern", "")) for entry in criteria.get("Filters") or ())


def _destination(answer: Mapping[str, Any]) -> str | None:
    on_failure = (answer.get("DestinationConfig") or {}).get("OnFailure") or {}
    return on_failure.get("Destination") or None


def _limit(value: int, unit: str = "") -> str:
    return "without limit" if value < 0 else f"{value}{unit}"
