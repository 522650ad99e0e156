# ruff: noqa: ARG002, N803 - boto3's own names, all of them
"""Clients of SNS, DynamoDB, SQS, the Streams API and Lambda, as far as the function and `redrive` use them.

The function's own adapters stand before them, so that those are under test as well. `test_fake_aws.py` holds these
clients against the local AWS.
"""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from event_source_mapping.mapping.ports import FailureNotice
from event_source_mapping.model.errors import DestinationError
from event_source_mapping.testing.fake_stream import FakeShard
from tests.simulation.faults import Faults
from tests.simulation.scenario import PARK, PUBLISH, READ, WRITE


@dataclass
class Publication:
    """One message that the topic took."""

    id: str
    product: str
    rule: str
    number: int
    summary: bool
    held: int
    invocation: int
    live: bool
    excused: bool
    """The first of its id, or a repeat that the design allows."""


class FakeSns:
    """A topic."""

    def __init__(self, faults: Faults, refusal_of: Callable[[int], str]) -> None:
        """`refusal_of` a sequence number: "entry", "call" or ""."""
        self._faults = faults
        self._refusal_of = refusal_of
        self.publications: list[Publication] = []
        self._ids: set[str] = set()
        self.excused: set[str] = set()
        """Ids that may go out once more: what was known of them was lost with a process, a call or a write."""
        self.unlogged: set[str] = set()
        """Ids that this ever happened to, with all that their invocation published."""

    def publish_batch(self, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:
        """Take a batch, or a part of it."""
        entries = PublishBatchRequestEntries
        taken: list[str] = []

        def take(only: Callable[[], bool] = lambda: True) -> dict[str, Any]:
            events = [(entry["Id"], json.loads(entry["Message"])) for entry in entries]
            refusals = {entry: self._refusal(event) for entry, event in events}
            if "call" in refusals.values():
                raise _client_error("InvalidParameter", "PublishBatch")
            answer: dict[str, Any] = {"Successful": [], "Failed": []}
            for entry, event in events:
                if refusals[entry]:
                    answer["Failed"].append({"Id": entry, "Code": "InvalidParameter", "SenderFault": True})
                elif only():
                    self._take(event)
                    taken.append(event["id"])
                    answer["Successful"].append({"Id": entry, "MessageId": f"message-{len(self.publications)}"})
                else:
                    answer["Failed"].append({"Id": entry, "Code": "InternalError", "SenderFault": False})
            return answer

        answered = False
        try:
            answer = self._faults.call(PUBLISH, take, partial=lambda dice: take(lambda: dice.random() < 0.5))
            answered = True
        finally:
            if not answered:
                self.excused.update(taken)
                self.unlogged.update(taken)
        return answer

    def _refusal(self, event: dict[str, Any]) -> str:
        return "" if self._faults.mended else self._refusal_of(int(event["data"]["sequenceNumber"]))

    def _take(self, event: dict[str, Any]) -> None:
        running, data = self._faults.running, event["data"]
        excused = event["id"] not in self._ids or event["id"] in self.excused or running.twin
        self.excused.discard(event["id"])
        self._ids.add(event["id"])
        running.unwritten.add(event["id"])
        running.published.add(event["id"])
        self.publications.append(
            Publication(
                id=event["id"],
                product=event["subject"],
                rule=data["rule"],
                number=int(data["sequenceNumber"]),
                summary="summary" in data,
                held=data.get("heldBack", {}).get("count", 0),
                invocation=running.number,
                live=running.live,
                excused=excused,
            )
        )


@dataclass
class FakeDynamo:
    """The ledger's table."""

    faults: Faults
    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    counted: set[tuple[str, str]] = field(default_factory=set)
    """Product and sequence number of what the rules' written memories have taken in, while the stream was read."""
    calls: Counter[str] = field(default_factory=Counter)

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        """Look items up; a partial answer leaves some for the next call."""
        ((table, asked),) = RequestItems.items()
        keys = asked["Keys"]
        assert asked["ConsistentRead"] is True
        assert len(keys) <= 100
        assert len({(key["product"]["S"], key["alert"]["S"]) for key in keys}) == len(keys), "a key twice"

        def read(part: Sequence[dict[str, Any]]) -> dict[str, Any]:
            found = (self.items.get((key["product"]["S"], key["alert"]["S"])) for key in part)
            return {"Responses": {table: [item for item in found if item]}}

        def in_part(dice: random.Random) -> dict[str, Any]:
            cut = dice.randrange(len(keys))
            return {**read(keys[:cut]), "UnprocessedKeys": {table: {**asked, "Keys": keys[cut:]}}}

        self.calls[READ] += 1
        return self.faults.call(READ, lambda: read(keys), partial=in_part)

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:
        """Write all or nothing."""
        assert 1 <= len(TransactItems) <= 100
        keys = [self._key(action) for action in TransactItems]
        assert len(set(keys)) == len(keys), "an item twice in one transaction"

        def write() -> dict[str, Any]:
            for action, key in zip(TransactItems, keys, strict=True):
                self._apply(action, key)
            return {}

        self.calls[WRITE] += 1
        return self.faults.call(WRITE, write)

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        """Write items each by itself; a partial answer leaves some for the next call."""
        ((table, asked),) = RequestItems.items()
        assert 1 <= len(asked) <= 25
        keys = [self._key({"Put": each["PutRequest"]}) for each in asked]
        assert len(set(keys)) == len(keys), "an item twice in one call"

        def write(only: Callable[[], bool] = lambda: True) -> dict[str, Any]:
            left = []
            for each, key in zip(asked, keys, strict=True):
                if only():
                    self._apply({"Put": each["PutRequest"]}, key)
                else:
                    left.append(each)
            return {"UnprocessedItems": {table: left}} if left else {}

        self.calls[WRITE] += 1
        return self.faults.call(WRITE, write, partial=lambda dice: write(lambda: dice.random() < 0.5))

    def update_item(self, Key: dict[str, Any], ExpressionAttributeValues: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Take places in an hour, if they are left."""
        where, values = (Key["product"]["S"], Key["alert"]["S"]), ExpressionAttributeValues

        def update() -> dict[str, Any]:
            item = dict(self.items.get(where, Key))
            taken = item.get("admitted", {"SS": []})["SS"]
            if ":ids" in values:
                if len(taken) > int(values[":room"]["N"]):
                    raise _client_error("ConditionalCheckFailedException", "UpdateItem", Item=item)
                item["admitted"] = {"SS": sorted({*taken, *values[":ids"]["SS"]})}
            if ":summary" in values:
                item.setdefault("summary", values[":summary"])
            self.items[where] = item
            return {"Attributes": item}

        self.calls[READ] += 1
        return self.faults.call(READ, update)

    @staticmethod
    def _key(action: dict[str, Any]) -> tuple[str, str]:
        where = action["Put"]["Item"]
        return where["product"]["S"], where["alert"]["S"]

    def _apply(self, action: dict[str, Any], key: tuple[str, str]) -> None:
        item = action["Put"]["Item"]
        self.items[key] = item
        if "id" in item:
            self.faults.running.unwritten.discard(item["id"]["S"])
            self.faults.known_out.discard(item["id"]["S"])
        if "rules" in item:
            self._note_counted(key[0], item["rules"]["M"])

    def _note_counted(self, product_key: str, rules: dict[str, Any]) -> None:
        running = self.faults.running
        if not running.live:
            return
        seen = max((int(memory["M"].get("sequence_number", {"S": "0"})["S"]) for memory in rules.values()), default=0)
        product = json.loads(product_key.partition("#")[2])["productId"]["S"]
        self.counted.update((product, number) for number in running.numbers if int(number) <= seen)


class FakeSqs:
    """The failures queue, and the destination of the mapping that leads there."""

    def __init__(self, faults: Faults) -> None:
        """Start empty."""
        self._faults = faults
        self.messages: dict[str, str] = {}
        """Receipt to body."""
        self.parked: Counter[tuple[str, str]] = Counter()
        """Event id and rule of everything that the function ever parked."""
        self.excused: set[tuple[str, str]] = set()
        """What may be there twice."""
        self.documents: list[FailureNotice] = []
        self._hidden: set[str] = set()
        self._count = 0

    def send_message(self, QueueUrl: str, MessageBody: str, MessageAttributes: dict[str, Any]) -> dict[str, Any]:
        """Take a message of the function."""
        body = json.loads(MessageBody)
        keys = {(body["record"]["eventID"], rule) for rule in (body["rule"] or "").split(", ")}
        running = self._faults.running
        answered = False

        def take() -> dict[str, Any]:
            self._keep(MessageBody)
            self.parked.update(keys)
            running.parked.update(keys)
            return {"MessageId": "1"}

        try:
            answer = self._faults.call(PARK, take)
            answered = True
        finally:
            if running.repeats or not answered:
                self.excused.update(keys)
        return answer

    def send(self, destination_arn: str, notice: FailureNotice) -> None:
        """Take a document of the mapping; the port `FailureDestination`."""
        if not notice.document:
            raise DestinationError("an empty document")
        self.documents.append(notice)
        self._keep(json.dumps(notice.document))

    def _keep(self, body: str) -> None:
        self._count += 1
        self.messages[f"receipt-{self._count}"] = body

    def receive_message(self, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:
        """Hand messages out that nobody has."""
        found = [receipt for receipt in self.messages if receipt not in self._hidden][:MaxNumberOfMessages]
        self._hidden.update(found)
        return {"Messages": [{"Body": self.messages[receipt], "ReceiptHandle": receipt} for receipt in found]}

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        """Give a message back."""
        self._hidden.discard(ReceiptHandle)

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        """Delete a message."""
        del self.messages[ReceiptHandle]


class FakeStreams:
    """The Streams API over the shards that the mapping reads."""

    def __init__(self, shards: Sequence[FakeShard]) -> None:
        """Read `shards`, all of whose records are there."""
        self._shards = {shard.shard_id: shard for shard in shards}

    def describe_stream(self, StreamArn: str) -> dict[str, Any]:
        """List the shards."""
        return {"StreamDescription": {"Shards": [{"ShardId": shard_id} for shard_id in self._shards]}}

    def get_shard_iterator(
        self,
        StreamArn: str,
        ShardId: str,
        ShardIteratorType: str,
        SequenceNumber: str = "",
    ) -> dict[str, Any]:
        """Give shard and position."""
        numbers = [record.sequence_number for record in self._shards[ShardId].records]
        if ShardIteratorType == "AT_SEQUENCE_NUMBER" and SequenceNumber not in numbers:
            raise _client_error("TrimmedDataAccessException", "GetShardIterator")
        return {"ShardIterator": f"{ShardId}|{numbers.index(SequenceNumber) if SequenceNumber else 0}"}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:
        """Read to the end of the shard."""
        shard_id, position = ShardIterator.rsplit("|", 1)
        records = [dict(record.event) for record in self._shards[shard_id].records[int(position) :]]
        return {"Records": records, "NextShardIterator": None}


@dataclass
class FakeLambda:
    """The function, as `redrive` invokes it."""

    handler: Callable[[dict[str, Any]], tuple[dict[str, Any], bool]]

    def invoke(self, FunctionName: str, Payload: bytes, LogType: str = "None") -> dict[str, Any]:
        """Run it; the second of what the handler returns tells whether it died."""
        answer, died = self.handler(json.loads(Payload))
        found = {"Payload": io.BytesIO(json.dumps(answer).encode())}
        return {**found, "FunctionError": "Unhandled"} if died else found


@dataclass
class FakeStack:
    """A deployed stage, as `redrive` looks it up."""

    clients: dict[str, Any]
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        """Give the one client of a service."""
        return self.clients[service]


def _client_error(code: str, operation: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "simulated"}, **more}
    return ClientError(response, operation)
