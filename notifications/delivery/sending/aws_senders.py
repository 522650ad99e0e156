"""Channels that AWS runs: a topic for text and for chat applications, and SES for mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from notifications.delivery.sending.sender import Outgoing
from notifications.publishing.aws_calls import aws_call


class SnsSender:
    """Publishes to a topic: PeopleTopic for text, a receiver's own for Amazon Q Developer in chat applications."""

    def __init__(self, client: Any, topic_arn: str, *, by_protocol: bool = False) -> None:
        """Publish to `topic_arn` with a boto3 SNS client; `by_protocol`: the body is JSON, with a text a protocol."""
        self._client = client
        self._topic_arn = topic_arn
        self._structure = {"MessageStructure": "json"} if by_protocol else {}

    def send(self, outgoing: Outgoing) -> None:
        """Publish one message."""
        subject = {"Subject": outgoing.subject} if outgoing.subject else {}
        with aws_call("SNS Publish"):
            self._client.publish(TopicArn=self._topic_arn, Message=outgoing.body.decode(), **subject, **self._structure)


class SesSender:
    """Sends whole mails through SES, version 1: its `SendRawEmail` keeps every header.

    SES has no idempotency key: a mail is repeated if the function ends between SES's answer and the ledger's.
    """

    def __init__(self, client: Any, sender: str, recipients: Sequence[str], configuration_set: str) -> None:
        """Send as `sender` with a boto3 SES client; the configuration set leaves out addresses that bounced."""
        self._client = client
        self._sender = sender
        self._recipients = list(recipients)
        self._configuration_set = configuration_set

    def send(self, outgoing: Outgoing) -> None:
        """Send one mail to all recipients."""
        with aws_call("SES SendRawEmail"):
            self._client.send_raw_email(
                Source=self._sender,
                Destinations=self._recipients,
                RawMessage={"Data": outgoing.body},
                ConfigurationSetName=self._configuration_set,
            )
