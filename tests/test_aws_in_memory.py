"""The AWS in memory that tests share the clients of."""

from __future__ import annotations

import pytest

from tests.aws_in_memory import aws_in_memory, client_of


def test_each_begins_empty() -> None:
    """Whatever the one before held."""
    for _ in range(2):
        with aws_in_memory():
            assert client_of("sqs").list_queues().get("QueueUrls", []) == []
            client_of("sqs").create_queue(QueueName="left")


@pytest.mark.refused_by_aws
def test_what_a_shared_client_asks_for_is_held_against_what_aws_takes(requests_that_aws_takes: list[str]) -> None:
    """As that of any other client."""
    with aws_in_memory():
        url = client_of("sqs").create_queue(QueueName="some")["QueueUrl"]
        client_of("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=21)
    assert requests_that_aws_takes == ["sqs ReceiveMessage: WaitTimeSeconds is 21: expected up to 20"]
