"""What the templates have: defaults, other values of the parameters, outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.packaging import Package

STAGES = ("dev", "staging", "prod")
OWN_STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/catalogue/stream/2026-01-01T00:00:00.000"

DEFAULTS = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 1,
    "ParallelizationFactor": 1,
    "StartingPosition": "TRIM_HORIZON",
    "MaximumRetryAttempts": 50,
    "MaximumRecordAgeInSeconds": 21600,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "Enabled": True,
}
OVERRIDES = {
    "batchSize": ("250", "BatchSize", 250),
    "batchWindow": ("7", "MaximumBatchingWindowInSeconds", 7),
    "parallelizationFactor": ("4", "ParallelizationFactor", 4),
    "startingPosition": ("LATEST", "StartingPosition", "LATEST"),
    "maximumRetryAttempts": ("9", "MaximumRetryAttempts", 9),
    "maximumRecordAgeInSeconds": ("3600", "MaximumRecordAgeInSeconds", 3600),
    "bisectBatchOnFunctionError": ("false", "BisectBatchOnFunctionError", False),
    "enabled": ("false", "Enabled", False),
}
FUNCTION_OVERRIDES = {
    "timeout": ("90", "Timeout", 90),
    "memorySize": ("1024", "MemorySize", 1024),
    "tracing": ("Active", "TracingConfig", {"Mode": "Active"}),
}
# Every other parameter with another value, but for those that name another file, server or table.
MORE_OVERRIDES = {
    "productsStreamViewType": "NEW_IMAGE",
    "kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "productsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/66666666-2222-3333-4444-555555555555",
    "deletionProtection": "true",
    "logLevel": "DEBUG",
    "logRetentionInDays": "60",
    "givenUpRetentionInDays": "20",
    "deliveryConcurrency": "7",
    "allowPrivateAddresses": "true",
    "ledgerRetentionInDays": "40",
    "ledgerPointInTimeRecovery": "true",
    "alarmFailures": "2",
    "alarmGivenUp": "2",
    "alarmUndelivered": "2",
    "alarmErrors": "5",
    "alarmThrottles": "11",
    "alarmSilenceHours": "3",
}
OUTPUTS = {
    "ProductsTableName",
    "ProductsStreamArn",
    "AlertsFunctionName",
    "AlertsTopicArn",
    "FailuresQueueUrl",
    "LedgerTableName",
    "DeliveryFunctionName",
    "UndeliveredQueueUrl",
    "PeopleTopicArn",
    "GivenUpBucketName",
    "OperationsTopicArn",
}


def every_override() -> dict[str, str]:
    """Give every parameter a value that is not its default."""
    return {name: value for name, (value, _, _) in {**OVERRIDES, **FUNCTION_OVERRIDES}.items()} | MORE_OVERRIDES


def statements(package: Package) -> Iterator[dict[str, Any]]:
    """Give what the function's role may do."""
    for policy in package.properties("AlertsRole")["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    """Give a list, where CloudFormation takes one entry bare."""
    return value if isinstance(value, list) else [value]
