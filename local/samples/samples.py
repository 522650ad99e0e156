"""The nine sample changes that `npm start` makes: writes to the local table, and one recorded event."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.samples.rules_outline import RulesOutline
from local.stack.deployment import Deployment
from local.stack.errors import SamplesError
from local.stack.local_aws import LocalAws
from operations.settings.project import PROJECT

PRODUCT_ID = "prod-123"
POISON_ID = "prod-803"
TTL_EXPIRY = PROJECT / "events" / "ttl-expiry.json"


@dataclass(frozen=True)
class Sample:
    """One change, and the kind of rule that it is for."""

    title: str
    change: str
    """What is written, in the user's attribute names."""
    make: Callable[[], Any]
    kind: str | None
    """The `when` of the rule; None for the change that is meant for no rule."""
    may_also: frozenset[str] = frozenset()
    """Further kinds of rule that a user's alerts.toml could match with it."""
    alerts: int = 1
    """How many alerts a rule of this kind sends for it."""
    gives_up: bool = False
    """Whether a part of it ends in the failures queue."""


def samples(aws: LocalAws, deployment: Deployment, rules: RulesOutline) -> list[Sample]:
    """List the samples in the order in which to make them. Making one may raise SamplesError or ClientError."""
    dynamodb = aws.client("dynamodb")
    name, price, stock = (rules.attribute(role) for role in ("name", "price", "stock"))
    table = {"TableName": deployment.products_table_name}
    key = {"productId": {"S": PRODUCT_ID}}

    def put() -> None:
        item = {
            name: {"S": "Wireless Mouse"},
            price: {"N": "25.99"},
            "category": {"S": "Electronics"},
            stock: {"N": "12"},
        }
        dynamodb.put_item(**table, Item={**key, **item})

    def update(attribute: str, number: str) -> Callable[[], None]:
        return lambda: dynamodb.update_item(
            **table,
            Key=key,
            UpdateExpression="SET #attribute = :value",
            ExpressionAttributeNames={"#attribute": attribute},
            ExpressionAttributeValues={":value": {"N": number}},
        )

    changed = frozenset({"changed"})
    return [
        Sample(
            "A new product",
            f'put {PRODUCT_ID}: {name} "Wireless Mouse", {price} 25.99, category Electronics, {stock} 12',
            put,
            "added",
        ),
        Sample("A lower price", f"{price} 25.99 → 19.99", update(price, "19.99"), "price_drop", changed),
        Sample("Stock runs low", f"{stock} 12 → 3", update(stock, "3"), "low_stock", changed),
        Sample(
            "The last one is sold",
            f"{stock} 3 → 0",
            update(stock, "0"),
            "out_of_stock",
            changed | {"low_stock"},
        ),
        Sample("Back in stock", f"{stock} 0 → 20", update(stock, "20"), "back_in_stock", changed),
        Sample("A change that no rule is about", "views 1", update("views", "1"), None, changed),
        Sample(
            "A product expires",
            f"invoke the function with {_shown(TTL_EXPIRY)}: the local AWS, unlike AWS, streams no expiries",
            lambda: _invoke_with_expiry(aws, deployment),
            "removed",
        ),
        Sample(
            "A product is removed",
            f"delete {PRODUCT_ID}",
            lambda: dynamodb.delete_item(**table, Key=key),
            "removed",
        ),
        Sample(
            "A record that crashes the function",
            f"put prod-801, prod-802, {POISON_ID}, prod-804; the function is made to crash on {POISON_ID}",
            lambda: _put_poison_among_others(dynamodb, deployment, name),
            "added",
            alerts=3,
            gives_up=True,
        ),
    ]


def _put_poison_among_others(dynamodb: Any, deployment: Deployment, name: str) -> None:
    """Write four products in one call, so that they arrive in one batch."""
    puts = [
        {"PutRequest": {"Item": {"productId": {"S": product_id}, name: {"S": f"Sample {product_id}"}}}}
        for product_id in ("prod-801", "prod-802", POISON_ID, "prod-804")
    ]
    dynamodb.batch_write_item(RequestItems={deployment.products_table_name: puts})


def _invoke_with_expiry(aws: LocalAws, deployment: Deployment) -> None:
    """Invoke the function with the recorded expiry, as if the deployed stream had carried it just now."""
    try:
        event = json.loads(TTL_EXPIRY.read_text(encoding="utf-8"))
        for offset, record in enumerate(event["Records"]):
            record["eventSourceARN"] = deployment.products_stream_arn
            record["dynamodb"]["SequenceNumber"] = str(time.time_ns() + offset)
            record["dynamodb"]["ApproximateCreationDateTime"] = int(time.time())
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SamplesError(f"{_shown(TTL_EXPIRY)} is not a stream event that can be played: {error}") from error
    response = aws.client("lambda").invoke(FunctionName=deployment.alerts_function_name, Payload=json.dumps(event))
    answer = response["Payload"].read().decode(errors="replace")
    if response.get("FunctionError"):
        raise SamplesError("The function failed on the recorded expiry.", answer)


def _shown(path: Path) -> str:
    return str(path.relative_to(PROJECT))
