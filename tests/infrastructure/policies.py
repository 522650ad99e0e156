"""Which calls a role may make, and which calls the function makes."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from notifications.config import rules_file
from notifications.pipeline import Pipeline
from notifications.publishing.failures import SqsFailures
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.topic import SnsTopic
from notifications.rules.ruleset import Ruleset
from tests.aws_in_memory import new_client
from tests.builders import EVENTS, ROOT, added, event, modified, priced, removed, stocked

ACCOUNT = "us-east-1:123456789012"
ARNS = {
    "AlertsTopic": f"arn:aws:sns:{ACCOUNT}:alerts",
    "FailuresQueue": f"arn:aws:sqs:{ACCOUNT}:failures",
    "LedgerTable": f"arn:aws:dynamodb:{ACCOUNT}:table/ledger",
    "ProductsTable": f"arn:aws:dynamodb:{ACCOUNT}:table/products/stream/2026",
    "GivenUpBucket": "arn:aws:s3:::given-up",
    "AlertsLogGroup": f"arn:aws:logs:{ACCOUNT}:log-group:/aws/lambda/alerts:*",
}
"""What a Ref or GetAtt of each resource stands for."""


class Call(NamedTuple):
    """An action on a resource."""

    action: str
    resource: str


def resolved(value: Any) -> str:
    """Give the ARN that a resource of a statement stands for."""
    if isinstance(value, str):
        return value
    ((function, given),) = value.items()
    if function == "Fn::Join":
        return str(given[0]).join(resolved(part) for part in given[1])
    return ARNS[given if function == "Ref" else given[0]]


def allowed(statements: Iterable[Mapping[str, Any]]) -> set[Call]:
    """List what statements allow; resources may hold wildcards."""
    return {
        Call(action, resolved(resource))
        for statement in statements
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def denied(calls: Iterable[Call], grants: Iterable[Call]) -> set[Call]:
    """List the calls that no grant covers."""
    grants = list(grants)
    return {
        call
        for call in calls
        if not any(
            call.action == grant.action and fnmatch.fnmatchcase(call.resource, grant.resource) for grant in grants
        )
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# Lambda's own, on the function's behalf. Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB",
# "Retaining discarded batches for a DynamoDB event source", "Sending Lambda function logs to CloudWatch Logs".
OF_LAMBDA = {
    *(
        Call(f"dynamodb:{action}", ARNS["ProductsTable"])
        for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    ),
    Call("s3:PutObject", "arn:aws:s3:::given-up/aws/lambda/mapping/shard/object"),
    Call("s3:ListBucket", "arn:aws:s3:::given-up"),
    Call("logs:CreateLogStream", f"arn:aws:logs:{ACCOUNT}:log-group:/aws/lambda/alerts:log-stream:2026"),
    Call("logs:PutLogEvents", f"arn:aws:logs:{ACCOUNT}:log-group:/aws/lambda/alerts:log-stream:2026"),
}


class Recorder:
    """Clients whose calls are answered at once and noted as the actions that IAM would ask for."""

    def __init__(self) -> None:
        """Note nothing yet."""
        self.calls: set[Call] = set()
        self._clients: dict[str, Any] = {}
        self._params: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Make a client."""
        if service not in self._clients:
            client = new_client(service)
            client.meta.events.register("provide-client-params.*.*", self._note)
            client.meta.events.register("before-call.*.*", self._answer)
            self._clients[service] = client
        return self._clients[service]

    def calls_of(self, model: Any, params: Mapping[str, Any]) -> Iterable[Call]:
        """Say what IAM would be asked for."""
        return _CALLS[model.name](params)

    def answer_to(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Make what AWS answers."""
        if operation == "PublishBatch":
            ids = [entry["Id"] for entry in params["PublishBatchRequestEntries"]]
            return {"Successful": [{"Id": each, "MessageId": each} for each in ids]}
        if operation == "BatchGetItem":
            return {"Responses": {}, "UnprocessedKeys": {}}
        if operation == "UpdateItem":  # an hour that nobody else alerts in
            values = params["ExpressionAttributeValues"]
            taken = {"admitted": values.get(":ids"), "summary": values.get(":summary")}
            return {"Attributes": {name: value for name, value in taken.items() if value}}
        return {}

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.update(self.calls_of(model, params))
        self._params = params

    def _answer(self, model: Any, **_: Any) -> Any:
        http = SimpleNamespace(status_code=200, headers={}, content=b"")
        return http, {"ResponseMetadata": {"HTTPStatusCode": 200}, **self.answer_to(model.name, self._params)}


def _transaction(params: Mapping[str, Any]) -> list[Call]:
    return [
        Call(f"dynamodb:{kind}Item", _table(item["TableName"]))
        for entry in params["TransactItems"]
        for kind, item in entry.items()
    ]


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{ACCOUNT}:table/{name}"


def _queue(url: str) -> str:
    return f"arn:aws:sqs:{ACCOUNT}:{url.rpartition('/')[2]}"


_CALLS: dict[str, Callable[[Mapping[str, Any]], Iterable[Call]]] = {
    "PublishBatch": lambda params: [Call("sns:Publish", params["TopicArn"])],
    "Publish": lambda params: [Call("sns:Publish", params["TopicArn"])],
    "SendMessage": lambda params: [Call("sqs:SendMessage", _queue(params["QueueUrl"]))],
    "BatchGetItem": lambda params: [Call("dynamodb:BatchGetItem", _table(name)) for name in params["RequestItems"]],
    "BatchWriteItem": lambda params: [Call("dynamodb:BatchWriteItem", _table(name)) for name in params["RequestItems"]],
    "UpdateItem": lambda params: [Call("dynamodb:UpdateItem", _table(params["TableName"]))],
    "TransactWriteItems": _transaction,
}  # fmt: skip


def function_on(recorder: Recorder, rules: Ruleset) -> Pipeline:
    """Put the function together as it is on AWS, with the recorder's clients."""
    return Pipeline(
        rules,
        SnsTopic(recorder.client("sns"), ARNS["AlertsTopic"]),
        DynamoDbLedger(recorder.client("dynamodb"), "ledger", 16, sleep=_at_once),
        SqsFailures(recorder.client("sqs"), "https://sqs.us-east-1.amazonaws.com/123456789012/failures", "1"),
        sleep=_at_once,
    )


def _at_once(_: float) -> None:
    """Pass the time."""


def calls_of_the_function(rules: str) -> set[Call]:
    """Play all recorded events, and changes of every kind under rules that remember, and list the calls made."""
    recorder = Recorder()
    for text in ((ROOT / "alerts.toml").read_text(encoding="utf-8"), rules):
        pipeline = function_on(recorder, rules_file.parse(text))
        for file in sorted(Path(EVENTS).glob("*.json")):
            pipeline.handle(json.loads(file.read_text(encoding="utf-8")))
        records = [
            *(added(f"p{number}", number, price=9, stock=9) for number in range(1, 5)),
            *(priced(9, 8 - number, "p1", 10 + number) for number in range(3)),
            stocked(9, 2, "p2", 20),
            stocked(2, 0, "p2", 21),
            modified({"name": "a"}, {"name": "b"}, "p3", 22),
            removed("p1", 30, price=5),
            {"not": "a record"},
        ]
        for record in records:
            pipeline.handle(event(record))
        pipeline.handle({**event(*records), "redrive": True})
    return recorder.calls
