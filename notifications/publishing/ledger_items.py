"""What stands in the ledger table: keys, and items as DynamoDB's typed JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from notifications.publishing.ledger import Reservation, RuleMemory, SentAlert
from notifications.publishing.mutes_item import MUTES
from notifications.rules.memory import Hour, HourlyCount, Memory, to_item
from notifications.text.formatting import storable

LONGEST_KEY = 512  # characters; DynamoDB takes 2,048 bytes for a partition key
MEMORY = "#memory"  # sorts before every alert, whose keys begin with a digit
_LONGEST_TITLE = 300
_FEW_RULES = 100  # what so many remember of a product always fits into one item of 400 KB
_MOST_BYTES_OF_RULES = 380_000


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

    @classmethod
    def of_mutes(cls) -> LedgerKey:
        """Return the key of what operators muted."""
        return cls(MUTES, MUTES)


def partition_of(product: str) -> str:
    """Return the partition key of a product; one that cannot be a key is cut, and told apart by its hash.

    DynamoDB takes no key that is too long, and no half of a character.
    """
    stored = storable(product, LONGEST_KEY)
    if stored == product:
        return product
    digest = hashlib.sha256(product.encode(errors="surrogatepass")).hexdigest()
    return f"{storable(product, LONGEST_KEY - 65)}#{digest}"


def typed_key(key: LedgerKey) -> dict[str, dict[str, str]]:
    """Write a key as DynamoDB takes it."""
    return {"product": {"S": key.product}, "alert": {"S": key.alert}}


def alert_item(sent: SentAlert, now: float, expires_at: float) -> dict[str, Any]:
    """Write an alert that is published at `now`; times in seconds since 1970."""
    alert = sent.alert
    item = {
        **typed_key(LedgerKey.of_alert(sent.product, alert.sequence_number, alert.id)),
        **_expires(expires_at),
        "id": {"S": alert.id},
        "productId": {"S": storable(alert.subject, LONGEST_KEY)},
        "type": {"S": alert.type},
        "rule": {"S": alert.rule},
        "severity": {"S": alert.severity},
        "title": {"S": storable(alert.title, _LONGEST_TITLE)},
        "publishedAt": {"N": str(int(now))},
    }
    if alert.time:
        item["time"] = {"S": alert.time}
    if sent.muted_until is not None:
        item["mutedUntil"] = {"N": str(int(sent.muted_until))}
    return item


def memory_item(memory: RuleMemory, expires_at: float) -> dict[str, Any]:
    """Write what the rules remember of a product; it expires only where the product is gone."""
    item = {**typed_key(LedgerKey.of_memory(memory.product)), "rules": {"M": _rules(memory.memories)}}
    return {**item, **_expires(expires_at)} if memory.gone else item


def reservation(wanted: Reservation, taken: Sequence[str], summary: str, expires_at: float) -> dict[str, Any]:
    """Describe the update that takes places, if none of them has gone since, and the summary, if nobody has it.

    The arguments of UpdateItem, without the table's name.
    """
    expression = "SET expiresAt = :expires"
    values: dict[str, Any] = {":expires": _expires(expires_at)["expiresAt"]}
    more: dict[str, Any] = {}
    if summary:
        expression += ", summary = if_not_exists(summary, :summary)"
        values[":summary"] = {"S": summary}
    if taken:
        expression += " ADD admitted :ids"
        values |= {":ids": {"SS": list(taken)}, ":room": {"N": str(wanted.limit - len(taken))}}
        more["ConditionExpression"] = "attribute_not_exists(admitted) OR size(admitted) <= :room"
    return {
        "Key": typed_key(LedgerKey.of_hour(wanted.hour)),
        "UpdateExpression": expression,
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **more,
    }


def count_of(item: dict[str, Any]) -> HourlyCount:
    """Read an hour; version 0.1 wrote that there was a summary, not in which alert's place."""
    summary = item.get("summary", {}).get("S", "")
    return HourlyCount(set(item.get("admitted", {}).get("SS", [])), summary or ("?" if "summarised" in item else ""))


def _rules(memories: Mapping[str, Memory]) -> dict[str, Any]:
    """Write what the rules remember of a product; where they are very many, with shorter titles, so that it fits."""
    rules = {rule: to_item(memory) for rule, memory in memories.items()}
    for limit in (50, 0):
        if len(rules) <= _FEW_RULES or len(json.dumps(rules, ensure_ascii=False).encode()) <= _MOST_BYTES_OF_RULES:
            break
        shorter = {rule: memory._replace(held_title=memory.held_title[:limit]) for rule, memory in memories.items()}
        rules = {rule: to_item(memory) for rule, memory in shorter.items()}
    return rules


def _expires(at: float) -> dict[str, Any]:
    return {"expiresAt": {"N": str(int(at))}}
