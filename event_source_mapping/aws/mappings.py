"""What the Lambda API says of mappings and their functions, through boto3.

GetEventSourceMapping, ListEventSourceMappings, GetFunctionConfiguration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from event_source_mapping.aws.clients import ClientFactory, error_code, error_text
from event_source_mapping.mapping.parsing import parse_mapping
from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.errors import EndpointError, MappingNotFoundError


class AwsMappings:
    """The Lambda API, as far as it is about mappings."""

    def __init__(self, clients: ClientFactory, overrides: Mapping[str, Any] | None = None) -> None:
        """Let `overrides` (by API name) replace settings that the endpoint cannot hold."""
        self._client = clients.client("lambda")
        self._endpoint_url = clients.endpoint_url
        self._overrides = dict(overrides or {})

    def mapping(self, uuid: str) -> MappingStatus:
        """Give the mapping as it stands.

        Raises MappingNotFoundError, SettingsError or EndpointError.
        """
        try:
            answer = self._call("get_event_source_mapping", UUID=uuid)
        except _MissingError as error:
            raise MappingNotFoundError(
                f"no event source mapping {uuid} at {self._endpoint_url}: see `aws lambda list-event-source-mappings`"
            ) from error
        return parse_mapping(answer, self._overrides)

    def function_timeout(self, function_arn: str) -> int | None:
        """Give the function's timeout in seconds; None when there is no such function. Raises EndpointError."""
        try:
            return int(self._call("get_function_configuration", FunctionName=function_arn)["Timeout"])
        except _MissingError:
            return None

    def oldest_mapping(self, source_arn: str, function_arn: str) -> str | None:
        """Give the UUID of the first mapping listed from a source to a function. Raises EndpointError."""
        marker: dict[str, str] = {}
        while True:
            answer = self._call("list_event_source_mappings", EventSourceArn=source_arn, **marker)
            for mapping in answer.get("EventSourceMappings") or ():
                if mapping.get("FunctionArn") == function_arn:
                    return str(mapping["UUID"])
            if not answer.get("NextMarker"):
                return None
            marker = {"Marker": answer["NextMarker"]}

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                raise _MissingError(error_text(error)) from error
            raise EndpointError(f"{self._endpoint_url} refused: {error_text(error)}") from error
        except BotoCoreError as error:
            raise EndpointError(f"{error} Is the local AWS running there?") from error


class _MissingError(EndpointError):
    """What was asked for is not there."""
