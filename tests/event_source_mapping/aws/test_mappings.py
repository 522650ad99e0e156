"""What GetEventSourceMapping answers, as settings and errors."""

from __future__ import annotations

import pytest

from event_source_mapping.aws.mappings import AwsMappings
from event_source_mapping.model.errors import EndpointError, MappingNotFoundError
from event_source_mapping.testing.builders import FUNCTION_ARN, MAPPING_UUID, STREAM_ARN, make_settings
from tests.event_source_mapping.aws.stubbed import Stubbed, failing


def test_a_mapping_that_is_not_there_is_told_from_an_endpoint_that_refuses() -> None:
    """The one ends the service of a mapping, the other does not [While it runs]."""
    for code, kind in (
        ("ResourceNotFoundException", MappingNotFoundError),
        ("AccessDeniedException", EndpointError),
    ):
        mappings = AwsMappings(failing("lambda", "get_event_source_mapping", code))
        with pytest.raises(kind):
            mappings.mapping(MAPPING_UUID)


def test_given_settings_replace_those_of_the_endpoint() -> None:
    """For what a local AWS does not keep [Settings]."""
    stubbed = Stubbed("lambda")
    answer = {"UUID": MAPPING_UUID, "EventSourceArn": STREAM_ARN, "FunctionArn": FUNCTION_ARN}
    stubbed.stubber.add_response("get_event_source_mapping", {**answer, "State": "Disabled"})
    mappings = AwsMappings(stubbed, {"TumblingWindowInSeconds": 30})
    assert mappings.mapping(MAPPING_UUID).settings == make_settings(tumbling_window=30)
