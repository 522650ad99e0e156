"""What AWS checks when a mapping of a queue is made, or given another function.

docs/event-source-mapping.md, "Settings of a queue".
"""

from __future__ import annotations

from dataclasses import replace

from event_source_mapping.mapping.ports import MappingApi, QueueClient
from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.errors import QueueError, SettingsError


class CheckedMappings:
    """Mappings as the Lambda API has them, refused where AWS would not have made them."""

    def __init__(self, mappings: MappingApi, queue: QueueClient) -> None:
        self._mappings = mappings
        self._queue = queue
        self._accepted: dict[str, QueueSettings] = {}

    def mapping(self, uuid: str) -> MappingStatus:
        """Give the mapping as it stands.

        Raises MappingNotFoundError, EndpointError, or SettingsError with AWS's reason.
        """
        status = self._mappings.mapping(uuid)
        settings = status.settings
        if not isinstance(settings, QueueSettings) or status.deleting:
            return status
        accepted = self._accepted.get(uuid)
        if accepted is None or accepted.function_arn != settings.function_arn:
            accepted = self._accepted[uuid] = self._check(settings)
        return replace(status, settings=replace(settings, function_timeout=accepted.function_timeout))

    def _check(self, settings: QueueSettings) -> QueueSettings:
        try:
            visibility = self._queue.attributes(settings.source_arn).visibility_timeout
        except QueueError as error:
            raise SettingsError(str(error)) from error
        oldest = self._mappings.oldest_mapping(settings.source_arn, settings.function_arn)
        if oldest not in (None, settings.uuid):
            raise SettingsError(
                f'An event source mapping with SQS arn (" {settings.source_arn} ") and function '
                f'(" {settings.function_arn} ") already exists. '
                f"Please update or delete the existing mapping with UUID {oldest}"
            )
        timeout = self._mappings.function_timeout(settings.function_arn)
        if timeout is None:
            return settings
        if visibility < timeout:
            raise SettingsError(
                f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
            )
        return replace(settings, function_timeout=timeout)
