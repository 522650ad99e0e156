"""`history`: what was alerted about a product, and when."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from local.terminal import Terminal
from notifications.publishing.ledger_table import partition_of
from notifications.text.formatting import rfc3339
from operations.stack import Stack, add_stage_to


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("history", help="list what was alerted about a product", description=__doc__)
    parser.add_argument("--product", required=True, metavar="ID", help="the product's id")
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object an alert")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the history, the oldest alert first, and return 0."""
    stack = arguments.find_stack(arguments.stage, arguments.region)
    terminal = Terminal()
    count = 0
    for alert in alerts_of(stack, arguments.product):
        count += 1
        if arguments.json:
            print(json.dumps(alert))
        else:
            severity = terminal.style(alert["severity"], f"{alert['severity']:<8}")
            terminal.line(f"{alert['publishedAt']}  {severity}  {alert['type']:<22}  {alert['title']}")
            terminal.line(terminal.style("dim", f"{'':<32}rule {alert['rule']}, id {alert['id']}"))
    if not count and not arguments.json:
        terminal.line(f"nothing was alerted about {arguments.product} in stage {arguments.stage}")
    return 0


def alerts_of(stack: Stack, product_id: str) -> Iterator[dict[str, Any]]:
    """Yield the alerts about a product from the ledger, in the order of its changes: one Query."""
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
            }
