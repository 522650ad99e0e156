"""The hours that are played, and the changes of a shop's products in them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from event_source_mapping.model.stream_records import StreamRecord, from_api
from event_source_mapping.testing.builders import STREAM_ARN

START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC).timestamp()
HOURS = 6
_HOUR = 3600.0
_PRODUCTS = 60
_SALE = (3.0, 3.5)  # hours after the start, as are the others
_POISON = 2.17


def hours(at: float) -> float:
    """Return the hours since the start."""
    return (at - START) / _HOUR


def within(now: float, span: tuple[float, float]) -> bool:
    """Tell whether so many hours are in a span."""
    return span[0] <= now < span[1]


def changes(dice: random.Random) -> Iterator[StreamRecord]:
    """Give the table's changes: things are sold, and prices are changed now and then; more while there is a sale."""
    stock = [dice.randint(4, 90) for _ in range(_PRODUCTS)]
    price = [dice.randint(500, 9000) for _ in range(_PRODUCTS)]
    poisoned = False
    at, number = START, 0
    while True:
        sale = within(hours(at), _SALE)
        a_day = 1 + 0.6 * math.sin(hours(at) / HOURS * math.pi)
        at += dice.expovariate(1 / (6 if sale else 24)) / a_day
        if hours(at) >= HOURS:
            return
        number += 1
        if not poisoned and hours(at) >= _POISON:
            poisoned = True
            yield _record(number, at, {"productId": {"S": "prod-000"}, "price": "not a typed value"}, _image(0, 900, 9))
            continue
        product = dice.randrange(_PRODUCTS)
        old = _image(product, price[product], stock[product])
        if dice.random() < (0.5 if sale else 0.12):
            price[product] = round(price[product] * dice.choice((0.7, 0.8, 0.95, 1.05, 1.2)))
        elif stock[product] == 0 or dice.random() < 0.05:  # noqa: PLR2004 - one sale in twenty is a delivery
            stock[product] += dice.randint(20, 90)
        else:
            stock[product] -= min(stock[product], dice.randint(1, 8))
        yield _record(number, at, _image(product, price[product], stock[product]), old)


def _image(product: int, price: int, stock: int) -> dict[str, Any]:
    return {
        "productId": {"S": f"prod-{product:03d}"},
        "name": {"S": f"Product {product}"},
        "price": {"N": f"{price // 100}.{price % 100:02d}"},
        "stock": {"N": str(stock)},
    }


def _record(number: int, at: float, new: dict[str, Any], old: dict[str, Any]) -> StreamRecord:
    return from_api(
        {
            "eventID": f"{number:032x}",
            "eventName": "MODIFY",
            "dynamodb": {
                "ApproximateCreationDateTime": float(int(at)),
                "Keys": {"productId": new["productId"]},
                "NewImage": new,
                "OldImage": old,
                "SequenceNumber": str(10**20 + number),
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        },
        STREAM_ARN,
    )
