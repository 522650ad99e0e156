"""What the ledger of a stage says was delivered to a receiver, and how to deliver it again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from notifications.delivery.handling import progress_table
from notifications.delivery.handling.progress import AGAIN, DISABLED, HELD
from notifications.delivery.handling.progress_table import deliveries_of
from notifications.text.formatting import rfc3339
from operations.deployed.receiver_queues import ReceiverQueues
from operations.deployed.stack import Stack
from operations.terminal.moments import moment


def since(text: str, now: datetime) -> datetime:
    """Read a time, such as 2026-11-21T09:00Z, or a span before `now`, such as 2h. Raises ConfigurationError."""
    return moment("--since", text, now, forward=False)


def deliveries(stack: Stack, receiver: str, start: datetime) -> list[dict[str, Any]]:
    """List what became of alerts since `start`, the oldest first.

    Each has `receiver`, `id`, `status`, `attempts`, `at` (RFC 3339), `title` and `error` (None without one). A receiver
    that is disabled has an entry without an id.
    """
    found = sorted(_items(stack, receiver, start), key=lambda item: int(item["at"]["N"]))
    return [
        {
            "receiver": receiver,
            "id": None if item["alert"]["S"] == progress_table.DISABLED else item["alert"]["S"],
            "status": item.get("status", {"S": DISABLED})["S"],
            "attempts": int(item.get("attempts", {"N": "0"})["N"]),
            "at": rfc3339(float(item["at"]["N"])),
            "title": item.get("title", {"S": ""})["S"],
            "error": item.get("error", {}).get("S"),
        }
        for item in found
    ]


def redeliver(stack: Stack, receiver: str, start: datetime, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    """Put what was sent or given up since `start` into the receiver's queue again; yield `id` and `title` of each.

    What waits for a digest is left alone. It is marked first, so that to run this twice does no harm.
    """
    queues = ReceiverQueues(stack)
    queues.check(receiver)
    dynamodb = stack.client("dynamodb")
    for item in _items(stack, receiver, start):
        if "event" not in item or item["status"]["S"] == HELD:
            continue
        body = gzip.decompress(bytes(item["event"]["B"])).decode()
        if not dry_run:
            dynamodb.update_item(
                TableName=stack.outputs["LedgerTableName"],
                Key={name: item[name] for name in ("product", "alert")},
                UpdateExpression="SET #status = :again",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":again": {"S": AGAIN}},
            )
            queues.send(receiver, body)
        yield {"id": json.loads(body)["id"], "title": item["title"]["S"]}


def _items(stack: Stack, receiver: str, start: datetime) -> Iterator[dict[str, Any]]:
    query = {
        "TableName": stack.outputs["LedgerTableName"],
        "KeyConditionExpression": "product = :receiver",
        "FilterExpression": "#at >= :start",
        "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {
            ":receiver": {"S": deliveries_of(receiver)},
            ":start": {"N": str(int(start.timestamp()))},
        },
    }
    for page in stack.client("dynamodb").get_paginator("query").paginate(**query):
        yield from page["Items"]
