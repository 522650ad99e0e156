"""Who gets the alerts of a deployed stage: its receivers, and whoever else subscribed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from operations.deployed.stack import Stack
from operations.health.waiting import in_queue
from operations.settings.project import stack_name


def receivers_and_subscribers(stack: Stack) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """List the receivers of receivers.toml, by name, with what waits in their queues; and all other subscribers.

    A subscriber of the topic for people is one of a receiver of kind text. Who has not confirmed yet has no filter.
    """
    prefix = f":{stack_name(stack.stage)}-to-"
    receivers, others = [], []
    for each in _subscriptions(stack, "alerts", stack.outputs["AlertsTopicArn"]):
        _, is_ours, name = each["endpoint"].partition(prefix)
        if is_ours and each["protocol"] == "sqs":
            receivers.append({"name": name, "filter": each["filter"], "waiting": _waiting(stack, prefix[1:] + name)})
        else:
            others.append(each)
    people = stack.outputs.get("PeopleTopicArn")
    if people:
        others += _subscriptions(stack, "people", people)
    return sorted(receivers, key=lambda receiver: str(receiver["name"])), others


def _waiting(stack: Stack, queue_name: str) -> int:
    return in_queue(stack, stack.client("sqs").get_queue_url(QueueName=queue_name)["QueueUrl"])


def _subscriptions(stack: Stack, topic: str, arn: str) -> Iterator[dict[str, Any]]:
    client = stack.client("sns")
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    for each in (subscription for page in pages for subscription in page["Subscriptions"]):
        subscription = each["SubscriptionArn"]
        confirmed = subscription.startswith("arn:")
        attributes = client.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"] if confirmed else {}
        yield {
            "topic": topic,
            "protocol": each["Protocol"],
            "endpoint": each["Endpoint"],
            "confirmed": confirmed,
            "filter": attributes.get("FilterPolicy"),
        }
