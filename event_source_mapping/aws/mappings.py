"""The Lambda API's GetEventSourceMapping through boto3."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from event_source_mapping.aws.clients import ClientFactory, error_code, error_text
from event_source_mapping.mapping.settings import MappingStatus, parse_mapping
from event_source_mapping.model.errors import EndpointError, MappingNotFoundError


class AwsMappings:
    """GetEventSourceMapping."""

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
            answer = self._client.get_event_source_mapping(UUID=uuid)
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                raise MappingNotFoundError(
                    f"no event source mapping {uuid} at {self._endpoint_url}: "
                    "see `aws lambda list-event-source-mappings`"
                ) from error
            raise EndpointError(f"{self._endpoint_url} refused: {error_text(error)}") from error
        except BotoCoreError as error:
            raise EndpointError(f"{error} Is the local AWS running there?") from error
        return parse_mapping({**answer, **self._overrides})
