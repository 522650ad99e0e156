"""Where the parts of the delivery function are put together, as `bootstrap` does for the stream's function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from notifications.bootstrap import RULES, days, log_level, log_to_stderr, make_client, required, write_line
from notifications.config import receivers_file, rules_file
from notifications.config.receiver import Receiver
from notifications.delivery.handling.channel import Channel
from notifications.delivery.handling.counted import CountedProgress, CountedQueues, DeliveryMetrics
from notifications.delivery.handling.delivery import Deliveries
from notifications.delivery.handling.progress import ProgressLedger
from notifications.delivery.handling.progress_table import DynamoDbProgress
from notifications.delivery.handling.queues import Queues, SqsQueues
from notifications.delivery.rendering.digest import DigestView
from notifications.delivery.rendering.kinds import PROJECT, JsonMessage, RenderedMessage, render
from notifications.delivery.rendering.text import TextMessage
from notifications.delivery.rendering.view import AlertView, view_of
from notifications.delivery.sending.aws_senders import SesSender, SnsSender
from notifications.delivery.sending.http import Http
from notifications.delivery.sending.http_senders import ChatSender, WebhookSender
from notifications.delivery.sending.secrets import SsmSecrets
from notifications.delivery.sending.sender import Outgoing, Sender


def build_delivery(environ: Mapping[str, str], folder: Path = PROJECT, rules: Path = RULES) -> Deliveries:
    """Build what delivers; ConfigurationError says what it cannot start with."""
    receivers = folder / environ.get("RECEIVERS_FILE", "receivers.toml")
    log_to_stderr(log_level(environ))
    ruleset = rules_file.load(rules)
    stage = required(environ, "STAGE")
    senders = _Senders(environ)
    channels = {
        receiver.name: Channel(
            receiver,
            partial(view_of, product=ruleset.product, receiver=receiver, stage=stage, own_titles=ruleset.own_titles),
            partial(_alert, receiver),
            partial(_digest, receiver),
            senders.of(receiver),
        )
        for receiver in receivers_file.load(receivers, ruleset, plain_http=_allows_private(environ)).all
    }
    progress: ProgressLedger = DynamoDbProgress(
        make_client("dynamodb"),
        required(environ, "LEDGER_TABLE_NAME"),
        days(environ, "LEDGER_RETENTION_DAYS"),
        required(environ, "DEPLOYMENT"),
    )
    queues: Queues = SqsQueues(make_client("sqs"), required(environ, "UNDELIVERED_QUEUE_URL"))
    function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
    if function_name:  # Lambda's own; elsewhere nobody would read the metrics
        metrics = DeliveryMetrics(function_name, write_line)
        progress, queues = CountedProgress(progress, metrics), CountedQueues(queues, metrics)
    return Deliveries(channels, progress, queues, required(environ, "QUEUE_PREFIX"))


class _Senders:
    """Makes the sender of a receiver; clients and settings that no receiver needs are not asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._http = Http(
            allow_private=_allows_private(environ),
            endpoint_url=environ.get("HTTP_ENDPOINT_URL", ""),
        )
        self._secrets: SsmSecrets | None = None

    def of(self, receiver: Receiver) -> Sender:
        match receiver.kind:
            case "text":
                topic = required(self._environ, "PEOPLE_TOPIC_ARN")
                return SnsSender(make_client("sns"), topic, by_protocol=True)
            case "chatbot":
                return SnsSender(make_client("sns"), required(self._environ, "CHAT_TOPIC_PREFIX") + receiver.name)
            case "mail":
                configuration_set = required(self._environ, "CONFIGURATION_SET")
                return SesSender(make_client("ses"), receiver.sender, receiver.to, configuration_set)
            case "webhook":
                return WebhookSender(self._http, self._secret_store(), receiver.secret, receiver.url)
            case _:
                return ChatSender(self._http, self._secret_store(), receiver.secret)

    def _secret_store(self) -> SsmSecrets:
        if self._secrets is None:
            self._secrets = SsmSecrets(make_client("ssm"), required(self._environ, "SECRETS_PREFIX"))
        return self._secrets


def _allows_private(environ: Mapping[str, str]) -> bool:
    return environ.get("ALLOW_PRIVATE_ADDRESSES") == "true"


def _alert(receiver: Receiver, view: AlertView) -> Outgoing:
    return outgoing(receiver, view.id, render(view, receiver))


def _digest(receiver: Receiver, view: DigestView, digest_id: str) -> Outgoing:
    return outgoing(receiver, digest_id, render(view, receiver, digest_id))


def outgoing(receiver: Receiver, message_id: str, message: RenderedMessage) -> Outgoing:
    """Write a rendered message as its sender takes it."""
    if isinstance(message, JsonMessage):
        return Outgoing(message_id, "", message.body, message.content_type)
    if isinstance(message, TextMessage):
        by_protocol: dict[str, Any] = {"default": message.text, "sms": message.sms}
        return Outgoing(message_id, message.subject, json.dumps(by_protocol, ensure_ascii=False).encode())
    return Outgoing(message_id, message.subject, message.to_email(receiver).as_bytes())
