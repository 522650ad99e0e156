"""Which alerts were published: read before publishing, written after, so that a repeated record alerts once.

One item an alert, under its product and in the order of the product's changes: the ledger is the history, too.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, Protocol

from notifications.alerts import Alert
from notifications.calls import aws_call, chunks
from notifications.errors import ServiceError
from notifications.templates import shorten

MOST_KEYS_READ = 100  # BatchGetItem
MOST_ITEMS_WRITTEN = 25  # BatchWriteItem
_ATTEMPTS = 4
_FIRST_PAUSE = 0.05  # seconds; doubles
_LONGEST_KEY = 512  # characters; DynamoDB takes 2,048 bytes for a partition key
_LONGEST_TITLE = 300
_SECONDS_A_DAY = 86_400


class Ledger(Protocol):
    """What was sent."""

    def sent(self, alerts: Sequence[Alert]) -> Collection[str]:
        """Return the ids of those that were published before. Raises ServiceError where that cannot be known."""

    def record(self, alerts: Sequence[Alert]) -> None:
        """Remember that these were published. Raises ServiceError where that failed."""


class LedgerKey(NamedTuple):
    """Where an alert stands in the table."""

    product: str
    alert: str

    @classmethod
    def of(cls, alert: Alert) -> LedgerKey:
        """Give the key: the product in its table, then the sequence number, padded so that text order is its order."""
        product = f"{alert.source}#{alert.subject}"
        if len(product) > _LONGEST_KEY:
            product = f"{product[: _LONGEST_KEY - 65]}#{hashlib.sha256(product.encode(errors='replace')).hexdigest()}"
        return cls(product, f"{alert.sequence_number:0>40}#{alert.id}")

    def typed(self) -> dict[str, dict[str, str]]:
        """Give the key in DynamoDB's typed JSON."""
        return {"product": {"S": self.product}, "alert": {"S": self.alert}}


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
        """Use `table_name` through a boto3 DynamoDB client; items go `retention_days` after they were written."""
        self._client = client
        self._table_name = table_name
        self._retention = retention_days * _SECONDS_A_DAY
        self._now = now
        self._sleep = sleep

    def sent(self, alerts: Sequence[Alert]) -> set[str]:
        """Read a hundred keys a call, consistently: a batch that comes again at once must find what it wrote."""
        found = set()
        by_key = {LedgerKey.of(alert): alert.id for alert in alerts}
        for keys in chunks(list(by_key), MOST_KEYS_READ):
            asked: dict[str, Any] = {
                self._table_name: {
                    "Keys": [key.typed() for key in keys],
                    "ConsistentRead": True,
                    "ProjectionExpression": "product, alert",
                }
            }
            for answer in self._until_done(asked, self._client.batch_get_item, "UnprocessedKeys", "read"):
                for item in answer.get("Responses", {}).get(self._table_name, []):
                    found.add(by_key[LedgerKey(item["product"]["S"], item["alert"]["S"])])
        return found

    def record(self, alerts: Sequence[Alert]) -> None:
        """Write 25 items a call."""
        for part in chunks(alerts, MOST_ITEMS_WRITTEN):
            asked = {self._table_name: [{"PutRequest": {"Item": self._item(alert)}} for alert in part]}
            self._until_done(asked, self._client.batch_write_item, "UnprocessedItems", "write")

    def _item(self, alert: Alert) -> dict[str, dict[str, str]]:
        now = self._now()
        item = {
            **LedgerKey.of(alert).typed(),
            "id": {"S": alert.id},
            "type": {"S": alert.type},
            "rule": {"S": alert.rule},
            "severity": {"S": alert.severity},
            "title": {"S": shorten(alert.title, _LONGEST_TITLE)},
            "publishedAt": {"N": str(int(now))},
            "expiresAt": {"N": str(int(now + self._retention))},
        }
        if alert.time:
            item["time"] = {"S": alert.time}
        return item

    def _until_done(self, asked: Any, call: Callable[..., Any], rest: str, verb: str) -> list[Any]:
        """Call until nothing is left unprocessed; a few times, then it is an outage."""
        answers = []
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(_FIRST_PAUSE * 2**attempt)
            with aws_call(f"ledger {verb}"):
                answer = call(RequestItems=asked)
            answers.append(answer)
            asked = answer.get(rest)
            if not asked:
                return answers
        raise ServiceError(f"ledger {verb}: the table left some of it undone, {_ATTEMPTS} times in a row")
