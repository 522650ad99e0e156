"""What Invoke answers, in the package's errors."""

from __future__ import annotations

import pytest

from event_source_mapping.aws.functions import AwsFunction
from event_source_mapping.model.errors import InvokeError, PayloadTooLargeError
from event_source_mapping.model.invocations import Invocation
from event_source_mapping.testing.builders import FUNCTION_ARN, make_record
from tests.event_source_mapping.aws.stubbed import failing


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("TooManyRequestsException", 429, InvokeError),
        ("ResourceNotFoundException", 404, InvokeError),
        ("AccessDeniedException", 403, InvokeError),
        ("KMSDisabledException", 502, InvokeError),
        ("ServiceException", 500, InvokeError),
        ("RequestTooLargeException", 413, PayloadTooLargeError),
        ("Unknown", 413, PayloadTooLargeError),
    ],
)
def test_invoke_errors_by_code(code: str, status: int, kind: type[InvokeError]) -> None:
    """Only a payload that is too large is the batch's own fault [Retries]."""
    function = AwsFunction(failing("lambda", "invoke", code, status))
    with pytest.raises(InvokeError) as caught:
        function.invoke(FUNCTION_ARN, Invocation((make_record(1),)))
    assert type(caught.value) is kind
