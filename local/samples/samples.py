"""The nine sample changes that `npm start` makes: writes to the local table, and one recorded event.

They are made for the table that is deployed: its key, and the attributes that `[product]` of alerts.toml names.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.samples.sample_product import SampleProduct
from local.stack.deployment import Deployment
from local.stack.errors import SamplesError
from local.stack.local_aws import LocalAws
from operations.settings.project import PROJECT

PRODUCT_ID = "prod-123"
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

    new_price, lower_price = product.price("25.99"), product.price("19.99")

    def set_number(role: str, number: str) -> Callable[[], None]:
        return lambda: product.set(PRODUCT_ID, role, Decimal(number))

    return [
        Sample(
            "A new product",
            f'put {shown_id}: {name} "Wireless Mouse", {price} {new_price}, category Electronics, {stock} 12',
            lambda: product.put(PRODUCT_ID, name="Wireless Mouse", price=new_price, stock=Decimal(12)),
            "added",
        ),
        Sample(
            "A lower price",
            f"{price} {new_price} → {lower_price}",
            lambda: product.set(PRODUCT_ID, "price", lower_price),
            "price_drop",
        ),
        Sample("Stock runs low", f"{stock} 12 → 3", set_number("stock", "3"), "low_stock"),
        Sample("The last one is sold", f"{stock} 3 → 0", set_number("stock", "0"), "out_of_stock"),
        Sample("Back in stock", f"{stock} 0 → 20", set_number("stock", "20"), "back_in_stock"),
        Sample("A change that no rule is about", "views 1", set_number("views", "1"), None),
        Sample(
            "A product expires",
            f"invoke the function with {_shown(TTL_EXPIRY)}: the local AWS, unlike AWS, streams no expiries",
            lambda: _invoke_with_expiry(aws, deployment, product),
            "removed",
        ),
        Sample("A product is removed", f"delete {shown_id}", lambda: product.delete(PRODUCT_ID), "removed"),
        Sample(
            "A record that crashes the function",
            f"put {', '.join(POISONED_BATCH)}; the function is made to crash on {POISON_ID}",
            lambda: product.put_all(POISONED_BATCH),
            "added",
            records=len(POISONED_BATCH) - 1,
            gives_up=True,
        ),
    ]


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
