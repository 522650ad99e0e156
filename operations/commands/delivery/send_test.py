"""`send-test`: really send a receiver the alerts of a recorded event, marked as a test."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from notifications.config import rules_file
from notifications.publishing.messages import cloud_event
from operations.commands.delivery.deliveries import add_receiver_to
from operations.deployed.stack import add_stage_to
from operations.evaluation.recorded_events import records_in
from operations.evaluation.verdicts import judge
from operations.ledger.deliveries import send_test
from operations.settings.project import PROJECT
from operations.terminal.terminal import Terminal
from operations.terminal.words import NO_ALERT


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser(
        "send-test",
        help="send a receiver the alerts of a recorded event, as a test",
        description=f"{__doc__} `only`, digest, quiet hours and what was sent before do not matter.",
    )
    add_receiver_to(parser)
    parser.add_argument("--event", type=Path, required=True, metavar="FILE", help="a recorded stream event")
    parser.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the rules file (alerts.toml)")
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object an alert")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send, say what became of it, and return 0 if all was delivered, else 1."""
    ruleset = rules_file.load(arguments.rules)
    alerts = [alert for verdict in judge(ruleset, records_in(arguments.event)) for alert in verdict.alerts]
    terminal = Terminal()
    if not alerts:
        terminal.line(f"{arguments.event}: no rule alerts, so there is nothing to send. {NO_ALERT}")
        return 1
    stack = arguments.find_stack(arguments.stage, arguments.region)
    failed = 0
    for alert in alerts:
        error = send_test(stack, arguments.receiver, cloud_event(alert))
        failed += bool(error)
        if arguments.json:
            print(json.dumps({"id": alert.id, "title": alert.title, "delivered": not error, "error": error or None}))
        elif error:
            terminal.line(f"{terminal.style('bad', 'failed')}     {alert.title}: {error}")
        else:
            terminal.line(f"{terminal.style('good', 'delivered')}  {alert.title}")
    return 1 if failed else 0
