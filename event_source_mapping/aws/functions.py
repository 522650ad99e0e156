"""The Lambda API's Invoke through boto3."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from event_source_mapping.aws.clients import ClientFactory, error_code, error_text
from event_source_mapping.model.errors import InvokeError, PayloadTooLargeError
from event_source_mapping.model.invocations import Invocation, InvokeResult

_TOO_LARGE = {"RequestTooLargeException", "RequestEntityTooLargeException"}
_HTTP_TOO_LARGE = 413


class AwsFunction:
    """The Lambda API's Invoke."""

    def __init__(self, clients: ClientFactory) -> None:
        self._client = clients.client("lambda")

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:
        """Invoke and wait for the answer. Raises InvokeError when the function was not reached."""
        try:
            answer = self._client.invoke(
                FunctionName=function_arn,
                InvocationType="RequestResponse",
                Payload=invocation.body(),
            )
            payload = answer["Payload"].read()
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if error_code(error) in _TOO_LARGE or status == _HTTP_TOO_LARGE:
                raise PayloadTooLargeError(error_text(error)) from error
            raise InvokeError(error_text(error)) from error
        except BotoCoreError as error:
            raise InvokeError(str(error)) from error
        return InvokeResult(
            payload=payload,
            function_error=answer.get("FunctionError"),
            status_code=answer["StatusCode"],
            executed_version=answer.get("ExecutedVersion") or "$LATEST",
            request_id=answer["ResponseMetadata"].get("RequestId", ""),
        )
