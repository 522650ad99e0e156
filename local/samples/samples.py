"""The sample changes that `npm start` makes: writes to the local table, and one recorded event.

They are made for the table that is deployed: its key, and the attributes that `[product]` of alerts.toml names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.samples.sample_product import SAMPLE_ID, SampleProduct
from local.stack.deployment import Deployment
from local.stack.errors import SamplesError
from local.stack.local_aws import LocalAws
from notifications.text.formatting import value_text
from operations.settings.project import PROJECT

PRODUCT_ID = SAMPLE_ID
NAME = "Wireless Mouse"
POISON_ID = "prod-803"
POISONED_BATCH = ("prod-801", "prod-802", POISON_ID, "prod-804")
TTL_EXPIRY = PROJECT / "events" / "ttl-expiry.json"


@dataclass(frozen=True)
class Sample:
    """One change, and the kind of rule that it is for. Which alerts are due is asked of the rules."""

    title: str
    change: str
    """What is written, in the user's attribute names."""
    make: Callable[[], Any]
    """Makes the change; returns the records if it takes them to the function itself, past the stream."""
    kind: str | None
    """The `when` of the rule; None for the change that is meant for no rule."""
    records: int = 1
    """How many records the function processes of it."""
    gives_up: bool = False
    """Whether a part of it ends in the failures queue."""


def samples(aws: LocalAws, deployment: Deployment, product: SampleProduct) -> list[Sample]:
    """List the samples in the order in which to make them. Making one may raise SamplesError or ClientError."""
    name, price, stock = (product.attribute(role) for role in ("name", "price", "stock"))
    shown_id = product.shown_id(PRODUCT_ID)

    new_price, lower_price = product.prices()
    many, few = product.stocks()
    refill = max(many, Decimal(20))

    def set_number(role: str, number: Decimal) -> Callable[[], None]:
        return lambda: product.set(PRODUCT_ID, role, number)

    return [
        Sample(
            "A new product",
            f'put {shown_id}: {name} "{NAME}", {price} {new_price}, {stock} {many}, {product.shown_values()}',
            lambda: product.put(PRODUCT_ID, name=NAME, price=new_price, stock=many),
            "added",
        ),
        Sample(
            "A lower price",
            f"{price} {new_price} → {lower_price}",
            lambda: product.set(PRODUCT_ID, "price", lower_price),
            "price_drop",
        ),
        Sample("Stock runs low", f"{stock} {many} → {few}", set_number("stock", few), "low_stock"),
        Sample("The last one is sold", f"{stock} {few} → 0", set_number("stock", Decimal(0)), "out_of_stock"),
        Sample("Back in stock", f"{stock} 0 → {refill}", set_number("stock", refill), "back_in_stock"),
        *_edit(product),
        Sample("A change that no rule is about", "views 1", set_number("views", Decimal(1)), None),
        Sample(
            "A product expires",
            f"invoke the function with {_shown(TTL_EXPIRY)}: the local AWS, unlike AWS, streams no expiries",
            lambda: _invoke_with_expiry(aws, deployment, product),
            "removed",
        ),
        Sample("A product is removed", f"delete {shown_id}", lambda: product.delete(PRODUCT_ID), "removed"),
        Sample(
            "A record that crashes the function",
            f"put {', '.join(POISONED_BATCH)}; the function is made to crash on {POISON_ID}. "
            "Records are numbered as they are read",
            lambda: product.put_all(POISONED_BATCH),
            "added",
            records=len(POISONED_BATCH) - 1,
            gives_up=True,
        ),
    ]


def _edit(product: SampleProduct) -> Iterator[Sample]:
    """Yield a change of an attribute that a rule names for `changed`, if one does."""
    found = product.edit(NAME)
    if found:
        path, value = found
        text = f"{path.text} → {value_text(value)}"
        yield Sample("An edit", text, lambda: product.set_typed(PRODUCT_ID, path, value), "changed")


def _invoke_with_expiry(aws: LocalAws, deployment: Deployment, product: SampleProduct) -> list[Mapping[str, Any]]:
    """Invoke the function with the recorded expiry, as if the deployed stream had carried it just now."""
    try:
        event = json.loads(TTL_EXPIRY.read_text(encoding="utf-8"))
        for offset, record in enumerate(event["Records"]):
            product_id = record["dynamodb"]["Keys"]["productId"]["S"]
            name = record["dynamodb"]["OldImage"]["name"]["S"]
            record["eventSourceARN"] = deployment.products_stream_arn
            record["dynamodb"] |= {
                "Keys": product.key(product_id),
                "OldImage": product.item(product_id, name=name, price=product.price("9.99"), stock=Decimal(3)),
                "SequenceNumber": str(time.time_ns() + offset),
                "ApproximateCreationDateTime": int(time.time()),
            }
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SamplesError(f"{_shown(TTL_EXPIRY)} is not a stream event that can be played: {error}") from error
    response = aws.client("lambda").invoke(FunctionName=deployment.alerts_function_name, Payload=json.dumps(event))
    answer = response["Payload"].read().decode(errors="replace")
    if response.get("FunctionError"):
        raise SamplesError("The function failed on the recorded expiry.", answer)
    return list(event["Records"])


def _shown(path: Any) -> str:
    return str(path.relative_to(PROJECT))
