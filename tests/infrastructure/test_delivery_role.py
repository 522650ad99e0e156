"""The delivery function's role is sufficient, and each of its grants is necessary."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from notifications import bootstrap_delivery
from tests.builders import message
from tests.infrastructure.computed import resources_of
from tests.infrastructure.policies import Call, Recorder, denied
from tests.test_service_delivery import NAMES, RECEIVERS

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

    def calls_of(self, model: Any, params: Mapping[str, Any]) -> Iterable[Call]:
        """Say what IAM would be asked for."""
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
def grants(tmp_path: Path) -> set[Call]:
    """Give what the role allows, with a receiver of each sort."""
    file = tmp_path / "receivers.toml"
    file.write_text(RECEIVERS, encoding="utf-8")
    role = resources_of("receivers.cjs", receiversFile=str(file))["DeliveryRole"]["Properties"]
    return {
        Call(action, _resource(resource))
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[Call]:
    """Deliver, fail, hold, send a digest and give up, and give the calls that were made."""
    (tmp_path / "receivers.toml").write_text(RECEIVERS, encoding="utf-8")
    recorder = DeliveryRecorder()
    monkeypatch.setattr(bootstrap_delivery, "make_client", recorder.client)
    function = bootstrap_delivery.build_delivery(ENVIRONMENT, tmp_path)
    flush = json.dumps({"flush": "merch"})
    for name in NAMES:
        for body in (message("prod-1").body, "not an alert", flush):
            record = {
                "messageId": "1",
                "receiptHandle": "r",
                "eventSourceARN": f"arn:aws:sqs:x:1:to-{name}",
                "body": body,
            }
            function.handle({"Records": [record]})
            function.handle({"Records": [record]}, lambda: 0)  # no time is left: it comes again
    return recorder.calls


def test_every_call_is_allowed_and_every_grant_is_needed(grants: set[Call], calls: set[Call]) -> None:
    """Without any one of them some call is denied."""
    needed = calls | BESIDE_THE_CALLS
    assert denied(needed, grants) == set()
    for grant in grants:
        assert denied(needed, grants - {grant}), f"nothing needs {grant}"
