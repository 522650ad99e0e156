"""The S3 object of a failure document; test_contracts.py has the rest."""

from __future__ import annotations

from event_source_mapping.aws.destinations import object_key

AT = 1_764_086_000.123


def test_the_object_key_has_the_documents_time() -> None:
    """The S3 key: mapping, shard, day, time, a random part [On-failure destinations]."""
    assert object_key("u-1", "shardId-1", AT, "x") == ("aws/lambda/u-1/shardId-1/2025/11/25/2025-11-25T15.53.20-x")
