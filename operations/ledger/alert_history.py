"""What the ledger of a stage says was alerted: about one product, or about all of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from notifications.publishing.ledger_items import partition_of
from operations.deployed.stack import Stack
from operations.ledger.reading import Item, LeftOut, UnreadableItemError, text, time


class PastAlert(NamedTuple):
    """An alert that went out, or was muted."""

    id: str
    product_id: str
    sequence_number: str
    """Of the record, without zeros in front."""
    rule: str
    type: str
    severity: str
    title: str
    time: str | None
    """Of the record, RFC 3339."""
    published_at: str
    """RFC 3339; of one that was muted, when it would have been."""
    muted_until: str | None = None
    """RFC 3339; None for one that went out."""


def alerts_of(stack: Stack, product_id: str, left_out: LeftOut) -> Iterator[dict[str, Any]]:
    """Yield the alerts about a product in the order of its changes, with one Query a page.

    Each has `id`, `productId`, `rule`, `type`, `severity`, `title`, `time` (of the record, RFC 3339, or None),
    `publishedAt` (RFC 3339) and `mutedUntil` (RFC 3339; None for one that went out). One that was muted was not
    published; `publishedAt` is when it would have been. `left_out` counts what cannot be read.
    """
    for alert in past_alerts_of(stack, product_id, left_out):
        yield {
            "id": alert.id,
            "productId": alert.product_id,
            "rule": alert.rule,
            "type": alert.type,
            "severity": alert.severity,
            "title": alert.title,
            "time": alert.time,
            "publishedAt": alert.published_at,
            "mutedUntil": alert.muted_until,
        }


def past_alerts_of(stack: Stack, product_id: str, left_out: LeftOut | None = None) -> Iterator[PastAlert]:
    """Yield the alerts about a product in the order of its changes, with one Query a page.

    `left_out` counts what cannot be read.
    """
    counter = left_out or LeftOut()
    query = {
        "TableName": stack.outputs["LedgerTableName"],
        "KeyConditionExpression": "product = :product AND alert > :first",
        "ExpressionAttributeValues": {
            ":product": {"S": partition_of(f"{stack.table_arn}#{product_id}")},
            ":first": {"S": "0"},  # an alert's key begins with a digit, what rules remember does not
        },
    }
    for page in stack.client("dynamodb").get_paginator("query").paginate(**query):
        yield from counter.read(page["Items"], _alert)


def all_past_alerts(stack: Stack, most_pages: int, left_out: LeftOut | None = None) -> tuple[list[PastAlert], bool]:
    """Read the ledger with at most so many pages of a Scan; return the alerts, the latest first, and whether it is all.

    A Scan reads up to 1 MB a page, whatever it finds there. Without all pages any alert may be missing.
    `left_out` counts what cannot be read.
    """
    counter = left_out or LeftOut()
    pages = stack.client("dynamodb").get_paginator("scan").paginate(
        TableName=stack.outputs["LedgerTableName"],
        FilterExpression="attribute_exists(publishedAt)",
    )  # fmt: skip
    found: list[PastAlert] = []
    more = False
    for page in itertools.islice(pages, most_pages):
        found += counter.read(page["Items"], _alert)
        more = "LastEvaluatedKey" in page
    return sorted(found, key=lambda alert: (alert.published_at, alert.sequence_number), reverse=True), not more


def _alert(item: Item) -> PastAlert:
    number = text(item, "alert").partition("#")[0].lstrip("0")
    if not (number.isascii() and number.isdecimal()):
        raise UnreadableItemError("the key does not begin with a sequence number")
    return PastAlert(
        id=text(item, "id"),
        product_id=text(item, "productId"),
        sequence_number=number,
        rule=text(item, "rule"),
        type=text(item, "type"),
        severity=text(item, "severity"),
        title=text(item, "title"),
        time=text(item, "time") if "time" in item else None,
        published_at=time(item, "publishedAt"),
        muted_until=time(item, "mutedUntil") if "mutedUntil" in item else None,
    )
