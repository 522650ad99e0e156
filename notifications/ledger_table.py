"""The ledger in DynamoDB.

Limits: Amazon DynamoDB API Reference, "BatchGetItem" and "TransactWriteItems".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from notifications.alerts import Alert
from notifications.calls import aws_call, chunks
from notifications.decide import Hour, Tally
from notifications.errors import ServiceError
from notifications.ledger import (
    LONGEST_KEY,
    BeforeCall,
    Entry,
    HourTally,
    Known,
    LedgerKey,
    Question,
    RuleMemory,
    SentAlert,
    nothing,
)
from notifications.memory import from_item, to_item
from notifications.templates import shorten

MOST_KEYS_READ = 100
MEMORY = "#memory"  # sorts before every alert, whose keys begin with a digit
_ATTEMPTS = 5
_FIRST_PAUSE = 0.05  # seconds; doubles
_LONGEST_TITLE = 300
_SECONDS_A_DAY = 86_400
# What a cancelled transaction says of an action that another writer was in the way of.
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "None", ""})


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

    def read(self, question: Question, before_call: BeforeCall = nothing) -> Known:
        """Read a hundred keys a call, consistently: a batch that comes again at once must find what it wrote."""
        memories = {LedgerKey(product, MEMORY) for product in question.products}
        hours = {LedgerKey.of_hour(hour): hour for hour in question.hours}
        known = Known()
        for item in self._items([*question.alerts, *memories, *hours], before_call):
            key = LedgerKey(item["product"]["S"], item["alert"]["S"])
            if key in question.alerts:
                known.sent.add(question.alerts[key])
            elif key in hours:
                admitted = set(item.get("admitted", {}).get("SS", []))
                known.tallies[hours[key]] = Tally(admitted, "summarised" in item)
            else:
                stored = item.get("rules", {}).get("M", {})
                known.memories[key.product] = {rule: from_item(value) for rule, value in stored.items()}
        return known

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Write one transaction. One that is in another's way is tried again; a few times, then it is an outage."""
        actions = [self._action(entry) for entry in entries]
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(_FIRST_PAUSE * 2**attempt)
            before_call()
            try:
                with aws_call("ledger write"):
                    self._client.transact_write_items(TransactItems=actions)
            except ServiceError as error:
                if not _in_anothers_way(error):
                    raise
            else:
                return
        raise ServiceError(f"ledger write: others were in the way, {_ATTEMPTS} times in a row")

    def _items(self, keys: Sequence[LedgerKey], before_call: BeforeCall) -> Iterable[dict[str, Any]]:
        for part in chunks(keys, MOST_KEYS_READ):
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
                item = {**_typed(LedgerKey(product, MEMORY)), "rules": {"M": rules}}
                return self._put({**item, **expires} if gone else item)
            case HourTally(hour, admitted, summarised):
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


def _in_anothers_way(error: ServiceError) -> bool:
    """Tell whether a transaction was cancelled by nothing but other writers."""
    response = getattr(error.__cause__, "response", None) or {}  # botocore's time-outs carry None
    reasons = [reason.get("Code", "") for reason in response.get("CancellationReasons", [])]
    return bool(reasons) and all(reason in _PASSING for reason in reasons)
