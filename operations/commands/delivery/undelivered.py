"""`undelivered`: what could not be delivered, and why; with --redrive it is sent to its receivers again."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from typing import Any

from notifications.text.formatting import rfc3339
from operations.deployed.stack import add_stage_to
from operations.deployed.undelivered import UndeliveredQueue
from operations.terminal.arguments import at_most, not_empty
from operations.terminal.terminal import Terminal
from operations.terminal.words import how_many

_MOST_MESSAGES = 1000


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser("undelivered", help="list or redrive what could not be delivered", description=__doc__)
    parser.add_argument("--receiver", type=not_empty, metavar="NAME", help="of this receiver alone")
    parser.add_argument("--redrive", action="store_true", help="put each message into its receiver's queue again")
    parser.add_argument("--max", type=at_most, default=_MOST_MESSAGES, help=f"messages at the most ({_MOST_MESSAGES})")
    add_stage_to(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object a message")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List or redrive, and return 0; 1 if a message could not be sent again."""
    stack = arguments.find_stack(arguments.stage, arguments.region)
    undelivered = UndeliveredQueue(stack, redrive=arguments.redrive, receiver=arguments.receiver or "")
    terminal = Terminal()
    count = failed = 0
    with closing(undelivered.messages(arguments.max)) as found:  # Ctrl-C gives back what is left
        for message, problem in found:
            count += 1
            failed += bool(problem)
            if arguments.json:
                since = rfc3339(message.since)
                print(json.dumps({**message._asdict(), "since": since, "problem": problem or None}))
            else:
                terminal.line(f"{terminal.style('bold', message.receiver)}: {message.title}")
                attempts = how_many(message.attempts, "attempt")
                terminal.line(terminal.style("dim", f"   {attempts}, {message.error}: {message.reason}"))
                if problem:
                    terminal.line(terminal.style("bad", f"   not sent again: {problem}"))
    if not arguments.json:
        _sum_up(terminal, count, failed, redrive=arguments.redrive)
    return 1 if failed else 0


def _sum_up(terminal: Terminal, count: int, failed: int, *, redrive: bool) -> None:
    if not count:
        terminal.line("nothing is undelivered")
    elif redrive:
        terminal.line(f"{count - failed} on the way to their receivers again, {failed} left in the queue")
    else:
        terminal.line(f"{count} undelivered; --redrive sends them again")
