"""Stream records made to measure: any number of attributes, any change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/products/stream/2026-11-21T09:00:00.000"
CREATED_AT = 1795251720.0
NINE = {
    "name": {"S": "Wireless Mouse"},
    "category": {"S": "Electronics"},
    "price": {"N": "25.99"},
    "stock": {"N": "12"},
    "views": {"N": "1041"},
    "tags": {"SS": ["mouse", "office", "wireless"]},
    "dimensions": {"M": {"weight": {"N": "80"}, "width": {"N": "6.2"}}},
    "updatedAt": {"S": "2026-11-21T09:02:00Z"},
}
"""With the key, nine attributes."""

VIEWED = {"views": {"N": "1042"}}
CHEAPER_BY_5_PERCENT = {"price": {"N": "24.69"}}
SOLD_ONE = {"stock": {"N": "11"}}
CHEAPER_BY_23_PERCENT = {"price": {"N": "19.99"}}


def record(
    position: int, change: Mapping[str, Any], item: Mapping[str, Any] = NINE, attributes: int | None = None
) -> dict[str, Any]:
    """Make the record of a modification; `attributes`: how many the item has, the key included."""
    if attributes is not None:
        filler = {f"attribute{number}": {"S": f"value {number}"} for number in range(attributes)}
        kept = dict(list(item.items())[: attributes - 1])
        item = {**kept, **dict(list(filler.items())[: attributes - 1 - len(kept)])}
    key = {"productId": {"S": f"prod-{position}"}}
    return {
        "eventID": f"{position:032x}",
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": CREATED_AT,
            "Keys": key,
            "NewImage": {**key, **item, **change},
            "OldImage": {**key, **item},
            "SequenceNumber": str(700000000000888747000 + position),
            "SizeBytes": 500,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": STREAM_ARN,
    }


def batch(
    size: int,
    change: Mapping[str, Any] = VIEWED,
    *,
    matching_every: int = 0,
    item: Mapping[str, Any] = NINE,
    attributes: int | None = None,
    start: int = 0,
) -> list[str]:
    """Make a batch as JSON texts, one a record; every so many of them drop in price by 23%, none for 0.

    Records are numbered from `start`: another number is another product, and news to a ledger.
    """
    return [
        json.dumps(record(n, CHEAPER_BY_23_PERCENT if _is_nth(n, matching_every) else change, item, attributes))
        for n in range(start, start + size)
    ]


def event(texts: list[str]) -> dict[str, Any]:
    """Parse a batch into an event, as Lambda's runtime does."""
    return {"Records": [json.loads(text) for text in texts]}


def _is_nth(position: int, every: int) -> bool:
    return every > 0 and position % every == 0
