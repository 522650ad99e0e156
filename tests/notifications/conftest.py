"""AWS in memory for the tests of what speaks to AWS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_in_memory import aws_in_memory, client_of, make_ledger


@pytest.fixture
def aws() -> Iterator[None]:
    """Put an empty AWS in memory behind every client that is made from here on."""
    with aws_in_memory():
        yield


@pytest.fixture
def sqs(aws: None) -> Any:  # noqa: ARG001 - for its effect
    """Give an SQS client."""
    return client_of("sqs")


@pytest.fixture
def queue_url(sqs: Any) -> str:
    """Give a queue."""
    return str(sqs.create_queue(QueueName="failures")["QueueUrl"])


@pytest.fixture
def sns(aws: None) -> Any:  # noqa: ARG001 - for its effect
    """Give an SNS client."""
    return client_of("sns")


@pytest.fixture
def topic_arn(sns: Any) -> str:
    """Give a topic."""
    return str(sns.create_topic(Name="alerts")["TopicArn"])


@pytest.fixture
def dynamodb(aws: None) -> Any:  # noqa: ARG001 - for its effect
    """Give a DynamoDB client and, behind it, the ledger table as infrastructure/ describes it."""
    return make_ledger()
