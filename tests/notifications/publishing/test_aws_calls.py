"""Calls to AWS: which failures may pass, and which will not."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, ReadTimeoutError

from notifications.common.errors import PermanentError, RefusedAlertError, RetryableError, ServiceError
from notifications.publishing.aws_calls import aws_call


def client_error(code: str) -> ClientError:
    """Make the error that boto3 raises for an answer with this code."""
    return ClientError({"Error": {"Code": code, "Message": "why"}}, "Publish")


@pytest.mark.parametrize(
    "error",
    [
        client_error("InvalidParameter"),
        client_error("InvalidParameterValue"),
        client_error("InvalidMessageContents"),
        client_error("ValidationException"),
        client_error("AWS.SimpleQueueService.BatchRequestTooLong"),
        ParamValidationError(report="why"),
    ],
    ids=str,
)
def test_a_fault_of_the_message_is_permanent(error: Exception) -> None:
    """To try again would fail again."""
    with pytest.raises(RefusedAlertError, match=r"(?s)^SNS: .*why") as caught, aws_call("SNS"):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        client_error("Throttling"),
        client_error("InternalFailure"),
        client_error("AccessDenied"),
        client_error("NotFound"),
        client_error("QueueDoesNotExist"),
        client_error("ExpiredToken"),
        ClientError({}, "Publish"),
        EndpointConnectionError(endpoint_url="x"),
        ReadTimeoutError(endpoint_url="x"),
    ],
    ids=str,
)
def test_everything_else_can_be_mended_and_tried_again(error: Exception) -> None:
    """Outages, throttling, and what an operator puts right while the records wait."""
    with pytest.raises(ServiceError, match=r"^SNS: ") as caught, aws_call("SNS"):
        raise error
    assert caught.value.__cause__ is error


def test_faults_of_our_own_are_not_disguised() -> None:
    """A programming mistake is not an outage."""
    with pytest.raises(ZeroDivisionError), aws_call("SNS"):
        _ = 1 // 0


def test_whether_to_retry_is_the_type() -> None:
    """No flag has to be looked at."""
    assert issubclass(ServiceError, RetryableError)
    assert issubclass(RefusedAlertError, PermanentError)
    assert not issubclass(RefusedAlertError, RetryableError)
