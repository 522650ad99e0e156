"""`preview`: which alerts a rules file would have sent for recorded events, beside those of the current file."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.terminal import Terminal
from notifications.alerts.alert import Alert
from notifications.config import rules_file
from notifications.publishing.ledger import LedgerSnapshot
from notifications.publishing.messages import cloud_event
from notifications.rules.ruleset import Ruleset
from notifications.stream.changes import sequence_number_of
from operations.events import files_of, records_in
from operations.judge import alerts_for
from operations.progress import counted
from operations.service_file import PROJECT
from operations.stack import add_stage_to
from operations.stream import Stream

_LISTED = 20  # alerts that differ, on each side
_LISTED_A_RULE = 5
_LONGEST_NUMBER = 40  # digits of a sequence number


@dataclass(slots=True)
class Preview:
    """What one rules file would have sent."""

    by_rule: Counter[str]
    alerts: dict[str, Alert] = field(default_factory=dict)
    """By id, which is the same under both files for the same record and rule."""
    by_hour: dict[str, Counter[str]] = field(default_factory=dict)
    """Rule to hour ("2026-11-21T09") to alerts."""

    def add(self, alert: Alert) -> None:
        """Count an alert."""
        self.alerts[alert.id] = alert
        self.by_rule[alert.rule] += 1
        if alert.time:
            self.by_hour.setdefault(alert.rule, Counter())[alert.time[:13]] += 1

    def of(self, rule: str) -> list[Alert]:
        """List a rule's alerts, in the order in which they would have gone out."""
        return [alert for alert in self.alerts.values() if alert.rule == rule]

    def most_per_hour(self, rule: str) -> int:
        """Return the alerts of the rule's busiest hour."""
        return max(self.by_hour.get(rule, {}).values(), default=0)


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("preview", help="try a rules file on recorded events", description=__doc__)
    parser.add_argument("events", type=Path, nargs="*", metavar="EVENTS", help="files or folders of recorded events")
    parser.add_argument("--stream", action="store_true", help="the records of the last 24 hours, read from the stream")
    parser.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the file to try (alerts.toml)")
    parser.add_argument("--against", type=Path, default=PROJECT / "alerts.toml", help="the current one (alerts.toml)")
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Preview and return 0; what cannot be read raises ConfigurationError."""
    if bool(arguments.events) == arguments.stream:
        arguments.parser.error("name either recorded events or --stream")
    tried = rules_file.load(arguments.rules)
    current = rules_file.load(arguments.against)
    records, total = _records(arguments)
    previews = _preview((tried, current), counted(records, total, "records judged"))
    if arguments.json:
        print(json.dumps(_as_json(*previews), indent=2))
    else:
        _show(Terminal(), *previews)
    return 0


def _records(arguments: argparse.Namespace) -> tuple[Iterable[Any], int | None]:
    if arguments.stream:
        stack = arguments.find_stack(arguments.stage, arguments.region)
        return Stream(stack.client("dynamodbstreams"), stack.outputs["ProductsStreamArn"]).records(), None
    found = (record for path in arguments.events for file in files_of(path) for record in records_in(file))
    records = sorted(counted(found, None, "records read"), key=_position)
    return records, len(records)


def _position(record: Any) -> int:
    """Put recordings in the order of the stream, whatever their files are called; the malformed come first."""
    number = sequence_number_of(record)
    return int(number) if number.isdecimal() and len(number) <= _LONGEST_NUMBER else 0


def _preview(both: tuple[Ruleset, Ruleset], records: Iterable[Any]) -> tuple[Preview, Preview]:
    """Judge both files side by side: the records are read once and not kept."""
    sides = [
        (ruleset, LedgerSnapshot(), Preview(Counter({rule.name: 0 for rule in ruleset.rules}))) for ruleset in both
    ]
    for record in records:
        for ruleset, snapshot, preview in sides:
            for alert in alerts_for(ruleset, snapshot, record):
                preview.add(alert)
    return sides[0][2], sides[1][2]


def _difference(tried: Preview, current: Preview) -> tuple[list[Alert], list[Alert]]:
    return (
        [alert for alert_id, alert in tried.alerts.items() if alert_id not in current.alerts],
        [alert for alert_id, alert in current.alerts.items() if alert_id not in tried.alerts],
    )


def _as_json(tried: Preview, current: Preview) -> dict[str, Any]:
    added, gone = _difference(tried, current)
    return {
        "rules": [
            {
                "rule": rule,
                "alerts": tried.by_rule[rule],
                "mostPerHour": tried.most_per_hour(rule),
                "perHour": dict(tried.by_hour.get(rule, {})),
                "alertsNow": current.by_rule.get(rule),
                "sent": [
                    {"time": alert.time, "productId": alert.subject, "title": alert.title} for alert in tried.of(rule)
                ],
            }
            for rule in dict.fromkeys((*tried.by_rule, *current.by_rule))
        ],
        "added": [cloud_event(alert) for alert in added],
        "gone": [cloud_event(alert) for alert in gone],
    }


def _show(terminal: Terminal, tried: Preview, current: Preview) -> None:
    rules = list(dict.fromkeys((*tried.by_rule, *current.by_rule)))
    width = max(map(len, (*rules, "rule")))
    terminal.line(terminal.style("bold", f"{'rule':<{width}}  alerts  now  difference  busiest hour"))
    for rule in rules:
        now = current.by_rule.get(rule)
        difference = tried.by_rule[rule] - (now or 0)
        shown = f"{difference:+}" if difference else ""
        line = f"{rule:<{width}}  {tried.by_rule[rule]:>6}  {'-' if now is None else now:>3}  {shown:>10}"
        terminal.line(f"{line}  {tried.most_per_hour(rule):>12}")
    for rule in rules:
        _show_sent(terminal, tried, rule)
    differing = _difference(tried, current)
    if any(differing):
        terminal.line("\n" + terminal.style("bold", "what would change"))
    for sign, style, alerts in zip("+-", ("good", "bad"), differing, strict=True):
        for alert in alerts[:_LISTED]:
            terminal.line(terminal.style(style, f"{sign} {alert.time or '':<20}  {alert.rule}: {alert.title}"))
        if len(alerts) > _LISTED:
            terminal.line(f"{sign} and {len(alerts) - _LISTED} more")


def _show_sent(terminal: Terminal, tried: Preview, rule: str) -> None:
    alerts = tried.of(rule)
    if not alerts:
        return
    hours = ", ".join(
        f"{count} from {hour.replace('T', ' ')}:00" for hour, count in tried.by_hour.get(rule, {}).items()
    )
    terminal.line("\n" + terminal.style("bold", f"{rule}: {hours or len(alerts)}"))
    for alert in alerts[:_LISTED_A_RULE]:
        terminal.line(f"  {alert.time or '':<20}  {alert.title}")
    if len(alerts) > _LISTED_A_RULE:
        terminal.line(f"  and {len(alerts) - _LISTED_A_RULE} more; --json has them all")
