"""`preview`: which alerts a rules file would have sent for recorded events, beside those of the current file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from notifications.config import receivers_file, rules_file
from notifications.publishing.messages import cloud_event
from notifications.rules.ruleset import Ruleset
from operations.deployed.stack import add_stage_to
from operations.deployed.stream_records import Stream
from operations.evaluation.history import judge_history
from operations.evaluation.preview import Preview, in_stream_order, preview
from operations.evaluation.recorded_events import files_of, kept, records_in
from operations.evaluation.unseen import Unseen
from operations.ledger.deliveries import delivered_alerts
from operations.ledger.reading import LeftOut
from operations.products.products_table import ProductsTable, table_name
from operations.settings.project import LOCAL_STAGE, PROJECT
from operations.settings.service_file import read_service
from operations.terminal.moments import read_moment
from operations.terminal.progress import counted
from operations.terminal.terminal import Terminal

_LISTED = 20  # alerts that differ, on each side
_LISTED_A_RULE = 5


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("preview", help="try a rules file on recorded events", description=__doc__)
    parser.add_argument("events", type=Path, nargs="*", metavar="EVENTS", help="files or folders of recorded events")
    parser.add_argument("--stream", action="store_true", help="the records of the last 24 hours, read from the stream")
    parser.add_argument("--history", metavar="SPAN", help="the alerts that receivers were sent, since 7d or a time")
    parser.add_argument("--to-file", type=Path, metavar="FILE", help="keep what --stream reads, a record a line")
    parser.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the file to try (alerts.toml)")
    parser.add_argument("--against", type=Path, default=PROJECT / "alerts.toml", help="the current one (alerts.toml)")
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Preview and return 0. Raises ConfigurationError for a file that cannot be read."""
    if [bool(arguments.events), arguments.stream, bool(arguments.history)].count(True) != 1:
        arguments.parser.error("name either recorded events or --stream, or --history")
    if arguments.to_file and not arguments.stream:
        arguments.parser.error("--to-file keeps what --stream reads: give both")
    files = (rules_file.load(arguments.rules), rules_file.load(arguments.against))
    if arguments.history:
        return _history(arguments, *files)
    progress = Terminal(sys.stderr)
    stack = arguments.find_stack(arguments.stage, arguments.region) if arguments.stream else None
    stream = Stream(stack.client("dynamodbstreams"), stack.outputs["ProductsStreamArn"]) if stack else None
    records, total = _records(arguments, stream, progress)
    unseen = Unseen(files[0])
    tried, current = preview(files, unseen.watch(counted(progress, records, total, "records judged")))
    if arguments.json:
        print(json.dumps({**_as_json(tried, current), "warnings": unseen.warnings}, indent=2))
    else:
        _show(Terminal(), tried, current)
    for warning in () if arguments.json else unseen.warnings:
        progress.line(progress.style("warning", "warning: ") + warning)
    # The local AWS answers with every record that it has; AWS may have some behind empty pages.
    if stack and stream and stack.stage != LOCAL_STAGE and stream.open_shards:
        shards = "1 shard" if len(stream.open_shards) == 1 else f"{len(stream.open_shards)} shards"
        progress.line(f"{shards} returned only empty pages and may hold later changes; run it again to see them.")
    return 0


def _history(arguments: argparse.Namespace, tried: Ruleset, current: Ruleset) -> int:
    """Say which alerts that went out would not go out any more; of others nothing is known."""
    start = read_moment("--history", arguments.history, datetime.now(UTC), forward=False)
    stack = arguments.find_stack(arguments.stage, arguments.region)
    service = read_service(PROJECT, arguments.stage, {})
    receivers = receivers_file.load(PROJECT / service.receivers_file, plain_http=service.plain_http)
    table = ProductsTable(stack.client("dynamodb"), table_name(stack.outputs))
    left_out = LeftOut()
    names = [receiver.name for receiver in receivers.all]
    bodies, whole = delivered_alerts(stack, names, start, left_out=left_out)
    left_out.say_to(Terminal(sys.stderr))
    found = judge_history(tried, current, bodies, stack.outputs["ProductsStreamArn"], table.key_types)
    if arguments.json:
        counts = {"alerts": found.alerts, "kept": found.kept, "unknown": found.unknown, "whole": whole}
        print(json.dumps({**counts, "gone": [cloud_event(alert) for alert in found.gone]}, indent=2))
        return 0
    terminal = Terminal()
    more = "" if whole else ", and more that were not read"
    terminal.line(f"{found.alerts} alerts{more}: {len(found.gone)} would not go out any more, {found.kept} would, "
                  f"{found.unknown} unknown")  # fmt: skip
    for alert in found.gone:
        terminal.line(terminal.style("bad", f"- {alert.time or '':<20}  {alert.rule}: {alert.title}"))
    return 0


def _records(
    arguments: argparse.Namespace, stream: Stream | None, progress: Terminal
) -> tuple[Iterable[Any], int | None]:
    if stream:
        records = stream.records()
        return (kept(records, arguments.to_file) if arguments.to_file else records), None
    recorded = (record for path in arguments.events for file in files_of(path) for record in records_in(file))
    in_order = in_stream_order(counted(progress, recorded, None, "records read"))
    return in_order, len(in_order)


def _as_json(tried: Preview, current: Preview) -> dict[str, Any]:
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
        "added": [cloud_event(alert) for alert in tried.not_in(current)],
        "gone": [cloud_event(alert) for alert in current.not_in(tried)],
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
    differing = (tried.not_in(current), current.not_in(tried))
    if any(differing):
        terminal.line()
        terminal.line(terminal.style("bold", "what would change"))
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
    terminal.line()
    terminal.line(terminal.style("bold", f"{rule}: {hours or len(alerts)}"))
    for alert in alerts[:_LISTED_A_RULE]:
        terminal.line(f"  {alert.time or '':<20}  {alert.title}")
    if len(alerts) > _LISTED_A_RULE:
        terminal.line(f"  and {len(alerts) - _LISTED_A_RULE} more; --json has them all")
