"""What is muted in a stage: looked up, added and taken back in the ledger, which the function asks with each batch.

Needs `dynamodb:GetItem` and `dynamodb:UpdateItem` on the ledger table. The function itself only reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from notifications.common.errors import ConfigurationError
from notifications.publishing.mutes_item import (
    LONGEST_PRODUCT,
    LONGEST_RULE,
    MOST_MUTES,
    MUTES,
    PREFIX,
    attribute_of,
    mutes_in,
    read_mute,
    to_attribute,
)
from notifications.rules.mutes import Mute, Mutes, ends_of
from notifications.text.formatting import rfc3339, storable
from operations.deployed.stack import Stack

LONGEST = timedelta(days=366)
_KEPT = timedelta(days=15)  # after its end: a day in the stream and 14 in the failures queue, a record may still come
_MOST_REMOVED = 100  # at once: an expression has at most 4 KB
_KEY = {"product": {"S": MUTES}, "alert": {"S": MUTES}}


def mutes_of(stack: Stack, now: datetime) -> list[dict[str, Any]]:
    """List what is muted `now`, the earliest end first.

    Each has `rule` and `product` (None: every one), `until` and `madeAt` (RFC 3339).
    """
    seconds = now.timestamp()
    found = [(mute, typed) for mute, typed in _entries_of(stack).values() if mute and mute.until > seconds]
    return [
        {
            "rule": mute.rule or None,
            "product": mute.product or None,
            "until": rfc3339(mute.until),
            "madeAt": rfc3339(_made_at(typed)),
        }
        for mute, typed in sorted(found, key=lambda each: (each[0].until, each[0]))
    ]


def mutes_for_rules(dynamodb: Any, ledger_table: str) -> Mutes:
    """Return the mutes as the function has them, those included that are over: a record may be older."""
    return ends_of(mutes_in(_item(dynamodb, ledger_table)))


def mute(stack: Stack, rule: str, product: str, until: datetime, now: datetime) -> None:
    """Mute a rule, a product (the other is ""), or a rule about one product; a mute that there is takes the new end.

    Raises ConfigurationError for one that the function would not take.
    """
    _check_target(rule, product)
    _check_end(until, now)
    entries = _entries_of(stack)
    stale = [name for name, (found, _) in entries.items() if not found or found.until < (now - _KEPT).timestamp()]
    stale = stale[:_MOST_REMOVED]
    name = attribute_of(rule, product)
    if len(entries.keys() - {name} - set(stale)) >= MOST_MUTES:
        raise ConfigurationError(
            f"{MOST_MUTES} mutes are the most, those included that ended in the last {_KEPT.days} days: take some back "
            "with unmute, or mute a whole rule or product"
        )
    removed = {f"#old{number}": each for number, each in enumerate(stale) if each != name}
    remove = f" REMOVE {', '.join(removed)}" if removed else ""
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["LedgerTableName"],
        Key=_KEY,
        UpdateExpression=f"SET #new = :new{remove}",
        ExpressionAttributeNames={"#new": name, **removed},
        ExpressionAttributeValues={":new": to_attribute(Mute(rule, product, until.timestamp()), now.timestamp())},
    )


def unmute(stack: Stack, rule: str, product: str, now: datetime) -> bool:
    """Take a mute back; return whether there was one that was not over."""
    _check_target(rule, product)
    name = attribute_of(rule, product)
    answer = stack.client("dynamodb").update_item(
        TableName=stack.outputs["LedgerTableName"],
        Key=_KEY,
        UpdateExpression="REMOVE #old",
        ExpressionAttributeNames={"#old": name},
        ReturnValues="UPDATED_OLD",
    )
    found, _ = _entries(answer.get("Attributes", {})).get(name, (None, None))
    return found is not None and found.until > now.timestamp()


def _check_target(rule: str, product: str) -> None:
    if not rule and not product:
        raise ConfigurationError("name a rule with --rule, a product with --product, or both")
    for word, text, longest in (("rule", rule, LONGEST_RULE), ("product", product, LONGEST_PRODUCT)):
        if storable(text, longest) != text:
            raise ConfigurationError(f"a {word} of more than {longest} characters, or with half a one, cannot be muted")


def _check_end(until: datetime, now: datetime) -> None:
    if until <= now:
        raise ConfigurationError(f"{rfc3339(int(until.timestamp()))} is over: a mute has to end in the future")
    if until > now + LONGEST:
        raise ConfigurationError(f"a mute may last {LONGEST.days} days; turn a rule off for good in alerts.toml")


def _entries_of(stack: Stack) -> dict[str, tuple[Mute | None, Any]]:
    return _entries(_item(stack.client("dynamodb"), stack.outputs["LedgerTableName"]))


def _item(dynamodb: Any, ledger_table: str) -> dict[str, Any]:
    answer = dynamodb.get_item(TableName=ledger_table, Key=_KEY, ConsistentRead=True)
    item: dict[str, Any] = answer.get("Item", {})
    return item


def _entries(item: Mapping[str, Any]) -> dict[str, tuple[Mute | None, Any]]:
    """Read each attribute of the item that is to be a mute; None for one that cannot be read."""
    return {name: (read_mute(typed), typed) for name, typed in item.items() if name.startswith(PREFIX)}


def _made_at(typed: Any) -> float | None:
    made_at = typed["M"].get("madeAt", {}).get("N", "")
    return float(made_at) if made_at.isdecimal() else None
