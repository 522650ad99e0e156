"""What the ledger of a stage says was alerted about a product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from notifications.publishing.ledger_table import partition_of
from notifications.text.formatting import rfc3339
from operations.deployed.stack import Stack


def alerts_of(stack: Stack, product_id: str) -> Iterator[dict[str, Any]]:
    """Yield the alerts about a product in the order of its changes, with one Query a page.

    Each has `id`, `productId`, `rule`, `type`, `severity`, `title`, `time` (of the record, RFC 3339, or None),
    `publishedAt` (RFC 3339) and `mutedUntil` (RFC 3339; None for one that went out). One that was muted was not
    published; `publishedAt` is when it would have been.
    """
    query = {
        "TableName": stack.outputs["LedgerTableName"],
        "KeyConditionExpression": "product = :product AND alert > :first",
        "ExpressionAttributeValues": {
            ":product": {"S": partition_of(f"{stack.table_arn}#{product_id}")},
            ":first": {"S": "0"},  # an alert's key begins with a digit, what rules remember does not
        },
    }
    for page in stack.client("dynamodb").get_paginator("query").paginate(**query):
        for item in page["Items"]:
            yield {
                "id": item["id"]["S"],
                "productId": item["productId"]["S"],
                "rule": item["rule"]["S"],
                "type": item["type"]["S"],
                "severity": item["severity"]["S"],
                "title": item["title"]["S"],
                "time": item.get("time", {}).get("S"),
                "publishedAt": rfc3339(float(item["publishedAt"]["N"])),
                "mutedUntil": rfc3339(float(item["mutedUntil"]["N"])) if "mutedUntil" in item else None,
            }
