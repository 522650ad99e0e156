"""What the receivers of `npm start` were sent, whatever the rules are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.samples import sample_receivers
from local.samples.sample_receivers import Delivered, SampleReceivers
from notifications.config.receiver import Digest, Receiver
from operations.settings.project import LOCAL_STAGE, stack_name
from tests.aws_in_memory import MemorySession, aws_in_memory

STACK = stack_name(LOCAL_STAGE)
RECEIVERS = (
    Receiver("everyone", "text"),
    Receiver("buyers", "slack"),
    Receiver("team", "slack", digest=Digest()),
    Receiver("ops", "chatbot"),
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give the queues and topics that a deploy makes, in memory."""
    monkeypatch.setattr(sample_receivers, "_mails", lambda _: [])
    monkeypatch.setattr(sample_receivers, "QUIET_SECONDS", 0.2)
    monkeypatch.setattr(sample_receivers, "DEAD_SECONDS", 0.6)
    with aws_in_memory():
        made = MemorySession()
        for each in RECEIVERS:
            made.client("sqs").create_queue(QueueName=f"{STACK}-to-{each.name}")
        for name in ("people", "chat-ops", "alerts"):
            made.client("sns").create_topic(Name=f"{STACK}-{name}")
        yield made


def _waiting(aws: Any, receiver: str) -> list[Any]:
    url = aws.client("sqs").get_queue_url(QueueName=f"{STACK}-to-{receiver}")["QueueUrl"]
    messages = aws.client("sqs").receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages", [])
    return [json.loads(each["Body"]) for each in messages]


def test_a_digest_is_sent_though_others_get_nothing(aws: Any) -> None:
    """The user's rules may raise no alert that the other receivers ask for: they are named, and not waited for."""
    receivers = SampleReceivers(1, RECEIVERS)
    receivers.take("/buyers", {}, b'{"text": "Lamp is sold out"}')
    found = receivers.collect(aws, within=30)
    assert found == [Delivered("buyers", "slack", "Lamp is sold out")]
    assert _waiting(aws, "team") == [{"flush": "team", "now": True}]
    assert receivers.without(found) == ["everyone", "team", "ops"]


def test_a_receiver_that_is_busy_is_waited_for(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in its queue may be for the digest, which is therefore sent last; a dead one is not waited for long."""
    monkeypatch.setattr(sample_receivers, "DEAD_SECONDS", 60)
    url = aws.client("sqs").get_queue_url(QueueName=f"{STACK}-to-buyers")["QueueUrl"]
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="{}")
    receivers = SampleReceivers(1, RECEIVERS)
    receivers.collect(aws, within=1)
    assert _waiting(aws, "team") == []
    monkeypatch.setattr(sample_receivers, "DEAD_SECONDS", 0.6)
    receivers.collect(aws, within=30)
    assert _waiting(aws, "team")


def test_what_is_published_for_people_and_chats_is_heard(aws: Any) -> None:
    """By the receiver that its footer names, or its topic; the topic of all alerts is not for people."""
    receivers = SampleReceivers(1, RECEIVERS)
    receivers.listen(aws)
    receivers.listen(aws)  # after a deploy, which may have added one
    sns = aws.client("sns")
    topics = {arn.rpartition("-")[2]: arn for arn in (each["TopicArn"] for each in sns.list_topics()["Topics"])}
    sns.publish(TopicArn=topics["people"], Subject="Lamp: 9 USD", Message='Cheaper.\n\nnow · receiver "everyone"\n')
    sns.publish(TopicArn=topics["ops"], Message=json.dumps({"content": {"title": "New\u2060:\u2060 Lamp"}}))
    sns.publish(TopicArn=topics["alerts"], Message="{}")
    assert sorted(receivers.arrived(aws), key=lambda each: each.receiver) == [
        Delivered("everyone", "text", "Lamp: 9 USD"),
        Delivered("ops", "chatbot", "New: Lamp"),
    ]
