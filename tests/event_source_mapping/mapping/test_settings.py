"""Settings: defaults, ranges, what the Lambda API may leave out."""

from __future__ import annotations

from typing import Any

import pytest

from event_source_mapping.mapping.parsing import parse_mapping
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.errors import SettingsError
from event_source_mapping.testing.builders import FUNCTION_ARN, MAPPING_UUID, STREAM_ARN, make_settings

MINIMAL = {"UUID": MAPPING_UUID, "EventSourceArn": STREAM_ARN, "FunctionArn": FUNCTION_ARN}


def test_absent_settings_take_awss_defaults() -> None:
    """Nothing but the ARNs is given [Settings]."""
    status = parse_mapping(MINIMAL)
    assert status.settings == make_settings()
    assert status.enabled


def test_null_and_empty_values_are_absent() -> None:
    """What the API answers for settings that are off [Settings]."""
    answer: dict[str, Any] = {
        **MINIMAL,
        "MaximumRetryAttempts": None,
        "DestinationConfig": {"OnFailure": {}},
        "FilterCriteria": {"Filters": []},
        "FunctionResponseTypes": [],
        "BisectBatchOnFunctionError": False,
    }
    assert parse_mapping(answer).settings == make_settings()
    assert parse_mapping({**MINIMAL, "FilterCriteria": {}}).settings == make_settings()


def test_every_setting_is_read() -> None:
    """All settings of a DynamoDB source [Settings]."""
    answer = {
        **MINIMAL,
        "State": "Disabled",
        "StartingPosition": "LATEST",
        "BatchSize": 7,
        "MaximumBatchingWindowInSeconds": 3,
        "ParallelizationFactor": 4,
        "MaximumRetryAttempts": 0,
        "MaximumRecordAgeInSeconds": 60,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "TumblingWindowInSeconds": 30,
        "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:1:q"}},
    }
    status = parse_mapping(answer)
    settings = status.settings
    assert isinstance(settings, StreamSettings)
    assert not status.enabled
    assert settings.starting_position == "LATEST"
    assert (settings.batch_size, settings.batching_window) == (7, 3)
    assert (settings.parallelization_factor, settings.lanes) == (4, 1)
    assert (settings.maximum_retry_attempts, settings.maximum_record_age) == (0, 60)
    assert settings.bisect_on_error
    assert settings.report_batch_item_failures
    assert settings.tumbling_window == 30
    assert [pattern.text for pattern in settings.filters] == ['{"eventName": ["INSERT"]}']
    assert settings.destination == "arn:aws:sqs:eu-west-1:1:q"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BatchSize", 0),
        ("BatchSize", 10_001),
        ("BatchSize", "10"),
        ("MaximumBatchingWindowInSeconds", 301),
        ("ParallelizationFactor", 11),
        ("MaximumRetryAttempts", -2),
        ("MaximumRecordAgeInSeconds", 59),
        ("MaximumRecordAgeInSeconds", 0),
        ("MaximumRecordAgeInSeconds", 604_801),
        ("TumblingWindowInSeconds", 901),
        ("StartingPosition", "AT_TIMESTAMP"),
        ("EventSourceArn", "arn:aws:kinesis:eu-west-1:1:stream/orders"),
        ("FunctionArn", None),
        ("FilterCriteria", {"Filters": [{"Pattern": "{"}]}),
    ],
)
def test_a_value_that_aws_refuses_is_refused_by_name(name: str, value: Any) -> None:
    """The message names the setting [Settings]."""
    with pytest.raises(SettingsError, match="filter pattern" if name == "FilterCriteria" else name):
        parse_mapping({**MINIMAL, name: value})


@pytest.mark.parametrize(
    ("state", "enabled"),
    [
        ("Enabled", True),
        ("Enabling", True),
        ("Creating", None),
        ("Updating", None),
        ("Disabled", False),
        ("Disabling", False),
    ],
)
def test_states_on_the_way_count_as_where_they_lead(state: str, *, enabled: bool | None) -> None:
    """Enabling is enabled, Disabling is disabled [While it runs]."""
    assert parse_mapping({**MINIMAL, "State": state}).enabled is enabled
    assert parse_mapping({**MINIMAL, "State": "Deleting"}).deleting
