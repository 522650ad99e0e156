"""`cost`: what a month costs under a load, and what a million changes cost."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace
from typing import Any

from operations.evaluation.cost import SHARES, Load, a_million_changes, load_of, monthly, read_prices, watching
from operations.evaluation.tuning import compare
from operations.settings.project import DEFAULT_STAGE, PROJECT
from operations.settings.service_file import read_service
from operations.terminal.arguments import not_empty
from operations.terminal.terminal import Terminal

_ALL = 100  # percent
_MOST_CHANGES = 1_000_000  # a second


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("cost", help="say what a load costs", description=__doc__)
    parser.add_argument(
        "--changes-per-second", type=_changes, default=100.0, metavar="N", help="changes of the products table (100)"
    )
    parser.add_argument(
        "--alerting", type=_share, default=0.01, metavar="PERCENT", help="of the changes, how many alert (1%%)"
    )
    parser.add_argument(
        "--remembering",
        type=_share,
        default=0.0,
        metavar="PERCENT",
        help="of the changes, how many a rule with a memory looks at (0%%)",
    )
    parser.add_argument(
        "--tuning",
        action="store_true",
        help="compare settings at this load: cost, delay, and how much one failure repeats",
    )
    parser.add_argument("--stage", type=not_empty, default=DEFAULT_STAGE, help="the stage whose settings count (dev)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compute, print, and return 0."""
    tables = read_prices()
    params = read_service(PROJECT, arguments.stage, {}).params
    load = load_of(params, arguments.changes_per_second, arguments.alerting, arguments.remembering)
    if arguments.tuning:
        _show_tuning(load, tables, as_json=arguments.json)
        return 0
    items = [*monthly(load, tables), *watching(tables)]
    total = sum(item.usd for item in items)
    million = {f"{100 * share:g}%": a_million_changes(replace(load, alerting=share), tables) for share in SHARES}
    prices = tables["prices"]
    if arguments.json:
        found = {
            "region": prices["region"],
            "date": str(prices["date"]),
            "items": [item._asdict() for item in items],
            "usdPerMonth": total,
            "usdPerMillionChanges": a_million_changes(load, tables),
            "usdPerMillionChangesByAlerting": million,
            "assumed": tables["assumed"],
        }
        print(json.dumps(found, indent=2))
        return 0
    terminal = Terminal()
    terminal.line(
        f"{load.changes:,g} changes a second, {100 * load.alerting:g}% alerting; stage {arguments.stage}, "
        f"{prices['region']}, prices of {prices['date']}"
    )
    for item in items:
        terminal.line(f"  {item.service:<11} {item.what:<12} {item.quantity:>18,.2f}  {item.usd:>12,.2f} USD a month")
    terminal.line(f"  {'together':<11} {'':<12} {'':>18}  {total:>12,.2f} USD a month")
    terminal.line(
        "a million changes: " + ", ".join(f"{usd:.3f} USD at {share} alerting" for share, usd in million.items())
    )
    terminal.line("not in it: the products table, deliveries to subscribers, data transfer, free tiers")
    return 0


def _show_tuning(load: Load, tables: dict[str, dict[str, Any]], *, as_json: bool) -> None:
    found = compare(load, tables)
    if as_json:
        print(json.dumps([each._asdict() for each in found], indent=2))
        return
    terminal = Terminal()
    terminal.line(f"{load.changes:,g} changes a second, {100 * load.alerting:g}% alerting")
    terminal.line(f"  {'':<25}{'USD a month':>12}{'delay':>9}{'in a batch':>12}{'repeated':>10}{'at once':>9}")
    for each in found:
        busy = "" if each.busy <= 1 else "  falls behind"
        terminal.line(
            f"  {each.setting:<25}{each.usd:>12,.2f}{each.delay:>7,.2f} s{each.records:>12,.1f}{each.repeated:>10,}"
            f"{each.concurrency:>9,.2f}{busy}"
        )
    terminal.line(
        "delay: from the change to the alert; repeated: records that come again when one fails; at most, in even load;"
    )
    terminal.line(
        "at once: invocations, on average; falls behind: the function takes longer than the changes do to come"
    )
    terminal.line("USD: without metrics and alarms, which cost the same whatever the setting")


def _changes(text: str) -> float:
    number = _number(text)
    if not 0 < number <= _MOST_CHANGES:
        raise argparse.ArgumentTypeError(f"expected a number above 0 and up to {_MOST_CHANGES:,}, got {text[:40]!r}")
    return number


def _share(text: str) -> float:
    number = _number(text.removesuffix("%"))
    if not 0 <= number <= _ALL:
        raise argparse.ArgumentTypeError(f"expected a percentage from 0% to 100%, such as 1%, got {text[:40]!r}")
    return number / _ALL


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
