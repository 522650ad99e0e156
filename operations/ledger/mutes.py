"""What is muted in a stage: looked up, added and taken back in the ledger, which the function asks with each batch.

Needs `dynamodb:GetItem` and `dynamodb:PutItem` on the ledger table. The function itself only reads.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
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
from operations.terminal.arguments import UsageError

LONGEST = timedelta(days=366)
_KEPT = timedelta(days=15)  # after its end: a day in the stream and 14 in the failures queue, a record may still come
_VERSION = "version"  # another one with each write: two operators do not undo each other's, nor pass the limit together
_ATTEMPTS = 10
_Entries = dict[str, tuple[Mute | None, Any]]
_KEY = {"product": {"S": MUTES}, "alert": {"S": MUTES}}


def describe(rule: str | None, product: str | None) -> str:
    """Name what a mute is about: a rule, a product or both."""
    return f"{rule or 'every rule'} about {product}" if product else str(rule)


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

    Raises UsageError for one that the function would not take.
    """
    check_target(rule, product)
    _check_end(until, now)
    new = to_attribute(Mute(rule, product, until.timestamp()), now.timestamp())
    oldest = (now - _KEPT).timestamp()

    def with_it(entries: _Entries) -> dict[str, Any]:
        others = {
            name: typed
            for name, (found, typed) in entries.items()
            if found and found.until >= oldest and (found.rule, found.product) != (rule, product)
        }
        if len(others) >= MOST_MUTES:
            raise ConfigurationError(
                f"there may be {MOST_MUTES} mutes at most, including those that ended in the last {_KEPT.days} days: "
                "end some with unmute, or mute a whole rule or product"
            )
        return others | {attribute_of(rule, product): new}

    _change(stack, with_it)


def unmute(stack: Stack, rule: str, product: str, now: datetime) -> bool:
    """Take a mute back, whatever its attribute is called; return whether there was one that was not over."""
    check_target(rule, product)
    taken: list[Mute] = []

    def without_it(entries: _Entries) -> dict[str, Any]:
        taken[:] = [found for found, _ in entries.values() if found and (found.rule, found.product) == (rule, product)]
        return {name: typed for name, (found, typed) in entries.items() if found and found not in taken}

    _change(stack, without_it)
    return any(found.until > now.timestamp() for found in taken)


def _change(stack: Stack, change: Callable[[_Entries], dict[str, Any]]) -> None:
    """Write the item anew, without what cannot be read, unless somebody else wrote it since it was read: then again."""
    dynamodb, table = stack.client("dynamodb"), stack.outputs["LedgerTableName"]
    for _ in range(_ATTEMPTS):
        item = _item(dynamodb, table)
        before = _entries(item)
        after = change(before)
        if after == {name: typed for name, (_, typed) in before.items()}:
            return
        seen = {":seen": item[_VERSION]} if _VERSION in item else {}
        try:
            dynamodb.put_item(
                TableName=table,
                Item={**_KEY, **after, _VERSION: {"S": str(uuid.uuid4())}},
                ConditionExpression="#version = :seen" if seen else "attribute_not_exists(#version)",
                ExpressionAttributeNames={"#version": _VERSION},
                **({"ExpressionAttributeValues": seen} if seen else {}),
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            continue
        return
    raise ConfigurationError(f"others changed the mutes at the same time, {_ATTEMPTS} times in a row: try again")


def check_target(rule: str, product: str) -> None:
    """Raise UsageError for what cannot be muted: nothing at all, or a name that is too long or not Unicode."""
    if not rule and not product:
        raise UsageError("name a rule with --rule, a product with --product, or both")
    for word, text, longest in (("rule", rule, LONGEST_RULE), ("product", product, LONGEST_PRODUCT)):
        if storable(text, longest) != text:
            raise UsageError(
                f"a {word} of more than {longest} characters, or with an unpaired surrogate, cannot be muted"
            )


def _check_end(until: datetime, now: datetime) -> None:
    if until <= now:
        raise UsageError(f"{rfc3339(int(until.timestamp()))} is over: a mute has to end in the future")
    if until > now + LONGEST:
        raise UsageError(f"a mute may last {LONGEST.days} days; turn a rule off for good in alerts.toml")


def _entries_of(stack: Stack) -> _Entries:
    return _entries(_item(stack.client("dynamodb"), stack.outputs["LedgerTableName"]))


def _item(dynamodb: Any, ledger_table: str) -> dict[str, Any]:
    answer = dynamodb.get_item(TableName=ledger_table, Key=_KEY, ConsistentRead=True)
    item: dict[str, Any] = answer.get("Item", {})
    return item


def _entries(item: Mapping[str, Any]) -> _Entries:
    """Read each attribute of the item that is to be a mute; None for one that cannot be read."""
    return {name: (read_mute(typed), typed) for name, typed in item.items() if name.startswith(PREFIX)}


def _made_at(typed: Any) -> float | None:
    made_at = typed["M"].get("madeAt", {}).get("N", "")
    return float(made_at) if made_at.isdecimal() else None
