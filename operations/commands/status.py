"""`status`: how a deployed stage is."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from notifications.text.formatting import duration_text
from operations.deployed.stack import add_stage_to
from operations.health.health import read_health
from operations.ledger.mutes import describe
from operations.settings.project import LOCAL_STAGE
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
    with suppress(ValueError):
        if 1 <= (seconds := float(text)) <= 86_400:  # noqa: PLR2004 - a day
            return seconds
    raise argparse.ArgumentTypeError(f"expected 1 to 86400 seconds, got {text[:40]!r}")


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
            return 1 if _waits(health) else 0
        time.sleep(arguments.watch)


def _waits(health: dict[str, Any]) -> bool:
    """Tell whether something waits for the operator."""
    return bool(
        health["alarms"] or health["failures"]["waiting"] or health["givenUp"] or health["undelivered"]["waiting"]
    )


Line = tuple[str, str, str]
"""What it is about, the text, and its style."""


def _show(terminal: Terminal, health: dict[str, Any]) -> None:
    terminal.line(f"stage {health['stage']}, {health['at']}")
    for lines in (_deployed(health), _waiting(health), _counted(health), _people(health)):
        for name, text, style in lines:
            terminal.line(f"{name:<16}{terminal.style(style, text) if style else text}")


def _deployed(health: dict[str, Any]) -> Iterator[Line]:
    function, behind = health["function"], health["behindSeconds"]
    yield "deployed", f"version {function['version'] or 'unknown'}, {function['deployed']}", ""
    yield from _differences(function["differences"])
    known = "so far" if health["stage"] == LOCAL_STAGE else "in the last 24 h, as far as CloudWatch knows"
    yield "last invocation", health["lastInvocation"] or f"not {known}", ""
    yield "behind by", "unknown: nothing was read lately" if behind is None else duration_text(behind), ""
    for mapping in health["mappings"]:
        yield "mapping", f"{mapping['uuid']}: {mapping['state']}, {mapping['lastResult'] or 'no result yet'}", ""


def _waiting(health: dict[str, Any]) -> Iterator[Line]:
    failures, given_up, undelivered = health["failures"], health["givenUp"], health["undelivered"]
    for alarm in health["alarms"]:
        yield "alarm", f"{alarm['name']}: {alarm['description']}", "bad"
    if failures["waiting"]:
        kept = f"the oldest is kept until {failures['firstUntil']}"
        yield "failures", f"{failures['waiting']} in the queue; {kept}", "bad"
    for batch in given_up[:_MOST_LISTED]:
        yield "given up", f"{batch['batch']}, kept until {batch['until'] or 'it is deleted'}", "bad"
    if len(given_up) > _MOST_LISTED:
        yield "", f"and {len(given_up) - _MOST_LISTED} more batches", "bad"
    if not failures["waiting"] and not given_up:
        yield "failures", "nothing waits", "good"
    if undelivered["waiting"]:
        kept = f"the oldest is kept until {undelivered['firstUntil']}"
        yield "undelivered", f"{undelivered['waiting']} in the queue; {kept}", "bad"


def _counted(health: dict[str, Any]) -> Iterator[Line]:
    if health["stage"] == LOCAL_STAGE:
        names = "alerts, suppressed and deliveries" if health["receivers"] else "alerts and suppressed"
        yield "counts", f"of {names} are unknown: the local AWS keeps no metrics. `npm start` shows each", ""
        return
    yield "alerts", _counts(health["alerts"]), ""
    yield "suppressed", _counts(health["suppressed"]), ""
    if health["receivers"]:
        yield "deliveries", _counts(health["deliveries"]), ""
    if health["errors"]["day"]:
        yield "errors", _counts(health["errors"]), "bad"


def _people(health: dict[str, Any]) -> Iterator[Line]:
    for each in health["mutes"]:
        yield "muted", f"{describe(each['rule'], each['product'])}, until {each['until']}", ""
    for each in health["receivers"]:
        filtered = f", filter {each['filter']}" if each["filter"] else ""
        yield "receiver", f"{each['name']}: {each['waiting']} in its queue{filtered}", ""
    for each in health["subscribers"]:
        filtered = f", filter {each['filter']}" if each["filter"] else ""
        waits = "" if each["confirmed"] else ", not confirmed yet"
        yield "subscriber", f"{each['topic']}: {each['protocol']} {each['endpoint']}{filtered}{waits}", ""


def _differences(found: dict[str, Any] | None) -> Iterator[Line]:
    """Say what the files here have otherwise than the deploy has, a line a file."""
    if found is None:
        yield "rules", "the deployed package could not be read: whether the rules here differ is unknown", ""
        return
    for what, each in found.items():
        parts = [f"{kind} {', '.join(each[kind])}" for kind in ("added", "changed", "removed") if each[kind]]
        parts += ["other settings changed"] if each["other"] else []
        yield what, f"not deployed yet: {'; '.join(parts)}" if parts else "as in the file here", ""


def _counts(counts: dict[str, dict[str, int]]) -> str:
    """Write "price-drop 3 (12 in 24 h)" for each, the first of them in the last hour."""
    texts = [f"{name} {counts['hour'].get(name, 0)} ({count} in 24 h)" for name, count in counts["day"].items()]
    return ", ".join(texts) or "0 in 24 h, as far as CloudWatch knows"
