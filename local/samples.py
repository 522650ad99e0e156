"""The nine samples that `npm start` plays: real writes to the local table, but for one."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from local.deployment import ROOT, Deployment
from local.errors import SamplesError
from local.rules import Rules

PRODUCT_ID = "prod-123"
POISON_ID = "prod-803"
TTL_EXPIRY = ROOT / "events" / "ttl-expiry.json"


@dataclass(frozen=True)
class Sample:
    """One change: what it shows, what is done, the kind of rule that it is for.

    `kind` is None for the change that no rule is meant to name. `may_also` are further kinds
    of rule that a user's own alerts.toml could match with it.
    """

    title: str
    change: str
    make: Callable[[], Any]
    kind: str | None
    may_also: frozenset[str] = frozenset()
    alerts: int = 1
    """How many alerts a rule of this kind makes of it."""
    gives_up: bool = False
    """Something of it ends in the failures queue."""


def samples(aws: LocalAws, deployment: Deployment, rules: Rules) -> list[Sample]:
    """List the samples in the order in which they are to be made."""
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
        Sample("A change that no rule names", "views 1", update("views", "1"), None, changed),
        Sample(
            "A product expires",
            f"the function is invoked with {TTL_EXPIRY.relative_to(ROOT)}: the local AWS streams no expiries, AWS does",
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
            f"put prod-801, prod-802, {POISON_ID}, prod-804; a crash is simulated where {POISON_ID} is in a batch",
            lambda: _put_poison_among_others(dynamodb, deployment, name),
            "added",
            alerts=3,
            gives_up=True,
        ),
    ]


def _put_poison_among_others(dynamodb: Any, deployment: Deployment, name: str) -> None:
    """Write four products in one call, so that they come in one batch."""
    puts = [
        {"PutRequest": {"Item": {"productId": {"S": product_id}, name: {"S": f"Sample {product_id}"}}}}
        for product_id in ("prod-801", "prod-802", POISON_ID, "prod-804")
    ]
    dynamodb.batch_write_item(RequestItems={deployment.products_table_name: puts})


def _invoke_with_expiry(aws: LocalAws, deployment: Deployment) -> None:
    """Send the recorded expiry as if the deployed stream had carried it just now."""
    try:
        event = json.loads(TTL_EXPIRY.read_text(encoding="utf-8"))
        for offset, record in enumerate(event["Records"]):
            record["eventSourceARN"] = deployment.products_stream_arn
            record["dynamodb"]["SequenceNumber"] = str(time.time_ns() + offset)
            record["dynamodb"]["ApproximateCreationDateTime"] = int(time.time())
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SamplesError(f"{_shown(TTL_EXPIRY)} is no stream event that can be played: {error}") from error
    response = aws.client("lambda").invoke(FunctionName=deployment.alerts_function_name, Payload=json.dumps(event))
    answer = response["Payload"].read().decode(errors="replace")
    if response.get("FunctionError"):
        raise SamplesError("The function failed on the recorded expiry.", answer)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
