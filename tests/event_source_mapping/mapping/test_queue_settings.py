"""Settings of a queue: defaults, ranges, and what AWS refuses in which words."""

from __future__ import annotations

from typing import Any

import pytest

from event_source_mapping.mapping.parsing import parse_mapping
from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.model.errors import SettingsError
from event_source_mapping.testing.builders import FUNCTION_ARN, MAPPING_UUID, QUEUE_ARN, make_queue_settings

MINIMAL = {"UUID": MAPPING_UUID, "EventSourceArn": QUEUE_ARN, "FunctionArn": FUNCTION_ARN}
FIFO = {"EventSourceArn": f"{QUEUE_ARN}.fifo"}


def test_absent_settings_take_awss_defaults() -> None:
    """And what a local AWS answers for settings that were not given is not a setting [Settings of a queue]."""
    assert parse_mapping(MINIMAL).settings == make_queue_settings()
    answer: dict[str, Any] = {
        **MINIMAL,
        "StartingPosition": "LATEST",
        "ParallelizationFactor": 1,
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": None,
        "BisectBatchOnFunctionError": False,
        "TumblingWindowInSeconds": 0,
        "DestinationConfig": {"OnFailure": {}},
        "ScalingConfig": {},
    }
    assert parse_mapping(answer).settings == make_queue_settings()


def test_every_setting_is_read() -> None:
    """All settings of a queue [Settings of a queue]."""
    answer = {
        **MINIMAL,
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 3,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": ["x"]}'}]},
        "ScalingConfig": {"MaximumConcurrency": 2},
    }
    settings = parse_mapping(answer).settings
    assert isinstance(settings, QueueSettings)
    assert (settings.batch_size, settings.batching_window, settings.maximum_concurrency) == (50, 3, 2)
    assert settings.report_batch_item_failures
    assert [pattern.text for pattern in settings.filters] == ['{"body": ["x"]}']
    assert not settings.fifo


def test_a_given_number_replaces_only_what_a_queue_has() -> None:
    """--setting for a stream that is served beside it does not reach a queue [Settings of a queue]."""
    overrides = {"TumblingWindowInSeconds": 60, "BatchSize": 3}
    assert parse_mapping(MINIMAL, overrides).settings == make_queue_settings(batch_size=3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"BatchSize": 0}, "BatchSize is 0: AWS takes 1 to 10000"),
        ({"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1}, "BatchSize is 10001"),
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"MaximumBatchingWindowInSeconds": 301}, "MaximumBatchingWindowInSeconds is 301"),
        ({**FIFO, "BatchSize": 11}, "BatchSize is 11"),
        ({**FIFO, "MaximumBatchingWindowInSeconds": 1}, "Batching window is not supported for FIFO queues"),
        ({"ScalingConfig": {"MaximumConcurrency": 1}}, "MaximumConcurrency is 1: AWS takes 2 to 1000"),
        ({"ScalingConfig": {"MaximumConcurrency": 1001}}, "MaximumConcurrency is 1001"),
        (
            {"ScalingConfig": {"MaximumConcurrency": 2}, "ProvisionedPollerConfig": {"MinimumPollers": 2}},
            "cannot be used together",
        ),
        ({"DestinationConfig": {"OnSuccess": {"Destination": "arn"}}}, "Unsupported DestinationConfig parameter"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn"}}}, "Unsupported DestinationConfig parameter"),
        ({"MaximumRetryAttempts": 2}, "Unsupported MaximumRetryAttempts parameter"),
        ({"BisectBatchOnFunctionError": True}, "Unsupported BisectBatchOnFunctionError parameter"),
        *(
            ({"FilterCriteria": {"Filters": [{"Pattern": pattern}]}}, "Invalid filter pattern definition.")
            for pattern in ("null", '"text"', '{"body": "text"}', '{"body": []}', '{"body": {"kind": "keep"}}')
        ),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}] * 11}}, "11 patterns"),
    ],
)
def test_what_aws_refuses_is_refused_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    """The words are AWS's where they are known [Settings of a queue]."""
    with pytest.raises(SettingsError, match=reason):
        parse_mapping({**MINIMAL, **changes})
