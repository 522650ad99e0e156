"""The whole service, from a write to the table to a subscriber's queue."""

from __future__ import annotations

import time
import uuid

import pytest

from local.samples.subscriber import Notification, Subscriber
from tests.conftest import DeployedService
from tests.infrastructure.computed import resources_of

ALERTS_WITHIN_SECONDS = 120  # a bound for a test that fails, not a promise


def _receive(subscriber: Subscriber, product: str, count: int) -> list[Notification]:
    """Wait for alerts about a product; those about what other tests changed may still be on their way."""
    alerts: list[Notification] = []
    deadline = time.monotonic() + ALERTS_WITHIN_SECONDS
    while len(alerts) < count and time.monotonic() < deadline:
        alerts += [alert for alert in subscriber.receive(wait_seconds=1) if alert.message["subject"] == product]
    return alerts


@pytest.mark.end_to_end
def test_a_product_write_becomes_an_alert_that_a_subscriber_receives(
    deployed_service: DeployedService,
) -> None:
    """What is put into the deployed table and made cheaper reaches a subscriber as two alerts."""
    aws, outputs = deployed_service.aws, deployed_service.outputs
    subscriber = Subscriber(aws, outputs.alerts_topic_arn, queue_name="end-to-end")
    dynamodb = aws.client("dynamodb")
    key = {"productId": {"S": "prod-end-to-end"}}
    dynamodb.put_item(
        TableName=outputs.products_table_name,
        Item={
            **key,
            "name": {"S": "Wireless Mouse"},
            "price": {"N": "25.99"},
            "category": {"S": "Electronics"},
            "stock": {"N": "12"},
        },
    )
    dynamodb.update_item(
        TableName=outputs.products_table_name,
        Key=key,
        UpdateExpression="SET price = :price",
        ExpressionAttributeValues={":price": {"N": "19.99"}},
    )

    alerts = _receive(subscriber, "prod-end-to-end", 2)

    assert sorted(alert.type for alert in alerts) == ["product.added", "product.price_dropped"]
    by_type = {alert.type: alert for alert in alerts}
    dropped = by_type["product.price_dropped"]
    assert dropped.data["rule"] == "price-drop"
    assert dropped.data["changes"] == [{"attribute": "price", "old": "25.99", "new": "19.99"}]
    table_arn = outputs.products_stream_arn.split("/stream/")[0]
    for alert in alerts:
        assert uuid.UUID(alert.id).version == 5
        assert alert.message["specversion"] == "1.0"
        assert alert.message["source"] == table_arn
        assert alert.message["subject"] == "prod-end-to-end"
        assert alert.subject == alert.data["title"]
        assert alert.attributes == {
            "type": alert.type,
            "rule": alert.data["rule"],
            "severity": alert.data["severity"],
            "productId": "prod-end-to-end",
            "category": "Electronics",
        }


@pytest.mark.end_to_end
def test_what_an_operator_needs_is_deployed_with_the_service(deployed_service: DeployedService) -> None:
    """Alarms, dashboard, topic, bucket and log group stand in the deployed stack; nothing is clicked together."""
    aws, outputs = deployed_service.aws, deployed_service.outputs
    alarms = aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="product-alerts-local-")["MetricAlarms"]
    expected = {each["Properties"]["AlarmName"] for each in resources_of("alarms.cjs", "local").values()}
    assert {alarm["AlarmName"] for alarm in alarms} == expected
    stacks = aws.client("cloudformation").describe_stacks(StackName="product-alerts-local")["Stacks"]
    found = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    assert {action for alarm in alarms for action in alarm["AlarmActions"]} == {found["OperationsTopicArn"]}
    board = aws.client("cloudwatch").get_dashboard(DashboardName="product-alerts-local")["DashboardBody"]
    assert outputs.alerts_function_name in board
    assert "${" not in board
    aws.client("s3").head_bucket(Bucket=outputs.given_up_bucket_name)
    group = f"/aws/lambda/{outputs.alerts_function_name}"
    assert aws.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
