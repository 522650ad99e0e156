"""Batches for the topic, and what the topic's answers mean."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st

from notifications.common.errors import RefusedAlertError, ServiceError
from notifications.publishing.messages import AlertMessage
from notifications.publishing.topic import PublishResult, SnsTopic, encode_form_once, form
from tests.aws_in_memory import new_client
from tests.builders import message

TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


# SNS's answers


class Topic:
    """An SNS topic whose answers are given beforehand."""

    def __init__(self) -> None:
        """Start without answers."""
        client = new_client("sns")
        self.stub = Stubber(client)
        self.stub.activate()
        self.topic = SnsTopic(client, TOPIC)

    def answers(self, successful: list[str] = (), failed: dict[str, str] | None = None) -> None:  # type: ignore[assignment]
        """Answer one call: the entries that are out, and the code of those that are not."""
        self.stub.add_response(
            "publish_batch",
            {
                "Successful": [{"Id": entry, "MessageId": f"m{entry}"} for entry in successful],
                "Failed": [
                    {"Id": entry, "Code": code, "Message": "why", "SenderFault": True}
                    for entry, code in (failed or {}).items()
                ],
            },
            {"TopicArn": TOPIC, "PublishBatchRequestEntries": ANY},
        )

    def refuses(self, code: str, status: int = 400) -> None:
        """Answer one call with an error."""
        self.stub.add_client_error("publish_batch", code, "why", status, expected_params=None)

    def publish(self, *messages: AlertMessage) -> list[PublishResult]:
        """Publish, and see that every answer was asked for."""
        outcomes = self.topic.publish(messages)
        self.stub.assert_no_pending_responses()
        assert [outcome.message for outcome in outcomes] == list(messages)
        return outcomes


@pytest.fixture
def topic() -> Topic:
    """Give a topic to tell answers to."""
    return Topic()


def three() -> tuple[AlertMessage, AlertMessage, AlertMessage]:
    """Make three messages of three products."""
    return message("a", 1), message("b", 2), message("c", 3)


def kinds(outcomes: list[PublishResult]) -> list[Any]:
    """Give each outcome's message id, or the type of its error."""
    return [type(outcome.error) if outcome.error else outcome.message_id for outcome in outcomes]


def test_an_entry_carries_subject_body_and_attributes_as_plain_strings(topic: Topic) -> None:
    """What SNS gets is the message, without a message structure, which would drop the attributes."""
    made = message("a", 1)
    expected = {"Id": "0", "Subject": made.subject, "Message": made.body, "MessageAttributes": made.attributes}
    topic.stub.add_response(
        "publish_batch",
        {"Successful": [{"Id": "0", "MessageId": "m0"}], "Failed": []},
        {"TopicArn": TOPIC, "PublishBatchRequestEntries": [expected]},
    )
    assert kinds(topic.publish(made)) == ["m0"]
    assert json.loads(made.body)["id"] == made.alert.id


def test_a_partial_failure_is_seen(topic: Topic) -> None:
    """SNS answers 200 and lists failures inside: each message gets its own outcome."""
    topic.answers(["0", "2"], {"1": "InternalError"})
    outcomes = topic.publish(*three())
    assert kinds(outcomes) == ["m0", ServiceError, "m2"]
    assert "InternalError: why" in str(outcomes[1].error)


@pytest.mark.parametrize("code", ["InvalidParameter", "InvalidParameterValue", "ValidationError"])
def test_an_entry_refused_for_its_own_fault_is_refused_for_good(topic: Topic, code: str) -> None:
    """What SNS would refuse again is not tried again."""
    topic.answers(["0"], {"1": code})
    assert kinds(topic.publish(*three()[:2])) == ["m0", RefusedAlertError]


def test_an_entry_that_sns_does_not_mention_is_tried_again(topic: Topic) -> None:
    """Silence about an entry is not success."""
    topic.answers(["0"])
    outcomes = topic.publish(*three())
    assert kinds(outcomes) == ["m0", ServiceError, ServiceError]
    assert "did not mention" in str(outcomes[1].error)


def test_an_entry_listed_as_both_is_not_published(topic: Topic) -> None:
    """In doubt an alert comes again."""
    topic.answers(["0"], {"0": "InternalError"})
    assert kinds(topic.publish(message())) == [ServiceError]


def test_a_batch_refused_as_a_whole_is_sent_one_by_one(topic: Topic) -> None:
    """One bad message takes no neighbour with it."""
    topic.refuses("InvalidParameter")
    topic.answers(["0"])
    topic.refuses("InvalidParameter")
    topic.answers(["0"])
    assert kinds(topic.publish(*three())) == ["m0", RefusedAlertError, "m0"]


@pytest.mark.parametrize("code", ["Throttled", "AuthorizationError", "NotFound", "InternalError", "KMSAccessDenied"])
def test_what_can_be_mended_is_tried_again(topic: Topic, code: str) -> None:
    """A missing topic or permission is mended while the records wait: the alerts are not given up, nor hammered."""
    topic.refuses(code)
    with pytest.raises(ServiceError, match=code):
        topic.publish(*three())
    topic.stub.assert_no_pending_responses()


def test_an_outage_while_isolating_is_an_outcome_of_each(topic: Topic) -> None:
    """What went out one by one stays out; what SNS could not take comes again."""
    topic.refuses("InvalidParameter")
    topic.answers(["0"])
    topic.refuses("Throttled")
    topic.refuses("InvalidParameter")
    assert kinds(topic.publish(*three())) == ["m0", ServiceError, RefusedAlertError]


@pytest.mark.refused_by_aws
def test_a_message_that_botocore_refuses_is_isolated(topic: Topic) -> None:
    """A request that never leaves the machine is the message's fault."""
    bad = message("b", 2)
    object.__setattr__(bad, "attributes", {"type": "not a map"})
    topic.answers(["0"])
    topic.answers(["0"])
    assert kinds(topic.publish(message("a", 1), bad, message("c", 3))) == ["m0", RefusedAlertError, "m0"]


def test_a_topic_that_cannot_be_reached_fails_as_a_whole() -> None:
    """Without a connection nothing was published: the call fails, and is worth another try."""
    client = boto3.client(
        "sns",
        "us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="a",
        aws_secret_access_key="b",  # noqa: S106
        config=boto3.session.Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(ServiceError, match="SNS PublishBatch"):
        SnsTopic(client, TOPIC).publish(three())


# The form of a call


@given(st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9.]{0,20}", fullmatch=True), st.text(max_size=50), max_size=20))
def test_the_form_is_the_one_that_the_standard_library_writes(fields: dict[str, str]) -> None:
    """Whatever texts it holds, and in their order."""
    try:
        expected = urlencode(fields)
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            form(fields)
    else:
        assert form(fields) == expected


def test_a_call_sends_the_form_that_botocore_would() -> None:
    """Names and values of a batch with attributes: the same, field by field."""
    sent: list[str] = []
    for prepare in (encode_form_once, lambda client: client):
        client = prepare(new_client("sns"))

        def stop(request: Any, **_: Any) -> None:
            sent.append(request.body if isinstance(request.body, str) else request.body.decode())
            raise ConnectionError

        client.meta.events.register("before-send.sns", stop)
        with pytest.raises(ConnectionError):
            SnsTopic(client, TOPIC).publish([message("Größe 1", 1, message_attributes={"a": {"S": "b & c"}})])
    assert sent[0] == sent[1]
