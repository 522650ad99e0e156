"""What the ledger of a stage says was alerted: about one product, or about all of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from notifications.publishing.ledger_items import partition_of
from notifications.text.formatting import rfc3339
from operations.deployed.stack import Stack


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


def alerts_of(stack: Stack, product_id: str) -> Iterator[dict[str, Any]]:
    """Yield the alerts about a product in the order of its changes, with one Query a page.

    Each has `id`, `productId`, `rule`, `type`, `severity`, `title`, `time` (of the record, RFC 3339, or None),
    `publishedAt` (RFC 3339) and `mutedUntil` (RFC 3339; None for one that went out). One that was muted was not
    published; `publishedAt` is when it would have been.
    """
    for alert in past_alerts_of(stack, product_id):
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


def past_alerts_of(stack: Stack, product_id: str) -> Iterator[PastAlert]:
    """Yield the alerts about a product in the order of its changes, with one Query a page."""
    query = {
        "TableName": stack.outputs["LedgerTableName"],
        "KeyConditionExpression": "product = :product AND alert > :first",
        "ExpressionAttributeValues": {
            ":product": {"S": partition_of(f"{stack.table_arn}#{product_id}")},
            ":first": {"S": "0"},  # an alert's key begins with a digit, what rules remember does not
        },
    }
    for page in stack.client("dynamodb").get_paginator("query").paginate(**query):
        yield from map(_alert, page["Items"])


def all_past_alerts(stack: Stack, most_pages: int) -> tuple[list[PastAlert], bool]:
    """Read the ledger with at most so many pages of a Scan; return the alerts, the latest first, and whether it is all.

    A Scan reads up to 1 MB a page, whatever it finds there. Without all pages any alert may be missing.
    """
    pages = stack.client("dynamodb").get_paginator("scan").paginate(
        TableName=stack.outputs["LedgerTableName"],
        FilterExpression="attribute_exists(publishedAt)",
    )  # fmt: skip
    found: list[PastAlert] = []
    more = False
    for page in itertools.islice(pages, most_pages):
        found += map(_alert, page["Items"])
        more = "LastEvaluatedKey" in page
    return sorted(found, key=lambda alert: (alert.published_at, alert.sequence_number), reverse=True), not more


def _alert(item: dict[str, Any]) -> PastAlert:
    return PastAlert(
        id=item["id"]["S"],
        product_id=item["productId"]["S"],
        sequence_number=item["alert"]["S"].partition("#")[0].lstrip("0"),
        rule=item["rule"]["S"],
        type=item["type"]["S"],
        severity=item["severity"]["S"],
        title=item["title"]["S"],
        time=item.get("time", {}).get("S"),
        published_at=rfc3339(float(item["publishedAt"]["N"])) or "",
        muted_until=rfc3339(float(item["mutedUntil"]["N"])) if "mutedUntil" in item else None,
    )
