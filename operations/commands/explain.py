"""`explain`: which rule fired for which record, which did not, and why."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from notifications.alerts.alert import Alert
from notifications.config import rules_file
from notifications.publishing.ledger import LedgerSnapshot
from notifications.text.formatting import rfc3339
from operations.deployed.stack import add_stage_to
from operations.evaluation.change_notation import record_of
from operations.evaluation.recorded_events import records_in
from operations.evaluation.verdicts import Verdict, judge, named_rules
from operations.ledger.mutes import mutes_for_rules
from operations.settings.project import PROJECT
from operations.terminal.arguments import not_empty
from operations.terminal.terminal import Terminal
from operations.terminal.words import how_many


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser(
        "explain",
        help="say which rule fired for a recorded event, and why the others did not",
        description=f"{__doc__} Records are judged in order: what rules remember of one counts for the next.",
    )
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--event", type=Path, metavar="FILE", help="a recorded stream event")
    given.add_argument(
        "--change",
        action="append",
        metavar="CHANGE",
        help="a change in the notation of docs/rules.md, such as 'category Home, price 10 → 8'; several are one "
        "after the other; 'shop=berlin sku=7: price 10 → 8' names the product",
    )
    parser.add_argument(
        "--rule", type=not_empty, action="append", metavar="NAME", help="only this rule; may be given several times"
    )
    parser.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the rules file (alerts.toml)")
    add_stage_to(parser, default=None, help="count what is muted in this deployed stage; without it, nothing is")
    parser.add_argument("--json", action="store_true", help="print an array with an object for each record and rule")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain and return 0. Raises ConfigurationError for a file that cannot be read."""
    ruleset = rules_file.load(arguments.rules)
    names = named_rules(arguments.rule, ruleset)
    snapshot = LedgerSnapshot()
    if arguments.stage:
        stack = arguments.find_stack(arguments.stage, arguments.region)
        snapshot.mutes = mutes_for_rules(stack.client("dynamodb"), stack.outputs["LedgerTableName"])
    changes = enumerate(arguments.change or (), 1)
    records = (
        records_in(arguments.event)
        if arguments.event
        else [record_of(text, number, ruleset.product) for number, text in changes]
    )
    verdicts = [verdict for verdict in judge(ruleset, records, snapshot) if verdict.rule.name in names]
    if arguments.json:
        print(json.dumps([_as_json(verdict) for verdict in verdicts], indent=2))
        return 0
    terminal = Terminal()
    width = max((len(verdict.rule.name) for verdict in verdicts), default=0)
    number = 0
    for verdict in verdicts:
        if verdict.number != number:
            number = verdict.number
            if number > 1:
                terminal.line()
            terminal.line(terminal.style("bold", _heading(verdict)))
            if verdict.change is None:
                terminal.line(terminal.style("bad", f"   ✗ {verdict.reason}"))
        if verdict.change is not None:
            terminal.line(_line(terminal, verdict, width))
            for alert in verdict.alerts:
                for line in (f"“{alert.title}”", *_text_of(alert)):
                    terminal.line(f"{'':<{width + 7}}{line}")
    fired = sum(verdict.fired for verdict in verdicts)
    terminal.line()
    terminal.line(f"{how_many(number, 'record')}, {how_many(len(names), 'rule')}: {how_many(fired, 'alert')}")
    return 0


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "sequenceNumber": verdict.sequence_number,
        "rule": verdict.rule.name,
        "fired": verdict.fired,
        "type": verdict.type,
        "reason": verdict.reason,
        "outcome": verdict.outcome.value,
        "productId": verdict.subject or None,
        "titles": [alert.title for alert in verdict.alerts],
    }


def _heading(verdict: Verdict) -> str:
    if verdict.change is None:
        return f"{verdict.number}. malformed record, sequence number {verdict.sequence_number or 'unknown'}"
    when = rfc3339(verdict.change.created_at)
    return (
        f"{verdict.number}. {verdict.change.event_name} {verdict.subject}, "
        f"sequence number {verdict.sequence_number}{f', {when}' if when else ''}"
    )


def _line(terminal: Terminal, verdict: Verdict, width: int) -> str:
    name = f"{verdict.rule.name:<{width}}"
    if verdict.fired:
        return f"   {terminal.style('good', f'✓ {name}')}  {verdict.reason}"
    return terminal.style("dim", f"   · {name}  {verdict.reason}")


def _text_of(alert: Alert) -> list[str]:
    return [line for line in str(alert.data["text"]).splitlines() if line]
