"""The parameters of serverless.yml: their names, and the values that Lambda accepts for them.

Ranges: AWS Lambda API Reference, "CreateEventSourceMapping" and "CreateFunction".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from notifications.common.errors import ConfigurationError
from notifications.stream.changes import VIEW_TYPES
from notifications.text.nearest import nearest

RANGES = {
    "batchSize": (1, 10_000),
    "batchWindow": (0, 300),
    "parallelizationFactor": (1, 10),
    "maximumRetryAttempts": (-1, 10_000),
    "maximumRecordAgeInSeconds": (60, 604_800),
    "timeout": (1, 900),
    "memorySize": (128, 10_240),
    "deliveryConcurrency": (2, 1000),
    "ledgerRetentionInDays": (1, 3650),
    "givenUpRetentionInDays": (1, 3650),
    "alarmFailures": (1, 1_000_000),
    "alarmGivenUp": (1, 1_000_000),
    "alarmUndelivered": (1, 1_000_000),
    "alarmErrors": (1, 1_000_000),
    "alarmThrottles": (1, 1_000_000),
    "alarmSilenceHours": (0, 24),
}
WORDS = {
    "productsStreamViewType": VIEW_TYPES,
    "startingPosition": ("TRIM_HORIZON", "LATEST"),
    "bisectBatchOnFunctionError": ("true", "false"),
    "enabled": ("true", "false"),
    "deletionProtection": ("true", "false"),
    "logLevel": ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
    "tracing": ("PassThrough", "Active"),
    "ledgerPointInTimeRecovery": ("true", "false"),
    "allowPrivateAddresses": ("true", "false"),
}
LOG_RETENTION = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Days that CloudWatch keeps logs for, and no others: CloudWatch Logs API Reference, "PutRetentionPolicy"."""
_KEY_ARN = re.compile(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?")
KEYS = ("kmsKeyArn", "productsKeyArn")
"""ARNs of keys, or nothing. Not of an alias: a policy that names one allows nothing. Source: AWS Key Management Service
Developer Guide, "Key identifiers" and "Controlling access to aliases"."""
_DAYS_IN_STREAM, _DAYS_IN_QUEUE, _DAYS_TO_SPARE = 1, 14, 1  # the bucket forgets at the midnight after
_TWO = 2
_NO_LIMIT = "-1"  # Lambda's value for "for ever"


def check_params(defaults: Mapping[str, Any], of_stage: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Raise ConfigurationError for a name that has no default, or for a value that AWS would refuse."""
    for name in (*of_stage, *given):
        if name not in defaults:
            close = nearest(name, defaults)
            hint = f"did you mean {close}?" if close else "a parameter of your own needs a line in params, default"
            raise ConfigurationError(f"params: {name} is unknown and would have no effect; {hint}")
    params = {**defaults, **of_stage, **given}
    for name, value in params.items():
        problem = _problem(name, str(value).lower() if isinstance(value, bool) else str(value))
        if problem:
            raise ConfigurationError(f"params: {name} is {value}; expected {problem}")
    kept = params.get("ledgerRetentionInDays")
    least = _DAYS_IN_STREAM + max(_DAYS_IN_QUEUE, int(params.get("givenUpRetentionInDays", 0))) + _DAYS_TO_SPARE
    if kept is not None and int(kept) < least:
        raise ConfigurationError(
            f"params: ledgerRetentionInDays is {kept}; expected {least} or more. The ledger would forget "
            "alerts while their batches can still be redriven, and a redrive would alert again. A smaller "
            "givenUpRetentionInDays needs less"
        )


def _problem(name: str, value: str) -> str | None:
    if name in WORDS and value not in WORDS[name]:
        words = WORDS[name]
        return " or ".join(words) if len(words) == _TWO else f"one of {', '.join(words)}"
    if name in KEYS and not _KEY_ARN.fullmatch(value):
        return "the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID, or nothing"
    if name == "logRetentionInDays" and value not in map(str, LOG_RETENTION):
        return f"one of {', '.join(map(str, LOG_RETENTION))}, the days that CloudWatch keeps logs for"
    if name not in RANGES or (name == "maximumRecordAgeInSeconds" and value == _NO_LIMIT):
        return None
    lowest, highest = RANGES[name]
    try:
        number = int(value.encode("ascii"))
    except ValueError:
        number = lowest - 1
    return None if lowest <= number <= highest else f"a whole number from {lowest} to {highest}"
