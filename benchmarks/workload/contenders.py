"""Product alerts and its peers, each ready to take an event, doing the same work with the clients it is given."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers import EventHandler
from benchmarks.workload.instant import InstantClient
from notifications.bootstrap import RULES, make_client
from notifications.config import rules_file
from notifications.pipeline import Pipeline
from notifications.publishing.failures import SqsFailures
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.side_by_side import InThreads, NewCalls, OneByOne
from notifications.publishing.topic import SnsTopic, encode_form_once
from operations.deployed.local_endpoint import CREDENTIALS, REGION, local_client

OURS = "product alerts"
SHIPPED = "product alerts, the rules of alerts.toml"
PLAIN_LOOP = "plain loop"
DESERIALIZER = "TypeDeserializer"
POWERTOOLS = "Powertools"
_MODULES = {PLAIN_LOOP: "plain_loop", DESERIALIZER: "deserializer", POWERTOOLS: "powertools"}
PEERS = tuple(_MODULES)

TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:alerts"
TABLE_NAME = "ledger"
QUEUE_URL = "http://127.0.0.1/123456789012/failures"

RULE = """
[[rules]]
name = "price-drop"
when = "price_drop"
at_least = "10%"
title = "{name}: {new.price}, was {old.price}"
"""
"""The work that all contenders do."""
COOLDOWN = RULE + 'cooldown = "1h"\n'
LAST_ALERT = RULE + 'baseline = "last_alert"\n'


def client_of(name: str, service: str, endpoint_url: str) -> Any:
    """Make the client that a contender would have: ours as `bootstrap` makes it, a peer's with boto3's defaults."""
    if name not in {OURS, SHIPPED}:
        return local_client(service, endpoint_url)
    client = make_client(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    return encode_form_once(client) if service == "sns" else client


def product_alerts(
    sns: Any,
    dynamodb: Any,
    rules: str = RULE,
    topic_arn: str = TOPIC_ARN,
    table_name: str = TABLE_NAME,
    *,
    new_calls: NewCalls | None = None,
) -> EventHandler:
    """Put the service together as `bootstrap` does, but with these clients and rules.

    Without `new_calls` real clients are called in threads, as `bootstrap` has it; those that answer at once need none.
    """
    new_calls = new_calls or (OneByOne if isinstance(sns, InstantClient) else InThreads)
    logging.getLogger("notifications").setLevel(logging.ERROR)  # its line a batch goes to the terminal otherwise
    return Pipeline(
        rules_file.parse(rules),
        SnsTopic(sns, topic_arn),
        DynamoDbLedger(dynamodb, table_name, retention_days=90, new_calls=new_calls),
        SqsFailures(None, QUEUE_URL, "benchmark"),
        new_calls=new_calls,
    ).handle


def contender(
    name: str, sns: Any, dynamodb: Any, topic_arn: str = TOPIC_ARN, table_name: str = TABLE_NAME
) -> EventHandler:
    """Give a contender by its name; a peer is imported only then, so that none is part of another's start-up."""
    if name == OURS:
        return product_alerts(sns, dynamodb, RULE, topic_arn, table_name)
    if name == SHIPPED:
        return product_alerts(sns, dynamodb, Path(RULES).read_text(encoding="utf-8"), topic_arn, table_name)
    peer = import_module(f"benchmarks.peers.{_MODULES[name]}")
    built: EventHandler = (
        peer.build(sns, topic_arn, dynamodb, table_name) if name == POWERTOOLS else peer.build(sns, topic_arn)
    )
    return built
