"""`redrive`: play again what was given up, from the failures queue and the bucket of batches, through the function."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from operations.deployed.redrive import PLAYED, WOULD_PLAY, Redrive
from operations.deployed.stack import add_stage_to
from operations.terminal.arguments import at_most
from operations.terminal.terminal import Terminal

_MOST_MESSAGES = 1000


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser(
        "redrive",
        help="play again what was given up",
        description=f"{__doc__} What is given up is deleted when all its records went through; what was "
        "alerted already is not alerted again. Exits 1 if anything is left.",
    )
    add_stage_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be played")
    parser.add_argument(
        "--to-file", type=Path, metavar="FILE", help="write the records there, an event a line, instead"
    )
    parser.add_argument(
        "--discard-trimmed", action="store_true", help="delete messages whose records are gone for good"
    )
    parser.add_argument("--max", type=at_most, default=_MOST_MESSAGES, help=f"messages at the most ({_MOST_MESSAGES})")
    parser.add_argument("--json", action="store_true", help="print one JSON object a message, and one in the end")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play, sum up, and return 0 if nothing is left, else 1."""
    terminal = Terminal()
    stack = arguments.find_stack(arguments.stage, arguments.region)
    redrive = Redrive(stack, dry_run=arguments.dry_run, to_file=arguments.to_file, discard=arguments.discard_trimmed)
    counts: Counter[str] = Counter()
    with closing(redrive.results(arguments.max)) as results:  # Ctrl-C gives back what is left
        for number, total, result in results:
            counts[result.status] += 1
            if arguments.json:
                print(json.dumps(result._asdict()))
            else:
                style = "good" if result.status in {PLAYED, WOULD_PLAY} else "bad"
                status = terminal.style(style, f"{result.status:<15}")
                terminal.line(f"{number}/{total}  {status}  {result.label}: {result.detail}")
    left = redrive.left
    if arguments.json:
        print(json.dumps({"summary": dict(counts), "left": left}))
    else:
        totals = ", ".join(f"{count} {status}" for status, count in counts.items())
        terminal.line(f"{totals}; {left} left in the {redrive.places}" if totals else "nothing waits to be played")
    return 1 if left and not arguments.dry_run and not arguments.to_file else 0
