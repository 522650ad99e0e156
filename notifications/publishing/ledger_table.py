"""The ledger in DynamoDB.

Limits: Amazon DynamoDB API Reference, "BatchGetItem", "BatchWriteItem" and "TransactWriteItems".
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from notifications.common.errors import RefusedAlertError, ServiceError
from notifications.publishing.aws_calls import aws_call
from notifications.publishing.ledger import (
    BeforeCall,
    Entry,
    LedgerQuery,
    LedgerSnapshot,
    Reservation,
    SentAlert,
    nothing,
)
from notifications.publishing.ledger_items import (
    LedgerKey,
    alert_item,
    count_of,
    memory_item,
    reservation,
    typed_key,
)
from notifications.publishing.mutes_item import MUTES, mutes_in
from notifications.publishing.side_by_side import NewCalls, OneByOne, results_of
from notifications.rules.memory import Hour, HourlyCount, from_item
from notifications.rules.mutes import NO_MUTES, Mutes, ends_of

MOST_KEYS_READ = 100
MUTES_KEPT_SECONDS = 10
"""How long mutes are taken for known where asking for them would be a call of its own: a hundred keys fill one."""
_ATTEMPTS = 5
_FIRST_PAUSE = 0.05  # seconds; doubles
_SECONDS_A_DAY = 86_400
# What a cancelled transaction says of each of its actions.
_REFUSING = frozenset({"ValidationError", "ItemCollectionSizeLimitExceeded"})
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
        *,
        new_calls: NewCalls = OneByOne,
    ) -> None:
        """Use `table_name` through a boto3 DynamoDB client; alerts are kept for `retention_days`.

        What takes more calls to read is read side by side, as `new_calls` has it.
        """
        self._client = client
        self._table_name = table_name
        self._retention = retention_days * _SECONDS_A_DAY
        self._now = now
        self._sleep = sleep
        self._new_calls = new_calls
        self._mutes: Mutes = NO_MUTES
        self._mutes_read_at = float("-inf")

    def read(self, query: LedgerQuery, before_call: BeforeCall = nothing) -> LedgerSnapshot:
        """Read a hundred keys a call, consistently: a batch that comes again at once must find what it wrote."""
        alerts = {LedgerKey.of_alert(*alert): alert.alert_id for alert in query.alerts}
        memories = {LedgerKey.of_memory(product): product for product in query.products}
        hours = {LedgerKey.of_hour(hour): hour for hour in query.hours}
        snapshot = LedgerSnapshot()
        refused: dict[LedgerKey, RefusedAlertError] = {}
        keys = [*alerts, *memories, *hours]
        asks_mutes = query.mutes and self._asks_mutes(len(keys))
        if asks_mutes:
            keys.append(LedgerKey.of_mutes())
        items = list(self._items(keys, before_call, refused))
        if asks_mutes:
            found = (mutes_in(item) for item in items if item["alert"]["S"] == MUTES)
            self._mutes, self._mutes_read_at = ends_of(next(found, ())), self._now()
        if query.mutes:
            snapshot.mutes = self._mutes
        if refused:
            names = {LedgerKey.of_alert(*alert): alert.product for alert in query.alerts}
            snapshot.refused = {names.get(key) or memories[key]: error for key, error in refused.items()}
        for item in items:
            key = LedgerKey(item["product"]["S"], item["alert"]["S"])
            if key in alerts:
                snapshot.sent.add(alerts[key])
            elif key in hours:
                snapshot.hourly_counts[hours[key]] = count_of(item)
            elif key in memories:
                stored = item.get("rules", {}).get("M", {})
                snapshot.memories[memories[key]] = {rule: from_item(value) for rule, value in stored.items()}
        return snapshot

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Write one transaction. One that conflicts with another writer is tried a few times; then it is an outage.

        Raises RefusedAlertError where DynamoDB will never take one of the entries.
        """
        actions = [{"Put": {"TableName": self._table_name, "Item": self._item(entry)}} for entry in entries]
        for attempt in range(_ATTEMPTS):
            self._pause(attempt)
            before_call()
            try:
                with aws_call("ledger write"):
                    self._client.transact_write_items(TransactItems=actions)
            except ServiceError as error:
                reasons = _reasons(error)
                if reasons & _REFUSING:
                    raise RefusedAlertError(str(error)) from error
                if not reasons or reasons - _PASSING:
                    raise
            else:
                return
        raise ServiceError(f"ledger write: conflicts with other writers, {_ATTEMPTS} times in a row")

    def record(self, alerts: Sequence[SentAlert], before_call: BeforeCall = nothing) -> None:
        """Write alerts by BatchWriteItem; those that DynamoDB leaves unprocessed are tried again a few times.

        Raises RefusedAlertError where DynamoDB will never take one of them.
        """
        asked = {self._table_name: [{"PutRequest": {"Item": self._item(sent)}} for sent in alerts]}
        for attempt in range(_ATTEMPTS):
            self._pause(attempt)
            before_call()
            with aws_call("ledger write"):
                answer = self._client.batch_write_item(RequestItems=asked)
            asked = answer.get("UnprocessedItems") or {}
            if not asked:
                return
        raise ServiceError(f"ledger write: alerts were left unprocessed, {_ATTEMPTS} times in a row")

    def reserve(self, wanted: Reservation, before_call: BeforeCall = nothing) -> HourlyCount:
        """Add alerts to the set of an hour on condition that they fit; where others were quicker, those that still fit.

        Adding is atomic, and twice is once: neither a repeated record nor a call that the client repeats counts twice.
        """
        known = HourlyCount()
        for attempt in range(_ATTEMPTS):
            self._pause(attempt)
            missing = [alert_id for alert_id in wanted.alerts if alert_id not in known.admitted]
            taken = missing[: max(wanted.limit - len(known.admitted), 0)]
            summary = "" if known.summary or len(taken) < len(missing) else wanted.summary
            if not taken and not summary:
                return known
            before_call()
            try:
                with aws_call("ledger reserve"):
                    answer = self._client.update_item(
                        TableName=self._table_name, **reservation(wanted, taken, summary, self._expires_at)
                    )
                return count_of(answer.get("Attributes", {}))
            except ServiceError as error:
                response = getattr(error.__cause__, "response", None) or {}
                if response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                    raise
                found = response.get("Item")
            known = count_of(found) if found else self._hour(wanted.hour, before_call)
        raise ServiceError(f"ledger reserve: others took the places of an hour, {_ATTEMPTS} times in a row")

    def _asks_mutes(self, keys: int) -> bool:
        """Tell whether to ask for the mutes: always, but where that would be one more call, only now and then."""
        return bool(keys % MOST_KEYS_READ) or self._now() - self._mutes_read_at > MUTES_KEPT_SECONDS

    def _hour(self, hour: Hour, before_call: BeforeCall) -> HourlyCount:
        return self.read(LedgerQuery(hours={hour}), before_call).hourly_counts.get(hour, HourlyCount())

    def _pause(self, attempt: int) -> None:
        """Wait before another attempt: a random time, so that those who were in each other's way part."""
        if attempt:
            self._sleep(_FIRST_PAUSE * 2**attempt * (0.5 + random.random() / 2))  # noqa: S311 - it keeps no secret

    def _items(
        self, keys: Sequence[LedgerKey], before_call: BeforeCall, refused: dict[LedgerKey, RefusedAlertError]
    ) -> Iterator[dict[str, Any]]:
        pages = [keys[start : start + MOST_KEYS_READ] for start in range(0, len(keys), MOST_KEYS_READ)]
        for items in results_of(self._new_calls, [partial(self._page, page, before_call, refused) for page in pages]):
            yield from items

    def _page(
        self, keys: Sequence[LedgerKey], before_call: BeforeCall, refused: dict[LedgerKey, RefusedAlertError]
    ) -> list[dict[str, Any]]:
        """Read some keys; those that DynamoDB refuses are found by halving, and go to `refused`."""
        asked: dict[str, Any] = {self._table_name: {"Keys": [typed_key(key) for key in keys], "ConsistentRead": True}}
        items: list[dict[str, Any]] = []
        for attempt in range(_ATTEMPTS):
            self._pause(attempt)
            before_call()
            try:
                with aws_call("ledger read"):
                    answer = self._client.batch_get_item(RequestItems=asked)
            except RefusedAlertError as error:
                if len(keys) == 1:
                    self._check_table(before_call)
                    refused[keys[0]] = error
                    return []
                middle = len(keys) // 2
                before = self._page(keys[:middle], before_call, refused)
                return before + self._page(keys[middle:], before_call, refused)
            items += answer.get("Responses", {}).get(self._table_name, [])
            asked = answer.get("UnprocessedKeys") or {}
            if not asked:
                return items
        raise ServiceError(f"ledger read: keys were left unprocessed, {_ATTEMPTS} times in a row")

    def _check_table(self, before_call: BeforeCall) -> None:
        """Raise ServiceError if the table refuses a key that nothing is wrong with: then it is not a record's fault."""
        before_call()
        asked = {self._table_name: {"Keys": [typed_key(LedgerKey("#probe", "#probe"))]}}
        try:
            with aws_call("ledger read"):
                self._client.batch_get_item(RequestItems=asked)
        except RefusedAlertError as error:
            raise ServiceError(f"the ledger table takes no key at all: {error}") from error

    def _item(self, entry: Entry) -> dict[str, Any]:
        if isinstance(entry, SentAlert):
            return alert_item(entry, self._now(), self._expires_at)
        return memory_item(entry, self._expires_at)

    @property
    def _expires_at(self) -> float:
        return self._now() + self._retention


def _reasons(error: ServiceError) -> frozenset[str]:
    """Return why a transaction was cancelled, if that is what the error says."""
    response = getattr(error.__cause__, "response", None) or {}  # botocore's time-outs carry None
    return frozenset(reason.get("Code", "") for reason in response.get("CancellationReasons", []))
