"""The delivery function's role is sufficient, and each of its grants is necessary."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from notifications import bootstrap_delivery
from notifications.delivery.handling.delivery import Deliveries
from notifications.pipeline import Pipeline
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from tests import soak
from tests.builders import message
from tests.fuzz.events import SAMPLES, mutated
from tests.fuzz.test_fuzz import RULES
from tests.infrastructure.computed import resources_of
from tests.infrastructure.policies import Call, Recorder, denied
from tests.template.test_receivers import NAMES, RECEIVERS

ENVIRONMENT = {
    "STAGE": "dev",
    "LEDGER_TABLE_NAME": "LedgerTable",
    "LEDGER_RETENTION_DAYS": "32",
    "UNDELIVERED_QUEUE_URL": "https://sqs/UndeliveredQueue",
    "QUEUE_PREFIX": "to-",
    "DEPLOYMENT": "1",
    "PEOPLE_TOPIC_ARN": "PeopleTopic",
    "CHAT_TOPIC_PREFIX": "chat-",
    "CONFIGURATION_SET": "set",
    "SECRETS_PREFIX": "/",
    "ALLOW_PRIVATE_ADDRESSES": "true",
    "HTTP_ENDPOINT_URL": "http://127.0.0.1:9",  # nothing answers: these receivers are tried again
}
EVENTS = soak.length(1_000)
QUEUES = {f"to-{name}": f"{resource}ReceiverQueue" for name, resource in NAMES.items()}
TOPICS = {"PeopleTopic": "PeopleTopic", "chat-night-shift": "NightShiftChatTopic"}
SECRETS = {"buyers-slack": "https://hooks.slack.com/services/T/B/x", "erp-key": "whsec_" + "A" * 32}
# What Lambda does on the function's behalf, and what a mail needs where the address or its domain is verified.
# Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"; Amazon SES Developer Guide, "Controlling access".
BESIDE_THE_CALLS = {
    *(
        Call(f"sqs:{action}", queue)
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        for queue in QUEUES.values()
    ),
    *(Call(f"logs:{action}", "DeliveryLogGroup") for action in ("CreateLogStream", "PutLogEvents")),
    *(Call("ses:SendRawEmail", f"identity/{identity}") for identity in ("alerts@shop.example", "shop.example")),
}


class DeliveryRecorder(Recorder):
    """The clients of the delivery function."""

    def __init__(self) -> None:
        """Note nothing yet."""
        super().__init__()
        self.partitions: set[str] = set()
        """Partition keys of the ledger that were asked for or written."""

    def calls_of(self, model: Any, params: Mapping[str, Any]) -> Iterable[Call]:
        """Say what IAM would be asked for."""
        if model.service_model.service_name == "dynamodb":
            self.partitions.update(_partitions(params))
        return _actions(model.service_model.service_name, model.name, params)

    def answer_to(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Make what AWS answers."""
        if operation == "GetQueueUrl":
            return {"QueueUrl": f"https://sqs/{params['QueueName']}"}
        if operation == "GetParameter":
            return {"Parameter": {"Value": SECRETS[params["Name"].strip("/")]}}
        if operation == "Query":  # one alert waits for the digest
            body = message("prod-1").body
            held = {"alert": {"S": "2026-11-21T08:00:00Z#a"}, "event": {"B": gzip.compress(body.encode())}}
            return {"Items": [held]}
        return {}


def _partitions(params: Any) -> Iterator[str]:
    """Yield the partition keys in a request, wherever they stand in it."""
    condition = re.match(r"product = (:\w+)", params.get("KeyConditionExpression", ""))
    if condition:
        yield params["ExpressionAttributeValues"][condition[1]]["S"]
    for name, value in params.items():
        inner = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]
        if name == "product":
            yield value["S"]
        else:
            for each in inner:
                yield from _partitions(each)


def _actions(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Call]:
    if operation == "TransactWriteItems":
        kinds = {kind for entry in params["TransactItems"] for kind in entry}
        yield from (Call(f"dynamodb:{kind}Item", "LedgerTable") for kind in kinds)
    elif service == "dynamodb":
        yield Call(f"dynamodb:{operation}", "LedgerTable")
    elif service == "sqs":
        queue = params.get("QueueName") or params["QueueUrl"].rpartition("/")[2]
        yield Call(f"sqs:{operation}", QUEUES.get(queue, queue))
    elif service == "sns":
        yield Call("sns:Publish", TOPICS[params["TopicArn"]])
    elif service == "ses":
        yield Call(f"ses:{operation}", "configuration-set/product-alerts-dev")
    else:
        yield Call(f"{service}:{operation}", f"parameter/product-alerts/dev/{params['Name'].strip('/')}")


def _resource(value: Any) -> str:
    if "Fn::Sub" in value:
        text = value["Fn::Sub"].replace("${self:service}", "product-alerts").replace("${sls:stage}", "dev")
        return re.sub(r"^.*\$\{AWS::AccountId\}:", "", str(text))
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])


@pytest.fixture
def statements(tmp_path: Path) -> list[Mapping[str, Any]]:
    """Give the role's statements, with a receiver of each sort."""
    file = tmp_path / "receivers.toml"
    file.write_text(RECEIVERS, encoding="utf-8")
    role = resources_of("receivers.cjs", receiversFile=str(file))["DeliveryRole"]["Properties"]
    return [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]


@pytest.fixture
def grants(statements: list[Mapping[str, Any]]) -> set[Call]:
    """Give what the role allows."""
    return {
        Call(action, _resource(resource))
        for statement in statements
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def delivery_on(
    recorder: DeliveryRecorder, folder: Path, patch: pytest.MonkeyPatch, receivers: str = RECEIVERS
) -> Deliveries:
    """Put the delivery function together with the recorder's clients; its project is in `folder`."""
    (folder / "receivers.toml").write_text(receivers, encoding="utf-8")
    patch.setattr(bootstrap_delivery, "make_client", recorder.client)
    return bootstrap_delivery.build_delivery(ENVIRONMENT, folder)


def event_of(receiver: str, *bodies: str) -> dict[str, Any]:
    """Make what the mapping sends of messages in a receiver's queue."""
    arn = f"arn:aws:sqs:x:1:to-{receiver}"
    records = [
        {"messageId": str(number), "receiptHandle": "r", "eventSourceARN": arn, "body": body}
        for number, body in enumerate(bodies)
    ]
    return {"Records": records}


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeliveryRecorder:
    """Deliver, fail, hold, send a digest and give up, and give what was recorded."""
    recorder = DeliveryRecorder()
    function = delivery_on(recorder, tmp_path, monkeypatch)
    for name in NAMES:
        for body in (message("prod-1").body, "not an alert", json.dumps({"flush": "merch"})):
            function.handle(event_of(name, body))
            function.handle(event_of(name, body), lambda: 0)  # no time is left: it comes again
    return recorder


def test_every_call_is_allowed_and_every_grant_is_needed(grants: set[Call], recorder: DeliveryRecorder) -> None:
    """Without any one of them some call is denied."""
    needed = recorder.calls | BESIDE_THE_CALLS
    assert denied(needed, grants) == set()
    for grant in grants:
        assert denied(needed, grants - {grant}), f"nothing needs {grant}"


def test_of_the_ledger_it_touches_only_what_the_condition_lets_it(
    statements: list[Mapping[str, Any]], recorder: DeliveryRecorder
) -> None:
    """Deliveries and outboxes, each pattern for some: never what the stream's function remembers."""
    (remembers,) = [each for each in statements if each["Sid"] == "RememberDeliveries"]
    patterns = remembers["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    matches = {(key, pattern) for key in recorder.partitions for pattern in patterns if fnmatchcase(key, pattern)}
    assert {key for key, _ in matches} == recorder.partitions
    assert {pattern for _, pattern in matches} == set(patterns)


@pytest.mark.soak
@pytest.mark.usefixtures("silence")
def test_whatever_an_alert_holds_every_request_is_taken(
    grants: set[Call], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alerts of all events and of spoilt ones, to each receiver; conftest.py holds each request against AWS."""
    recorder = DeliveryRecorder()
    at_once = "".join(line for line in RECEIVERS.splitlines(keepends=True) if not line.startswith(("digest", "quiet")))
    function = delivery_on(recorder, tmp_path, monkeypatch, at_once)
    dice = random.Random(7)  # noqa: S311 - a test's dice
    events = [*map(json.loads, SAMPLES), *(mutated(dice) for _ in range(EVENTS))]
    sent = 0
    for number, each in enumerate(events):
        topic = MemoryTopic()
        Pipeline(RULES[number % len(RULES)], topic, MemoryLedger(), MemoryFailures()).handle(each)
        bodies = [message.body for message in topic.published]
        for name in NAMES:
            function.handle(event_of(name, *bodies))
        sent += len(bodies)
    assert sent > EVENTS / 2
    assert {"sns:Publish", "ses:SendRawEmail"} <= {call.action for call in recorder.calls}
    assert denied(recorder.calls, grants) == set()
