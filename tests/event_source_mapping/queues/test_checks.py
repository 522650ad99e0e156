"""What is checked when a queue's mapping is first seen, and when it names another function."""

from __future__ import annotations

from dataclasses import replace

import pytest

from event_source_mapping.mapping.settings import MappingStatus
from event_source_mapping.model.errors import SettingsError
from event_source_mapping.queues.checks import CheckedMappings
from event_source_mapping.running.virtual import VirtualScheduler
from event_source_mapping.testing.builders import MAPPING_UUID, make_queue_settings, make_settings
from event_source_mapping.testing.fake_queue import FakeQueue
from event_source_mapping.testing.fakes import FakeMappings


class Api(FakeMappings):
    """Mappings of functions whose timeouts a test sets."""

    timeout: int | None = 30
    oldest: str | None = MAPPING_UUID

    def function_timeout(self, function_arn: str) -> int | None:  # noqa: ARG002 - the port's signature
        """Give the timeout of every function."""
        return self.timeout

    def oldest_mapping(self, source_arn: str, function_arn: str) -> str | None:  # noqa: ARG002 - as above
        """Give the mapping that was made first."""
        return self.oldest


@pytest.fixture
def api() -> Api:
    """Have one mapping of a queue."""
    return Api(MappingStatus(make_queue_settings(), enabled=False))


@pytest.fixture
def queue() -> FakeQueue:
    """Have a queue with a visibility timeout of 30 s."""
    return FakeQueue(VirtualScheduler().now)


def test_a_visibility_timeout_that_equals_the_functions_is_enough(api: Api, queue: FakeQueue) -> None:
    """And the function's timeout is known from then on [Settings of a queue]."""
    assert CheckedMappings(api, queue).mapping(MAPPING_UUID).settings == make_queue_settings(function_timeout=30)


def test_a_shorter_visibility_timeout_is_refused_but_not_one_that_becomes_shorter(api: Api, queue: FakeQueue) -> None:
    """AWS looks when the mapping is made, or named another function [Settings of a queue]."""
    mappings = CheckedMappings(api, queue)
    mappings.mapping(MAPPING_UUID)
    queue.visibility_timeout = 29
    mappings.mapping(MAPPING_UUID)
    words = "Queue visibility timeout: 29 seconds is less than Function timeout: 30 seconds"
    with pytest.raises(SettingsError, match=words):
        CheckedMappings(api, queue).mapping(MAPPING_UUID)
    status = api.statuses[MAPPING_UUID]
    api.statuses[MAPPING_UUID] = replace(status, settings=replace(status.settings, function_arn="another"))
    with pytest.raises(SettingsError, match=words):
        mappings.mapping(MAPPING_UUID)


def test_a_second_mapping_and_an_unknown_queue_are_refused(api: Api, queue: FakeQueue) -> None:
    """ResourceConflict and NonExistentQueue at AWS [Settings of a queue]."""
    api.oldest = "older"
    with pytest.raises(SettingsError, match="delete the existing mapping with UUID older"):
        CheckedMappings(api, queue).mapping(MAPPING_UUID)
    queue.arn = "gone"
    with pytest.raises(SettingsError, match="no queue"):
        CheckedMappings(api, queue).mapping(MAPPING_UUID)


def test_a_function_that_is_gone_and_a_stream_are_not_looked_at(api: Api, queue: FakeQueue) -> None:
    """The mapping outlives its function; a stream has nothing to compare [Settings of a queue]."""
    api.timeout = None
    queue.visibility_timeout = 0
    assert CheckedMappings(api, queue).mapping(MAPPING_UUID).settings == make_queue_settings()
    api.statuses[MAPPING_UUID] = MappingStatus(make_settings(), enabled=False)
    assert CheckedMappings(api, queue).mapping(MAPPING_UUID).settings == make_settings()
