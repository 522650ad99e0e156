"""`mute`, `unmute` and `mutes`: silence for a rule, a product or both, for a time and without a deploy."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from notifications.config import rules_file
from notifications.text.formatting import rfc3339
from operations.deployed.stack import add_stage_to
from operations.evaluation.verdicts import named_rules
from operations.ledger.mutes import check_target, describe, mute, mutes_of, unmute
from operations.settings.project import PROJECT
from operations.terminal.arguments import not_empty
from operations.terminal.moments import read_moment
from operations.terminal.terminal import Terminal

_WHAT = "a rule, a product, or a rule about one product"


def add_to(commands: Any) -> None:
    """Describe the three commands to `argparse`."""
    muting = commands.add_parser("mute", help=f"silence {_WHAT} for a time", description=f"Silence {_WHAT} for a time.")
    _add_target_to(muting)
    muting.add_argument(
        "--until", required=True, metavar="WHEN", help="2h, 3d, or a time such as 2026-11-21T18:00Z; at most 366 days"
    )
    muting.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the rules file (alerts.toml)")
    add_stage_to(muting)
    muting.set_defaults(run=run_mute)

    unmuting = commands.add_parser("unmute", help="take a mute back", description="Take a mute back.")
    _add_target_to(unmuting)
    add_stage_to(unmuting)
    unmuting.set_defaults(run=run_unmute)

    listing = commands.add_parser("mutes", help="list what is muted", description="List what is muted, and until when.")
    add_stage_to(listing)
    listing.add_argument("--json", action="store_true", help="print one JSON object a mute")
    listing.set_defaults(run=run_mutes)


def _add_target_to(parser: Any) -> None:
    parser.add_argument("--rule", type=not_empty, metavar="NAME", help="a rule of alerts.toml; without it every rule")
    parser.add_argument("--product", type=not_empty, metavar="ID", help="the product's id; without it every product")


def _now() -> datetime:
    return datetime.now(UTC)


def run_mute(arguments: argparse.Namespace) -> int:
    """Mute and return 0. Raises ConfigurationError for a rule that does not exist, or a time that cannot be."""
    check_target(arguments.rule or "", arguments.product or "")
    now = _now()
    until = read_moment("--until", arguments.until, now, forward=True)
    if arguments.rule:
        named_rules([arguments.rule], rules_file.load(arguments.rules))
    stack = arguments.find_stack(arguments.stage, arguments.region)
    mute(stack, arguments.rule or "", arguments.product or "", until, now)
    Terminal().line(f"{describe(arguments.rule, arguments.product)} is muted until {rfc3339(int(until.timestamp()))}")
    return 0


def run_unmute(arguments: argparse.Namespace) -> int:
    """Take a mute back and return 0; 1 if there is no such mute."""
    stack = arguments.find_stack(arguments.stage, arguments.region)
    terminal = Terminal()
    if unmute(stack, arguments.rule or "", arguments.product or "", _now()):
        terminal.line(f"{describe(arguments.rule, arguments.product)} is not muted any more")
        return 0
    terminal.line(f"{describe(arguments.rule, arguments.product)} is not muted in stage {arguments.stage}")
    _print(terminal, mutes_of(stack, _now()))
    return 1


def run_mutes(arguments: argparse.Namespace) -> int:
    """List the mutes and return 0."""
    found = mutes_of(arguments.find_stack(arguments.stage, arguments.region), _now())
    terminal = Terminal()
    if arguments.json:
        for each in found:
            print(json.dumps(each))
        return 0
    _print(terminal, found)
    if not found:
        terminal.line(f"nothing is muted in stage {arguments.stage}")
    return 0


def _print(terminal: Terminal, found: list[dict[str, Any]]) -> None:
    for each in found:
        terminal.line(f"{describe(each['rule'], each['product'])} is muted until {each['until']}")
