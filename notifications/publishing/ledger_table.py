"""The ledger in DynamoDB.

Limits: Amazon DynamoDB API Reference, "BatchGetItem" and "TransactWriteItems".
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from notifications.alerts.alert import Alert
from notifications.common.errors import ServiceError
from notifications.publishing.aws_calls import aws_call
from notifications.publishing.ledger import (
    BeforeCall,
    Entry,
    HourlyIncrement,
    LedgerQuery,
    LedgerSnapshot,
    RuleMemory,
    SentAlert,
    nothing,
)
from notifications.rules.memory import Hour, HourlyCount, from_item, to_item
from notifications.text.formatting import shorten

MOST_KEYS_READ = 100
LONGEST_KEY = 512  # characters; DynamoDB takes 2,048 bytes for a partition key
MEMORY = "#memory"  # sorts before every alert, whose keys begin with a digit
_ATTEMPTS = 5
_FIRST_PAUSE = 0.05  # seconds; doubles
_LONGEST_TITLE = 300
_SECONDS_A_DAY = 86_400
# What a cancelled transaction says of an action that conflicted with another writer.
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "None", ""})


class LedgerKey(NamedTuple):
    """Where something stands in the table."""

    product: str
    alert: str

    @classmethod
    def of_alert(cls, product: str, sequence_number: str, alert_id: str) -> LedgerKey:
        """Return an alert's key: the sequence number is padded, so that the order of texts is its order."""
        return cls(partition_of(product), f"{sequence_number:0>40}#{alert_id}")

    @classmethod
    def of_memory(cls, product: str) -> LedgerKey:
        """Return the key of what the rules remember of a product."""
        return cls(partition_of(product), MEMORY)

    @classmethod
    def of_hour(cls, hour: Hour) -> LedgerKey:
        """Return the key of an hour of a rule."""
        return cls(f"#limit#{hour.rule}", str(hour.starts_at))


def partition_of(product: str) -> str:
    """Return the partition key of a product; a name too long for a key is cut and told apart by its hash."""
    if len(product) <= LONGEST_KEY:
        return product
    return f"{product[: LONGEST_KEY - 65]}#{hashlib.sha256(product.encode(errors='replace')).hexdigest()}"


class DynamoDbLedger:
    """The ledger table."""

    def __init__(
        self,
        client: Any,
        table_name: str,
        retention_days: int,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use `table_name` through a boto3 DynamoDB client; alerts are kept for `retention_days`."""
        self._client = client
        self._table_name = table_name
        self._retention = retention_days * _SECONDS_A_DAY
        self._now = now
        self._sleep = sleep

    def read(self, query: LedgerQuery, before_call: BeforeCall = nothing) -> LedgerSnapshot:
        """Read a hundred keys a call, consistently: a batch that comes again at once must find what it wrote."""
        alerts = {LedgerKey.of_alert(*alert): alert.alert_id for alert in query.alerts}
        memories = {LedgerKey.of_memory(product): product for product in query.products}
        hours = {LedgerKey.of_hour(hour): hour for hour in query.hours}
        snapshot = LedgerSnapshot()
        for item in self._items([*alerts, *memories, *hours], before_call):
            key = LedgerKey(item["product"]["S"], item["alert"]["S"])
            if key in alerts:
                snapshot.sent.add(alerts[key])
            elif key in hours:
                admitted = set(item.get("admitted", {}).get("SS", []))
                snapshot.hourly_counts[hours[key]] = HourlyCount(admitted, "summarised" in item)
            else:
                stored = item.get("rules", {}).get("M", {})
                snapshot.memories[memories[key]] = {rule: from_item(value) for rule, value in stored.items()}
        return snapshot

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Write one transaction. One that conflicts with another writer is tried a few times; then it is an outage."""
        actions = [self._action(entry) for entry in entries]
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(_FIRST_PAUSE * 2**attempt)
            before_call()
            try:
                with aws_call("ledger write"):
                    self._client.transact_write_items(TransactItems=actions)
            except ServiceError as error:
                if not _is_conflict(error):
                    raise
            else:
                return
        raise ServiceError(f"ledger write: conflicts with other writers, {_ATTEMPTS} times in a row")

    def _items(self, keys: Sequence[LedgerKey], before_call: BeforeCall) -> Iterable[dict[str, Any]]:
        for start in range(0, len(keys), MOST_KEYS_READ):
            part = keys[start : start + MOST_KEYS_READ]
            asked: dict[str, Any] = {self._table_name: {"Keys": [_typed(key) for key in part], "ConsistentRead": True}}
            for attempt in range(_ATTEMPTS):
                if attempt:
                    self._sleep(_FIRST_PAUSE * 2**attempt)
                before_call()
                with aws_call("ledger read"):
                    answer = self._client.batch_get_item(RequestItems=asked)
                yield from answer.get("Responses", {}).get(self._table_name, [])
                asked = answer.get("UnprocessedKeys") or {}
                if not asked:
                    break
            else:
                raise ServiceError(f"ledger read: keys were left unprocessed, {_ATTEMPTS} times in a row")

    def _action(self, entry: Entry) -> dict[str, Any]:
        expires = {"expiresAt": {"N": str(int(self._now() + self._retention))}}
        match entry:
            case SentAlert(product, alert):
                return self._put({**self._alert_item(product, alert), **expires})
            case RuleMemory(product, memories, gone):
                rules = {rule: to_item(memory) for rule, memory in memories.items()}
                item = {**_typed(LedgerKey.of_memory(product)), "rules": {"M": rules}}
                return self._put({**item, **expires} if gone else item)
            case HourlyIncrement(hour, admitted, summarised):
                return self._count(hour, admitted, summarised, expires)

    def _alert_item(self, product: str, alert: Alert) -> dict[str, Any]:
        item = {
            **_typed(LedgerKey.of_alert(product, alert.sequence_number, alert.id)),
            "id": {"S": alert.id},
            "productId": {"S": shorten(alert.subject, LONGEST_KEY)},
            "type": {"S": alert.type},
            "rule": {"S": alert.rule},
            "severity": {"S": alert.severity},
            "title": {"S": shorten(alert.title, _LONGEST_TITLE)},
            "publishedAt": {"N": str(int(self._now()))},
        }
        return {**item, "time": {"S": alert.time}} if alert.time else item

    def _put(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": self._table_name, "Item": item}}

    def _count(self, hour: Hour, admitted: frozenset[str], summarised: bool, expires: dict[str, Any]) -> dict[str, Any]:
        """Add to a set, which other invocations add to as well: adding is atomic, and twice is once."""
        expression, values = "SET expiresAt = :expires", {":expires": expires["expiresAt"]}
        if summarised:
            expression, values = f"{expression}, summarised = :yes", {**values, ":yes": {"BOOL": True}}
        if admitted:
            expression, values = f"{expression} ADD admitted :ids", {**values, ":ids": {"SS": sorted(admitted)}}
        return {
            "Update": {
                "TableName": self._table_name,
                "Key": _typed(LedgerKey.of_hour(hour)),
                "UpdateExpression": expression,
                "ExpressionAttributeValues": values,
            }
        }


def _typed(key: LedgerKey) -> dict[str, dict[str, str]]:
    return {"product": {"S": key.product}, "alert": {"S": key.alert}}


def _is_conflict(error: ServiceError) -> bool:
    """Tell whether other writers alone were why a transaction was cancelled."""
    response = getattr(error.__cause__, "response", None) or {}  # botocore's time-outs carry None
    reasons = [reason.get("Code", "") for reason in response.get("CancellationReasons", [])]
    return bool(reasons) and all(reason in _PASSING for reason in reasons)
