"""From a write to the table to the receivers: mail, chat, signed webhook, text and digest, by the real function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.samples.subscriber import MAX_MESSAGES
from tests.conftest import DeployedService

WITHIN_SECONDS = 120  # a bound for a test that fails, not a promise
QUIET_SECONDS = 20


@pytest.mark.end_to_end
def test_every_receiver_gets_what_it_asked_for(deployed_service: DeployedService) -> None:
    """Each over its own filter, queue and channel; the webhook after a retry, the digest when it is flushed."""
    aws, outputs, receivers = deployed_service.aws, deployed_service.outputs, deployed_service.receivers
    assert receivers
    receivers.fail_once(about="Lantern")
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="people")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=outputs.people_topic_arn, Protocol="sqs", Endpoint=arn)
    key = {"productId": {"S": "prod-delivered"}}
    item = {
        "name": {"S": "Reading <b>Lantern</b>"},
        "price": {"N": "50"},
        "category": {"S": "Home"},
        "stock": {"N": "3"},
    }
    deployed_service.put_then_set(key, item, price="40", stock="0")

    waited_for = {"merchandising", "buyers", "stock-system"}
    arrived = receivers.collect(aws, about="Lantern", within=WITHIN_SECONDS, waited_for=waited_for)

    texts = {each.receiver: each.text for each in arrived if not each.refused}
    assert "40" in texts["merchandising"]
    assert "sold out" in texts["buyers"].lower() or "out of stock" in texts["buyers"].lower()
    assert texts["stock-system"].startswith("signature verified")
    assert "alerts" in texts["team"]
    assert [each.text for each in arrived if each.refused] == [
        "answered 500, to show a retry: New product: Reading <b>Lantern</b>"
    ]
    assert any("Lantern" in body["Message"] for body in _messages(sqs, queue))


def _messages(sqs: Any, queue: str) -> Iterator[dict[str, Any]]:
    """Give what comes until nothing does for a while: other tests' alerts are among it."""
    while received := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=MAX_MESSAGES, WaitTimeSeconds=QUIET_SECONDS
    ).get("Messages"):
        for each in received:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
            yield json.loads(each["Body"])
