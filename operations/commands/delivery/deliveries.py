"""`deliveries`: what went to a receiver, when, after how many attempts, and the last error."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from notifications.delivery.handling.progress import DONE
from notifications.text.formatting import rfc3339
from operations.deployed.receiver_queues import ReceiverQueues
from operations.deployed.stack import add_stage_to
from operations.ledger.deliveries import deliveries, since
from operations.ledger.reading import LeftOut
from operations.terminal.arguments import not_empty
from operations.terminal.terminal import Terminal


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("deliveries", help="list what was delivered to a receiver", description=__doc__)
    add_receiver_to(parser)
    parser.add_argument("--since", default="24h", metavar="WHEN", help="2h, 3d, or a time; by default 24h")
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object a delivery")
    parser.set_defaults(run=run)


def add_receiver_to(parser: Any) -> None:
    """Add the argument that names a receiver."""
    parser.add_argument(
        "--receiver", type=not_empty, required=True, metavar="NAME", help="a receiver of receivers.toml"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the deliveries, the oldest first, and return 0. Raises ConfigurationError for a receiver never heard of."""
    start = since(arguments.since, datetime.now(UTC))
    stack = arguments.find_stack(arguments.stage, arguments.region)
    terminal = Terminal()
    left_out = LeftOut()
    found = deliveries(stack, arguments.receiver, start, left_out)
    left_out.say_to(Terminal(sys.stderr))
    if not found and not left_out.count:
        ReceiverQueues(stack).check(arguments.receiver)
    for each in found:
        if arguments.json:
            print(json.dumps(each))
            continue
        style = "good" if each["status"] in DONE else "bad"
        status = terminal.style(style, f"{each['status']:<11}")
        terminal.line(f"{each['at']}  {status}  {each['attempts']:>2}  {each['title']}")
        detail = ", ".join(filter(None, (each["id"] and f"id {each['id']}", each["error"])))
        terminal.line(terminal.style("dim", f"{'':<39}{detail}"))
    if not found and not left_out.count and not arguments.json:
        then = rfc3339(int(start.timestamp()))
        terminal.line(f"nothing was delivered to {arguments.receiver} in stage {arguments.stage} since {then}")
    return 0
