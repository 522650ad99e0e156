"""`redeliver`: send a receiver again what it was sent, such as after it lost it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from operations.commands.delivery.deliveries import add_receiver_to
from operations.deployed.stack import add_stage_to
from operations.ledger.deliveries import redeliver, since
from operations.ledger.reading import LeftOut
from operations.terminal.terminal import Terminal
from operations.terminal.words import how_many


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("redeliver", help="send a receiver again what it was sent", description=__doc__)
    add_receiver_to(parser)
    parser.add_argument("--since", required=True, metavar="WHEN", help="2h, 3d, or a time")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be sent")
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object an alert")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Put the alerts into the receiver's queue and return 0."""
    start = since(arguments.since, datetime.now(UTC))
    stack = arguments.find_stack(arguments.stage, arguments.region)
    terminal = Terminal()
    count, left_out = 0, LeftOut()
    for each in redeliver(stack, arguments.receiver, start, left_out, dry_run=arguments.dry_run):
        count += 1
        if arguments.json:
            print(json.dumps(each))
        else:
            terminal.line(f"{each['id']}  {each['title']}")
    left_out.say_to(Terminal(sys.stderr))
    if not arguments.json:
        verb = "would be" if arguments.dry_run else "are"
        terminal.line(f"{how_many(count, 'alert')} {verb} on the way to {arguments.receiver} again")
    return 0
