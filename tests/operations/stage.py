"""A deployed stage in memory, and the operations commands run against it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import pytest
from botocore.exceptions import ClientError

from notifications.publishing.ledger import SentAlert
from notifications.publishing.ledger_table import DynamoDbLedger
from operations.__main__ import main
from tests.aws_in_memory import LEDGER
from tests.builders import STREAM, TABLE, rules
from tests.rules.scenario import Shop
from tests.service import Service

SHARD = "shardId-00000001"
KEY = f"aws/lambda/mapping/{SHARD}/2026/11/21/2026-11-21T09.02.00-"
OPEN, CLOSED = {"StartingSequenceNumber": "1"}, {"StartingSequenceNumber": "1", "EndingSequenceNumber": "9"}


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as one JSON value."""
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        """What it printed, read as one JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def lines(self) -> list[str]:
        """What it printed, without the empty lines and the spaces around each."""
        return [line.strip() for line in self.out.splitlines() if line.strip()]


Operate = Callable[..., Done]


def refusal(code: str) -> ClientError:
    """Make the error that an AWS client raises."""
    return ClientError({"Error": {"Code": code, "Message": "said so"}}, "Operation")


@dataclass
class Shard:
    """A shard: pages of records, or errors where a page should be; the last page of an open one comes again empty."""

    pages: list[list[dict[str, Any]] | ClientError]
    shard_id: str = SHARD
    parent: str = ""
    range: dict[str, str] = field(default_factory=lambda: dict(OPEN))
    trimmed_before: str = ""
    """Records before this sequence number are gone."""
    gone: bool = False

    @property
    def description(self) -> dict[str, Any]:
        """What DescribeStream says of it."""
        found = {"ShardId": self.shard_id, "SequenceNumberRange": self.range}
        return {**found, "ParentShardId": self.parent} if self.parent else found


class FakeStreams:
    """A dynamodbstreams client over shards; DescribeStream gives one shard a page."""

    def __init__(self, *shards: Shard) -> None:
        self._shards = {shard.shard_id: shard for shard in shards}
        self.asked: list[str] = []
        """Operation names, in order."""

    def describe_stream(self, *, StreamArn: str, ExclusiveStartShardId: str = "") -> dict[str, Any]:  # noqa: N803
        """List one shard a page."""
        assert StreamArn == STREAM
        self.asked.append("DescribeStream")
        ids = list(self._shards)
        position = ids.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        page: dict[str, Any] = {"Shards": [self._shards[shard_id].description for shard_id in ids[position:][:1]]}
        if position + 1 < len(ids):
            page["LastEvaluatedShardId"] = ids[position]
        return {"StreamDescription": page}

    def get_shard_iterator(
        self, *, StreamArn: str, ShardId: str, ShardIteratorType: str, SequenceNumber: str = "0"  # noqa: N803
    ) -> dict[str, Any]:  # fmt: skip
        """Point at the beginning or a record."""
        assert StreamArn == STREAM
        self.asked.append("GetShardIterator")
        shard = self._shards.get(ShardId)
        if shard is None or shard.gone:
            raise refusal("ResourceNotFoundException")
        if ShardIteratorType == "AT_SEQUENCE_NUMBER" and int(SequenceNumber) < int(shard.trimmed_before or 0):
            raise refusal("TrimmedDataAccessException")
        start = SequenceNumber if ShardIteratorType == "AT_SEQUENCE_NUMBER" else "0"
        return {"ShardIterator": f"{ShardId} 0 {start}"}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803
        """Give a page."""
        assert Limit <= 1000
        self.asked.append("GetRecords")
        shard_id, page, start = ShardIterator.split()
        shard = self._shards[shard_id]
        number = int(page)
        found = shard.pages[number] if number < len(shard.pages) else []
        if isinstance(found, ClientError):
            raise found
        first = max(int(start), int(shard.trimmed_before or 0))
        records = [record for record in found if int(record["dynamodb"]["SequenceNumber"]) >= first]
        last = number + 1 >= len(shard.pages) and "EndingSequenceNumber" in shard.range
        return {"Records": records, **({} if last else {"NextShardIterator": f"{shard_id} {number + 1} {start}"})}


class FakeQueue:
    """An SQS client with one queue; a message that is received is hidden until it is given back."""

    def __init__(self, *bodies: str) -> None:
        self.messages = {f"receipt-{number}": body for number, body in enumerate(bodies, 1)}
        self.hidden: set[str] = set()

    def receive_message(self, *, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Hand out what nobody has."""
        assert 1 <= MaxNumberOfMessages <= 10
        found = [receipt for receipt in self.messages if receipt not in self.hidden][:MaxNumberOfMessages]
        self.hidden.update(found)
        return {"Messages": [{"ReceiptHandle": each, "Body": self.messages[each]} for each in found]} if found else {}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: ARG002, N803
        """Delete."""
        del self.messages[ReceiptHandle]
        self.hidden.discard(ReceiptHandle)

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: ARG002, N803
        """Give a message back."""
        assert VisibilityTimeout == 0
        self.hidden.discard(ReceiptHandle)


class FakeBucket:
    """An S3 client with one bucket; an object is its text, or an error."""

    def __init__(self, **objects: Any) -> None:
        self.objects = {KEY + name: text for name, text in objects.items()}
        self.size = 0

    def get_paginator(self, operation: str) -> FakeBucket:
        """Page by page."""
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Any:  # noqa: N803
        """Give an object a page."""
        assert (Bucket, Prefix) == ("bucket", "aws/lambda/")
        yield {}
        for key in list(self.objects):
            yield {"Contents": [{"Key": key, "Size": self.size}]}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: ARG002, N803
        """Read."""
        found = self.objects[Key]
        if isinstance(found, Exception):
            raise found
        return {"Body": io.BytesIO(found.encode())}

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: ARG002, N803
        """Delete."""
        del self.objects[Key]


class FakeFunction:
    """A lambda client: answers from a list, and then that all is done. An answer in bytes goes out as it is."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.events: list[Any] = []
        self.log = ""
        self.error = ""
        """The FunctionError of every answer; without one, an answer with an errorMessage fails."""

    def invoke(self, *, FunctionName: str, Payload: bytes, LogType: str = "None") -> dict[str, Any]:  # noqa: N803
        """Run it."""
        assert FunctionName in {"product-alerts-dev-alerts", "product-alerts-dev-delivery"}
        self.events.append(json.loads(Payload))
        log = {"LogResult": base64.b64encode(self.log.encode()).decode()} if LogType == "Tail" else {}
        answer = self.answers.pop(0) if self.answers else {"batchItemFailures": []}
        if isinstance(answer, ClientError):
            raise answer
        error = self.error or ("Unhandled" if isinstance(answer, dict) and "errorMessage" in answer else "")
        payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return {"Payload": io.BytesIO(payload), **({"FunctionError": error} if error else {}), **log}


class FakeStack:
    """A deployed stage."""

    table_arn = TABLE
    stage = "dev"
    outputs: ClassVar[dict[str, str]] = {
        "ProductsStreamArn": STREAM,
        "LedgerTableName": LEDGER,
        "FailuresQueueUrl": "https://queue",
        "AlertsFunctionName": "product-alerts-dev-alerts",
        "DeliveryFunctionName": "product-alerts-dev-delivery",
        "UndeliveredQueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/product-alerts-dev-undelivered",
    }

    def __init__(self, **clients: Any) -> None:
        self._clients = clients

    def client(self, service: str) -> Any:
        """Give the one client of a service."""
        return self._clients[service]


@pytest.fixture
def operate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Operate:
    """Run a command; `stack` is what looking a stage up finds."""
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: object, stack: FakeStack | None = None) -> Done:
        def find(stage: str, region: str | None) -> Any:
            assert (stage, region) == ("dev", None)
            assert stack, "this command needs no stage"
            return stack

        code = main([str(argument) for argument in arguments], find)
        return Done(code, *capsys.readouterr())

    return run


def write_history(client: Any, text: str, shop: Shop, published_at: float) -> Service:
    """Play a shop's changes and write the alerts into the ledger table as the function does."""
    service = Service(rules(text))
    service.handle(*shop.records)
    ledger = DynamoDbLedger(client, LEDGER, 90, now=lambda: published_at)
    ledger.write([SentAlert(f"{alert.source}#{alert.subject}", alert) for alert in service.alerts])
    return service
