"""What every sender keeps to: the fake in memory and the real ones alike."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from notifications.common.errors import DeliveryFailedError, RefusedAlertError, RetryableError, ServiceError
from notifications.delivery.sending.aws_senders import SesSender, SnsSender
from notifications.delivery.sending.fakes import MemorySecrets, MemorySender
from notifications.delivery.sending.http import Http
from notifications.delivery.sending.http_senders import ChatSender, WebhookSender
from notifications.delivery.sending.secrets import SsmSecrets
from notifications.delivery.sending.sender import Outgoing, Sender
from tests.aws_in_memory import client_of
from tests.notifications.delivery.sending.servers import Reply, Server
from tests.notifications.delivery.sending.test_http_senders import KEY

MAIL = b"From: alerts@shop.example\r\nTo: merch@shop.example\r\nSubject: x\r\nX-Alert: 1\r\n\r\nGr\xc3\xb6\xc3\x9fe\r\n"


class Case(NamedTuple):
    """A sender, what arrived by it, and how to make its other end fail."""

    sender: Sender
    arrived: Callable[[], list[str]]
    break_it: Callable[[], Any]


@pytest.fixture(params=["memory", "topic", "mail", "chat", "webhook"])
def case(request: pytest.FixtureRequest) -> Any:
    """Give each kind of sender."""
    make = {"memory": _memory, "topic": _topic, "mail": _mail, "chat": _http, "webhook": _http}[request.param]
    yield from make(request)


def _memory(_: pytest.FixtureRequest) -> Any:
    sender = MemorySender()

    def break_it() -> None:
        sender.failure_of = lambda _: ServiceError("down")

    yield Case(sender, lambda: [each.body.decode() for each in sender.sent], break_it)


def _topic(request: pytest.FixtureRequest) -> Any:
    sns, sqs = request.getfixturevalue("sns"), request.getfixturevalue("sqs")
    topic, url = request.getfixturevalue("topic_arn"), request.getfixturevalue("queue_url")
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def arrived() -> list[str]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(each["Body"])["Message"] for each in found]

    yield Case(SnsSender(sns, topic), arrived, lambda: sns.delete_topic(TopicArn=topic))


def _mail(request: pytest.FixtureRequest) -> Any:
    request.getfixturevalue("aws")
    ses = client_of("ses")
    ses.verify_email_identity(EmailAddress="alerts@shop.example")
    ses.create_configuration_set(ConfigurationSet={"Name": "alerts"})
    from moto.ses.models import ses_backends  # noqa: PLC0415 - what moto keeps of a mail

    backend = ses_backends["123456789012"]["us-east-1"]

    def arrived() -> list[str]:
        parsed = [
            email.message_from_string(each.raw_data, policy=email.policy.default) for each in backend.sent_messages
        ]
        return [str(each.get_payload()).strip() for each in parsed]

    yield Case(
        SesSender(ses, "alerts@shop.example", ["merch@shop.example"], "alerts"),
        arrived,
        lambda: ses.delete_identity(Identity="alerts@shop.example"),
    )


def _http(request: pytest.FixtureRequest) -> Any:
    with Server() as server:
        url = f"http://127.0.0.1:{server.port}/"
        secrets, http = MemorySecrets(room=url, hook=KEY), Http(allow_private=True)
        chat = request.node.callspec.params["case"] == "chat"
        sender = ChatSender(http, secrets, "room") if chat else WebhookSender(http, secrets, "hook", url)

        def break_it() -> None:
            server.reply = lambda: Reply(503)

        yield Case(sender, lambda: [each.body.decode() for each in server.requests], break_it)


def body_for(case: Case) -> bytes:
    """Give a body that the channel takes: a mail is a whole one."""
    return MAIL if isinstance(case.sender, SesSender) else "Größe 🙂".encode()


def test_what_is_sent_arrives(case: Case) -> None:
    """As it was rendered, in any language."""
    case.sender.send(Outgoing("1", "A subject", body_for(case)))
    assert len(case.arrived()) == 1


def test_what_fails_says_that_it_may_be_tried_again(case: Case) -> None:
    """By the error's type."""
    case.break_it()
    with pytest.raises((RetryableError, RefusedAlertError)) as failed:
        case.sender.send(Outgoing("1", "A subject", body_for(case)))
    refused = isinstance(failed.value, RefusedAlertError)
    assert not refused or isinstance(case.sender, SesSender)


# Secrets


@pytest.fixture
def ssm(aws: None) -> Any:  # noqa: ARG001 - for its effect
    """Give an SSM client."""
    return client_of("ssm")


def put(ssm: Any, value: str) -> None:
    """Store the secret."""
    ssm.put_parameter(Name="/product-alerts/dev/room", Value=value, Type="SecureString", Overwrite=True)


def test_a_secret_is_read_decrypted_and_kept_for_a_while(ssm: Any) -> None:
    """A changed value counts from five minutes later on, or from the next failure."""
    clock = [0.0]
    secrets = SsmSecrets(ssm, "/product-alerts/dev/", lambda: clock[0])
    put(ssm, "first")
    assert secrets.get("room") == "first"
    put(ssm, "second")
    clock[0] = 299
    assert secrets.get("room") == "first"
    clock[0] = 301
    assert secrets.get("room") == "second"
    put(ssm, "third")
    secrets.forget("room")
    assert secrets.get("room") == "third"


def test_a_missing_secret_says_how_to_store_it(ssm: Any) -> None:
    """Alerts wait until it is there."""
    with pytest.raises(
        DeliveryFailedError,
        match=r"/product-alerts/dev/room does not exist: `aws ssm put-parameter .* --value \"\$SECRET\"`",
    ):
        SsmSecrets(ssm, "/product-alerts/dev/").get("room")
