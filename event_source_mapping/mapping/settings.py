"""What the settings of every mapping have in common, and how they are read from the Lambda API.

docs/event-source-mapping.md, "Settings".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from event_source_mapping.filters.patterns import FilterPattern, parse_pattern
from event_source_mapping.model.errors import FilterPatternError, SettingsError

REPORT_BATCH_ITEM_FAILURES = "ReportBatchItemFailures"

# Setting: AWS default, lowest and highest value.
Ranges = Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True, kw_only=True)
class MappingSettings:
    """What GetEventSourceMapping says, with AWS's defaults for what is absent. Windows are in seconds."""

    uuid: str
    source_arn: str
    function_arn: str
    batch_size: int
    batching_window: int = 0
    report_batch_item_failures: bool = False
    filters: tuple[FilterPattern, ...] = ()

    @property
    def tumbling_window(self) -> int:
        """Seconds; 0 is off. Only streams have one."""
        return 0

    def describe(self) -> str:
        """Give the source, the function and the settings in one line."""
        parts = [*self._described(), f"partial responses {'on' if self.report_batch_item_failures else 'off'}"]
        if self.filters:
            parts.append(f"{len(self.filters)} filter patterns")
        return f"{self.source_arn} to {self.function_arn}: {', '.join(parts)}"

    def _described(self) -> list[str]:
        return [f"batches of {self.batch_size}", f"window {self.batching_window} s"]


@dataclass(frozen=True)
class MappingStatus:
    """A mapping as it stands now: its settings, and whether it is enabled."""

    settings: MappingSettings
    enabled: bool | None  # None: the state is Creating or Updating, which says neither
    deleting: bool = False


def common_settings(answer: Mapping[str, Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    """Read what every mapping has, by the names of MappingSettings. Raises SettingsError."""
    return {
        "uuid": text(answer, "UUID"),
        "source_arn": text(answer, "EventSourceArn"),
        "function_arn": text(answer, "FunctionArn"),
        "batch_size": numbers["BatchSize"],
        "batching_window": numbers["MaximumBatchingWindowInSeconds"],
        "report_batch_item_failures": REPORT_BATCH_ITEM_FAILURES in (answer.get("FunctionResponseTypes") or ()),
        "filters": _filters(answer),
    }


def number(answer: Mapping[str, Any], name: str, ranges: Ranges) -> int:
    """Read a whole number, or take its default. Raises SettingsError when it is out of its range."""
    default, lowest, highest = ranges[name]
    value = answer.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise SettingsError(f"{name} is {value!r}: AWS takes {lowest} to {highest}")
    return value


def text(answer: Mapping[str, Any], name: str) -> str:
    """Read a text that has to be there. Raises SettingsError."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{name} is missing from the mapping")
    return value


def _filters(answer: Mapping[str, Any]) -> tuple[FilterPattern, ...]:
    criteria = answer.get("FilterCriteria") or {}
    try:
        return tuple(parse_pattern(entry.get("Pattern", "")) for entry in criteria.get("Filters") or ())
    except FilterPatternError as error:
        raise FilterPatternError(f"Invalid filter pattern definition. {error}") from error
