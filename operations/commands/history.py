"""`history`: what was alerted about a product, and when; what a mute held back is marked."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from operations.deployed.stack import add_stage_to
from operations.ledger.alert_history import alerts_of
from operations.ledger.reading import LeftOut
from operations.terminal.arguments import not_empty
from operations.terminal.terminal import Terminal


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("history", help="list what was alerted about a product", description=__doc__)
    parser.add_argument("--product", type=not_empty, required=True, metavar="ID", help="the product's id")
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object an alert")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the history, the oldest alert first, and return 0."""
    stack = arguments.find_stack(arguments.stage, arguments.region)
    terminal = Terminal()
    count, left_out = 0, LeftOut()
    for alert in alerts_of(stack, arguments.product, left_out):
        count += 1
        if arguments.json:
            print(json.dumps(alert))
        else:
            severity = terminal.style(alert["severity"], f"{alert['severity']:<8}")
            terminal.line(f"{alert['publishedAt']}  {severity}  {alert['type']:<22}  {alert['title']}")
            muted = f"not sent, muted until {alert['mutedUntil']}; " if alert["mutedUntil"] else ""
            terminal.line(terminal.style("dim", f"{'':<32}{muted}rule {alert['rule']}, id {alert['id']}"))
    left_out.say_to(Terminal(sys.stderr))
    if not count and not left_out.count and not arguments.json:
        terminal.line(f"nothing was alerted about {arguments.product} in stage {arguments.stage}")
    return 0
