"""Deliveries and the outbox in the ledger table.

An item a delivery under `delivery#RECEIVER` and the alert's id, and one a held alert under `outbox#RECEIVER`, sorted by
when it is due. One more for each receiver says until when a flush has its outbox, and what was in its digest.
Limits: Amazon DynamoDB API Reference, "BatchGetItem" and "BatchWriteItem".
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from notifications.common.errors import ServiceError
from notifications.delivery.handling.progress import MARK_BYTES, Delivery, Held, Progress, ProgressSnapshot
from notifications.publishing.aws_calls import aws_call
from notifications.text.formatting import shorten

DISABLED, FLUSH = "#disabled", "#flush"  # sort keys beside the ids, which do not begin so
MOST_WRITTEN = 25
_TAKEN = "ConditionalCheckFailedException"
_ATTEMPTS = 5
_FIRST_PAUSE = 0.05  # seconds; doubles
_LONGEST_TITLE = 300
_LONGEST_ERROR = 500
_SECONDS_A_DAY = 86_400
_DUE_FORMAT = "%Y-%m-%dT%H:%M:%SZ"  # texts of it sort as the times do


def deliveries_of(receiver: str) -> str:
    """Return the partition of a receiver's deliveries."""
    return f"delivery#{receiver}"


def outbox_of(receiver: str) -> str:
    """Return the partition of what is held for a receiver."""
    return f"outbox#{receiver}"


class DynamoDbProgress:
    """Deliveries and outbox in DynamoDB."""

    def __init__(
        self,
        client: Any,
        table_name: str,
        retention_days: int,
        deployment: str,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use `table_name` through a boto3 DynamoDB client; `deployment` names the deployed version."""
        self._client = client
        self._table_name = table_name
        self._retention = retention_days * _SECONDS_A_DAY
        self._deployment = deployment
        self._now = now
        self._sleep = sleep

    def read(self, receiver: str, alert_ids: Iterable[str]) -> ProgressSnapshot:
        """Read consistently: a message that comes again at once must find what was written."""
        partition = deliveries_of(receiver)
        keys = [_key(partition, alert) for alert in dict.fromkeys((DISABLED, *alert_ids))]
        known = ProgressSnapshot()
        asked = {self._table_name: {"Keys": keys, "ConsistentRead": True}}
        for answer in self._until_done("batch_get_item", asked, left="UnprocessedKeys"):
            for item in answer.get("Responses", {}).get(self._table_name, []):
                self._add(known, item)
        return known

    def write(self, delivery: Delivery) -> None:
        """Write one item."""
        self._call("put_item", TableName=self._table_name, Item=self._item(delivery))

    def hold(self, delivery: Delivery, due: datetime) -> None:
        """Write both items in one transaction."""
        outbox = {
            **_key(outbox_of(delivery.receiver), _outbox_key(due, delivery.alert_id)),
            "event": {"B": gzip.compress(delivery.event, mtime=0)},
            "expiresAt": self._expires(),
        }
        puts = [{"Put": {"TableName": self._table_name, "Item": item}} for item in (self._item(delivery), outbox)]
        self._call("transact_write_items", TransactItems=puts)

    def held(self, receiver: str, until: datetime) -> Iterator[Held]:
        """Read the outbox page by page, consistently."""
        query: dict[str, Any] = {
            "TableName": self._table_name,
            "ConsistentRead": True,
            "KeyConditionExpression": "product = :outbox AND alert <= :until",
            "ExpressionAttributeValues": {
                ":outbox": {"S": outbox_of(receiver)},
                ":until": {"S": f"{until.strftime(_DUE_FORMAT)}~"},  # "~" sorts behind the "#" of the keys
            },
        }
        while True:
            answer = self._call("query", **query)
            for item in answer.get("Items", []):
                due, _, alert_id = item["alert"]["S"].partition("#")
                when = datetime.strptime(due, _DUE_FORMAT).replace(tzinfo=UTC)
                yield Held(when, alert_id, gzip.decompress(bytes(item["event"]["B"])))
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def release(self, alerts: Sequence[tuple[Held, Delivery]]) -> None:
        """Write both items of an alert in one call, for several alerts."""
        for start in range(0, len(alerts), MOST_WRITTEN // 2):
            requests: list[dict[str, Any]] = []
            for held, delivery in alerts[start : start + MOST_WRITTEN // 2]:
                key = _key(outbox_of(delivery.receiver), _outbox_key(held.due, held.alert_id))
                requests += [{"PutRequest": {"Item": self._item(delivery)}}, {"DeleteRequest": {"Key": key}}]
            for _ in self._until_done("batch_write_item", {self._table_name: requests}, left="UnprocessedItems"):
                pass

    def open_outbox(self, receiver: str, seconds: int) -> frozenset[bytes]:
        """Take the flush's item with a conditional write, which also says what is marked."""
        now = int(self._now())
        times = {":until": {"N": str(now + seconds)}, ":now": {"N": str(now)}, ":expires": self._expires()}
        try:
            answer = self._update_flush(
                receiver,
                UpdateExpression="SET busyUntil = :until, expiresAt = :expires",
                ConditionExpression="attribute_not_exists(busyUntil) OR busyUntil <= :now",
                ExpressionAttributeValues=times,
                ReturnValues="ALL_NEW",
            )
        except ServiceError as error:
            if _TAKEN in str(error):
                raise ServiceError(f"another flush has the outbox, for {seconds} s at the most") from error
            raise
        marks = bytes(answer.get("Attributes", {}).get("sent", {}).get("B", b""))
        return frozenset(marks[at : at + MARK_BYTES] for at in range(0, len(marks), MARK_BYTES))

    def mark_sent(self, receiver: str, marks: frozenset[bytes]) -> None:
        """Write all marks into the one item, with one call."""
        sent = {"B": b"".join(sorted(marks))}
        self._update_flush(
            receiver,
            UpdateExpression="SET sent = :sent, expiresAt = :expires",
            ExpressionAttributeValues={":sent": sent, ":expires": self._expires()},
        )

    def close_outbox(self, receiver: str, *, crossed_off: bool) -> None:
        """Take the lock from the item, and the marks."""
        self._update_flush(receiver, UpdateExpression=f"REMOVE busyUntil{', sent' if crossed_off else ''}")

    def _update_flush(self, receiver: str, **arguments: Any) -> dict[str, Any]:
        key = _key(deliveries_of(receiver), FLUSH)
        return self._call("update_item", TableName=self._table_name, Key=key, **arguments)

    def disable(self, receiver: str, reason: str) -> None:
        """Write down which deployment found the receiver gone: for the next one it counts no longer."""
        item = {
            **_key(deliveries_of(receiver), DISABLED),
            "deployment": {"S": self._deployment},
            "error": {"S": shorten(reason, _LONGEST_ERROR)},
            "at": {"N": str(int(self._now()))},
            "expiresAt": self._expires(),
        }
        self._call("put_item", TableName=self._table_name, Item=item)

    def _add(self, known: ProgressSnapshot, item: dict[str, Any]) -> None:
        if item["alert"]["S"] != DISABLED:
            attempts = int(item.get("attempts", {}).get("N", "0"))
            known.progress[item["alert"]["S"]] = Progress(item["status"]["S"], attempts)
        elif item["deployment"]["S"] == self._deployment:
            known.disabled = item["error"]["S"]

    def _item(self, delivery: Delivery) -> dict[str, Any]:
        item = {
            **_key(deliveries_of(delivery.receiver), delivery.alert_id),
            "status": {"S": delivery.status},
            "attempts": {"N": str(delivery.attempts)},
            "at": {"N": str(int(self._now()))},
            "title": {"S": shorten(delivery.title, _LONGEST_TITLE)},
            "expiresAt": self._expires(),
        }
        if delivery.event:
            item["event"] = {"B": gzip.compress(delivery.event, mtime=0)}
        if delivery.error:
            item["error"] = {"S": shorten(delivery.error, _LONGEST_ERROR)}
        return item

    def _expires(self) -> dict[str, str]:
        return {"N": str(int(self._now() + self._retention))}

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        with aws_call(f"ledger {operation}"):
            answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        return answer

    def _until_done(self, operation: str, asked: dict[str, Any], *, left: str) -> Iterator[dict[str, Any]]:
        """Call until no request is left over; give each answer. Raises ServiceError if that takes too often."""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(_FIRST_PAUSE * 2**attempt)
            answer = self._call(operation, RequestItems=asked)
            yield answer
            asked = answer.get(left) or {}
            if not asked:
                return
        raise ServiceError(f"ledger {operation}: something was left unprocessed, {_ATTEMPTS} times in a row")


def _key(partition: str, sort: str) -> dict[str, Any]:
    return {"product": {"S": partition}, "alert": {"S": sort}}


def _outbox_key(due: datetime, alert_id: str) -> str:
    return f"{due.astimezone(UTC).strftime(_DUE_FORMAT)}#{alert_id}"
