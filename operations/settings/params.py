"""The parameters of serverless.yml: their names, and the values that Lambda accepts for them.

Ranges: AWS Lambda API Reference, "CreateEventSourceMapping" and "CreateFunction".
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from notifications.common.errors import ConfigurationError

RANGES = {
    "batchSize": (1, 10_000),
    "batchWindow": (0, 300),
    "parallelizationFactor": (1, 10),
    "maximumRetryAttempts": (-1, 10_000),
    "maximumRecordAgeInSeconds": (60, 604_800),
    "timeout": (1, 900),
    "memorySize": (128, 10_240),
    "deliveryConcurrency": (2, 1000),
    "logRetentionInDays": (1, 3653),
    "ledgerRetentionInDays": (1, 3650),
    "givenUpRetentionInDays": (1, 3650),
    "alarmFailures": (1, 1_000_000),
    "alarmGivenUp": (1, 1_000_000),
    "alarmErrors": (1, 1_000_000),
    "alarmThrottles": (1, 1_000_000),
    "alarmSilenceHours": (0, 24),
}
WORDS = {
    "startingPosition": ("TRIM_HORIZON", "LATEST"),
    "bisectBatchOnFunctionError": ("true", "false"),
    "enabled": ("true", "false"),
    "deletionProtection": ("true", "false"),
    "logLevel": ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
    "ledgerPointInTimeRecovery": ("true", "false"),
    "allowPrivateAddresses": ("true", "false"),
}
_NO_LIMIT = "-1"  # Lambda's value for "for ever"


def check_params(defaults: Mapping[str, Any], of_stage: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Raise ConfigurationError for a name that looks like a misspelt default, or for a value out of range."""
    for name in (*of_stage, *given):
        close = difflib.get_close_matches(name, defaults, 1, cutoff=0.8)
        if name not in defaults and close:
            raise ConfigurationError(f"params: {name} is unknown and would have no effect; did you mean {close[0]}?")
    for name, value in {**defaults, **of_stage, **given}.items():
        problem = _problem(name, str(value).lower() if isinstance(value, bool) else str(value))
        if problem:
            raise ConfigurationError(f"params: {name} is {value}; expected {problem}")


def _problem(name: str, value: str) -> str | None:
    if name in WORDS and value not in WORDS[name]:
        return " or ".join(WORDS[name])
    if name not in RANGES or (name == "maximumRecordAgeInSeconds" and value == _NO_LIMIT):
        return None
    lowest, highest = RANGES[name]
    try:
        number = int(value)
    except ValueError:
        number = lowest - 1
    return None if lowest <= number <= highest else f"a whole number from {lowest} to {highest}"
