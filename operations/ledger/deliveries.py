"""What the ledger of a stage says was delivered to a receiver, and how to deliver it again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from notifications.common.errors import MalformedAlertError
from notifications.delivery.handling import progress_table
from notifications.delivery.handling.progress import AGAIN, DISABLED, HELD
from notifications.delivery.handling.progress_table import deliveries_of
from notifications.delivery.received_alert import read_alert
from operations.deployed.receiver_queues import ReceiverQueues, required_output
from operations.deployed.stack import Stack
from operations.ledger.reading import Item, LeftOut, UnreadableItemError, number, published, text, time
from operations.terminal.moments import read_moment

MOST_ALERTS, MOST_PAGES = 2000, 20
"""Of a history: a page may have 1 MB."""
UNREADABLE = "unreadable"
_MOST_KEYS = 100  # of a BatchGetItem


class _Again(NamedTuple):
    """What may be delivered again."""

    alert: str
    id: str
    title: str
    body: str


def since(given: str, now: datetime) -> datetime:
    """Read a time, such as 2026-11-21T09:00Z, or a span before `now`, such as 2h. Raises UsageError."""
    return read_moment("--since", given, now, forward=False)


def deliveries(stack: Stack, receiver: str, start: datetime, left_out: LeftOut) -> list[dict[str, Any]]:
    """List what became of alerts since `start`, the oldest first.

    Each has `receiver`, `id`, `status`, `attempts`, `at` (RFC 3339), `title` and `error` (None without one). A receiver
    that is disabled has an entry without an id. `left_out` counts what cannot be read.
    """
    found = left_out.read(_items(stack, receiver, start), lambda item: (number(item, "at"), _delivery(receiver, item)))
    return [delivery for _, delivery in sorted(found, key=lambda each: each[0])]


def deliveries_of_alert(stack: Stack, alert_id: str, receivers: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """List what became of one alert at each of the receivers, as `deliveries` does, and the alert as it was published.

    The text is "" where no receiver has had the alert yet. One that cannot be read has the status "unreadable". With a
    call for 100 receivers.
    """
    keys = [{"product": {"S": deliveries_of(name)}, "alert": {"S": alert_id}} for name in receivers]
    table = stack.outputs["LedgerTableName"]
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), _MOST_KEYS):
        asked = {table: {"Keys": keys[start : start + _MOST_KEYS], "ConsistentRead": True}}
        while asked:
            answer = stack.client("dynamodb").batch_get_item(RequestItems=asked)
            found |= {item["product"]["S"]: item for item in answer.get("Responses", {}).get(table, [])}
            asked = answer.get("UnprocessedKeys") or {}
    bodies = LeftOut().read((item for item in found.values() if "event" in item), published)
    named = [(name, found.get(deliveries_of(name))) for name in receivers]
    return [_delivery_or_problem(name, item) for name, item in named if item], next(bodies, "")


def delivered_alerts(
    stack: Stack,
    receivers: Sequence[str],
    start: datetime,
    most: int = MOST_ALERTS,
    left_out: LeftOut | None = None,
) -> tuple[list[str], bool]:
    """List the alerts that receivers were sent since `start`, each once, as they were published; and whether it is all.

    With a Query a receiver, of which at most `MOST_PAGES` pages are read in all. `left_out` counts what cannot be read.
    """
    counter = left_out or LeftOut()
    found: dict[str, str] = {}
    pages = 0
    for receiver in receivers:
        for page in _pages(stack, receiver, start):
            pages += 1
            new = (item for item in page if "event" in item and text(item, "alert") not in found)
            for alert_id, body in counter.read(new, lambda item: (text(item, "alert"), published(item))):
                if len(found) >= most:
                    return list(found.values()), False
                found[alert_id] = body
            if pages >= MOST_PAGES:
                return list(found.values()), False
    return list(found.values()), True


def send_test(stack: Stack, receiver: str, event: dict[str, Any]) -> str:
    """Send a receiver an alert, marked as a test, through the delivery function; return what went wrong, or ""."""
    answer = stack.client("lambda").invoke(
        FunctionName=required_output(stack, "DeliveryFunctionName"),
        Payload=json.dumps({"test": receiver, "alert": event}).encode(),
    )
    try:
        response = json.loads(answer["Payload"].read())
    except (ValueError, RecursionError):
        response = None
    fields = response if isinstance(response, dict) else {}
    if answer.get("FunctionError"):
        return f"the function failed: {fields.get('errorMessage', response)}"
    return "" if fields.get("delivered") is True else str(fields.get("error", "the function gave no answer"))


def _delivery(receiver: str, item: Item) -> dict[str, Any]:
    alert_id = text(item, "alert")
    return {
        "receiver": receiver,
        "id": None if alert_id == progress_table.DISABLED else alert_id,
        "status": text(item, "status", DISABLED),
        "attempts": int(number(item, "attempts", 0)),
        "at": time(item, "at"),
        "title": text(item, "title", ""),
        "error": text(item, "error") if "error" in item else None,
    }


def _delivery_or_problem(receiver: str, item: Item) -> dict[str, Any]:
    try:
        return _delivery(receiver, item)
    except UnreadableItemError as error:
        unknown = {"id": text(item, "alert"), "attempts": 0, "at": None, "title": ""}
        return {"receiver": receiver, "status": UNREADABLE, "error": f"its item in the ledger: {error}", **unknown}


def redeliver(
    stack: Stack, receiver: str, start: datetime, left_out: LeftOut, *, dry_run: bool
) -> Iterator[dict[str, Any]]:
    """Put what was sent or given up since `start` into the receiver's queue again; yield `id` and `title` of each.

    What waits for a digest is left alone. It is marked first, so that to run this twice does no harm. `left_out` counts
    what cannot be read.
    """
    queues = ReceiverQueues(stack)
    queues.check(receiver)
    dynamodb = stack.client("dynamodb")
    kept = (item for item in _items(stack, receiver, start) if "event" in item)
    for again in left_out.read(kept, _again):
        if again is None:
            continue
        if not dry_run:
            dynamodb.update_item(
                TableName=stack.outputs["LedgerTableName"],
                Key={"product": {"S": deliveries_of(receiver)}, "alert": {"S": again.alert}},
                UpdateExpression="SET #status = :again",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":again": {"S": AGAIN}},
            )
            queues.send(receiver, again.body)
        yield {"id": again.id, "title": again.title}


def _again(item: Item) -> _Again | None:
    """Read what may be delivered again; None for what waits for a digest."""
    if text(item, "status") == HELD:
        return None
    body = published(item)
    try:
        alert_id = read_alert(body).id
    except MalformedAlertError as error:
        raise UnreadableItemError(str(error)) from None
    return _Again(text(item, "alert"), alert_id, text(item, "title"), body)


def _items(stack: Stack, receiver: str, start: datetime) -> Iterator[dict[str, Any]]:
    for page in _pages(stack, receiver, start):
        yield from page


def _pages(stack: Stack, receiver: str, start: datetime) -> Iterator[list[dict[str, Any]]]:
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
        yield page["Items"]
