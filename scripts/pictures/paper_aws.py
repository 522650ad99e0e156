"""A stage that exists on paper: clients that answer what the console's pages ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class PaperAws:
    """Clients that answer what the pages ask, from what was played."""

    region_name = "us-east-1"

    def __init__(self, table_arn: str) -> None:
        """Begin with nothing."""
        self.table_arn = table_arn
        self.products: list[dict[str, Any]] = []
        self.ledger: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []

    def client(self, service: str, **_: Any) -> PaperAws:
        """Give the client of any service: it is always the same."""
        del service
        return self

    # DynamoDB

    def describe_table(self, **_: Any) -> dict[str, Any]:
        """Describe the products table."""
        return {
            "Table": {
                "AttributeDefinitions": [{"AttributeName": "productId", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "productId", "KeyType": "HASH"}],
            }
        }

    def get_paginator(self, operation: str) -> _Pages:
        """Page through what there is, in one page."""
        return _Pages(self, operation)

    def get_item(self, **_: Any) -> dict[str, Any]:
        """Know of no mutes."""
        return {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Read from the ledger."""
        ((table, asked),) = RequestItems.items()
        found = [each for each in self.ledger if {name: each[name] for name in ("product", "alert")} in asked["Keys"]]
        return {"Responses": {table: found}}

    # SQS, S3, Lambda, CloudWatch, SNS

    def receive_message(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Hand out the failures, once."""
        found, self.messages = (self.messages, []) if QueueUrl == "failures" else ([], self.messages)
        return {"Messages": found}

    def change_message_visibility(self, **_: Any) -> None:
        """Take a message back; nobody asks again."""

    def get_queue_attributes(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Count."""
        return {"Attributes": {"ApproximateNumberOfMessages": "2" if QueueUrl == "failures" else "0"}}

    def get_function(self, **_: Any) -> dict[str, Any]:
        """Describe the function; its package is out of reach."""
        variables = {"Variables": {"CODE_VERSION": "0.1.0"}}
        return {"Configuration": {"LastModified": "2026-11-21T08:55:00Z", "Environment": variables}, "Code": {}}

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        """Describe the delivery function."""
        return {}

    def list_event_source_mappings(self, **_: Any) -> dict[str, Any]:
        """Describe the mapping."""
        return {"EventSourceMappings": [{"UUID": "2f6c1a52-7d0e-4a68-9a41-5c0f3f1f7b11", "LastProcessingResult": "OK"}]}

    def get_metric_statistics(self, **_: Any) -> dict[str, Any]:
        """Know nothing."""
        return {"Datapoints": []}

    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        """Find none in alarm."""
        return {"MetricAlarms": []}


class _Pages:
    def __init__(self, aws: PaperAws, operation: str) -> None:
        self._aws = aws
        self._operation = operation

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        """Give the one page."""
        if self._operation == "scan" and asked["TableName"] == "products":
            yield {"Items": self._aws.products}
        elif self._operation == "scan":
            yield {"Items": [each for each in self._aws.ledger if "publishedAt" in each]}
        elif self._operation == "query":
            wanted = asked["ExpressionAttributeValues"][":product"]
            yield {"Items": [each for each in self._aws.ledger if each["product"] == wanted]}
        elif self._operation == "list_metrics":
            yield {"Metrics": []}
        else:
            yield {"Contents": [], "Subscriptions": []}
