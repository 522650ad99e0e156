"""AWS in memory for the tests of what speaks to AWS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from tests.builders import ROOT

TABLE = "ledger"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put an empty AWS in memory behind every client that is made from here on."""
    for name, value in {"ACCESS_KEY_ID": "none", "SECRET_ACCESS_KEY": "none", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def sqs(aws: None) -> Any:  # noqa: ARG001 - for its effect
    """Give an SQS client."""
    return boto3.client("sqs")


@pytest.fixture
def queue_url(sqs: Any) -> str:
    """Give a queue."""
    return str(sqs.create_queue(QueueName="failures")["QueueUrl"])


@pytest.fixture
def sns(aws: None) -> Any:  # noqa: ARG001 - for its effect
    """Give an SNS client."""
    return boto3.client("sns")


@pytest.fixture
def topic_arn(sns: Any) -> str:
    """Give a topic."""
    return str(sns.create_topic(Name="alerts")["TopicArn"])


@pytest.fixture
def dynamodb(aws: None) -> Any:  # noqa: ARG001 - for its effect
    """Give a DynamoDB client and, behind it, the ledger table as infrastructure/ describes it."""
    client = boto3.client("dynamodb")
    described = yaml.safe_load((ROOT / "infrastructure" / "ledger-table.yml").read_text(encoding="utf-8"))
    properties = described["Resources"]["LedgerTable"]["Properties"]
    client.create_table(
        TableName=TABLE, **{name: properties[name] for name in ("BillingMode", "AttributeDefinitions", "KeySchema")}
    )
    return client
