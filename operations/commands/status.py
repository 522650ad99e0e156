"""`status`: how a deployed stage is."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from notifications.text.formatting import duration_text
from operations.deployed.stack import add_stage_to
from operations.health.health import read_health
from operations.terminal.terminal import Terminal

_MOST_LISTED = 5


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser(
        "status",
        help="how a deployed stage is: behind, failures, alerts by rule, alarms",
        description="How a deployed stage is, read through CloudWatch and the queues, never from the stream. "
        "Exits 1 if something waits for you: an alarm, or something that was given up.",
    )
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--watch", type=_seconds, metavar="SECONDS", help="look again and again, until Ctrl-C")
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 86_400:  # noqa: PLR2004 - a day
        raise argparse.ArgumentTypeError("expected 1 to 86400 seconds")
    return seconds


def run(arguments: argparse.Namespace) -> int:
    """Print it, and return 1 if something waits for the operator, else 0."""
    stack = arguments.find_stack(arguments.stage, arguments.region)
    while True:
        health = read_health(stack)
        if arguments.json:
            print(json.dumps(health))
        else:
            _show(Terminal(), health)
        if not arguments.watch:
            return 1 if health["alarms"] or health["failures"]["waiting"] or health["givenUp"] else 0
        time.sleep(arguments.watch)


def _show(terminal: Terminal, health: dict[str, Any]) -> None:
    def line(name: str, text: str, style: str = "") -> None:
        terminal.line(f"{name:<16}{terminal.style(style, text) if style else text}")

    function, failures, given_up = health["function"], health["failures"], health["givenUp"]
    behind = health["behindSeconds"]
    terminal.line(f"stage {health['stage']}, {health['at']}")
    line("deployed", f"version {function['version'] or 'unknown'}, {function['deployed']}")
    line("last invocation", health["lastInvocation"] or "not in the last 24 h, as far as CloudWatch knows")
    line("behind by", "unknown: nothing was read lately" if behind is None else duration_text(behind))
    for mapping in health["mappings"]:
        line("mapping", f"{mapping['uuid']}: {mapping['state']}, {mapping['lastResult'] or 'no result yet'}")
    for alarm in health["alarms"]:
        line("alarm", f"{alarm['name']}: {alarm['description']}", "bad")
    if failures["waiting"]:
        line(
            "failures", f"{failures['waiting']} in the queue; the oldest is kept until {failures['firstUntil']}", "bad"
        )
    for batch in given_up[:_MOST_LISTED]:
        line("given up", f"{batch['batch']}, kept until {batch['until'] or 'it is deleted'}", "bad")
    if len(given_up) > _MOST_LISTED:
        line("", f"and {len(given_up) - _MOST_LISTED} more batches", "bad")
    if not failures["waiting"] and not given_up:
        line("failures", "nothing waits", "good")
    line("alerts", _counts(health["alerts"]))
    line("suppressed", _counts(health["suppressed"]))
    for each in health["subscribers"]:
        filtered = f", filter {each['filter']}" if each["filter"] else ""
        waits = "" if each["confirmed"] else ", not confirmed yet"
        line("subscriber", f"{each['protocol']} {each['endpoint']}{filtered}{waits}")


def _counts(counts: dict[str, dict[str, int]]) -> str:
    """Write "price-drop 3 (12 in 24 h)" for each, the first of them in the last hour."""
    texts = [f"{name} {counts['hour'].get(name, 0)} ({count} in 24 h)" for name, count in counts["day"].items()]
    return ", ".join(texts) or "0 in 24 h, as far as CloudWatch knows"
