"""Calls to AWS: which failures may pass, and which will not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from notifications.common.errors import RefusedAlertError, ServiceError

# What SNS, SQS and DynamoDB say of a message or an entry that they would refuse again, whoever sends it and whenever.
# Everything else, a missing permission or topic included, can be mended while the records wait in the stream.
REFUSALS = frozenset({
    "InvalidParameter",
    "InvalidParameterException",
    "InvalidParameterValue",
    "InvalidParameterValueException",
    "ParameterValueInvalid",
    "InvalidMessageContents",
    "BatchRequestTooLong",
    "AWS.SimpleQueueService.BatchRequestTooLong",
    "ValidationError",
    "ValidationException",
    "SerializationException",
})  # fmt: skip


@contextmanager
def aws_call(what: str) -> Iterator[None]:
    """Turn botocore's errors into ours: RefusedAlertError for the message's own fault, else ServiceError."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        kind = RefusedAlertError if code in REFUSALS else ServiceError
        raise kind(f"{what}: {error}") from error
    except ParamValidationError as error:
        raise RefusedAlertError(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise ServiceError(f"{what}: {error}") from error
