"""`render`: what a receiver would get for a recorded event, written or printed and sent to nobody."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from notifications.common.errors import ConfigurationError
from notifications.config import rules_file
from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import digest_of
from notifications.delivery.rendering.kinds import JsonMessage, RenderedMessage, render
from notifications.delivery.rendering.mail import MailMessage
from notifications.delivery.rendering.view import AlertView, view_of
from notifications.publishing.messages import to_message
from notifications.rules.ruleset import Ruleset
from operations.evaluation.receivers_check import load_receivers
from operations.evaluation.recorded_events import records_in
from operations.evaluation.verdicts import judge
from operations.settings.project import DEFAULT_STAGE, PROJECT
from operations.terminal.arguments import not_empty
from operations.terminal.terminal import Terminal
from operations.terminal.words import NO_ALERT


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser(
        "render",
        help="show what a receiver would get for a recorded event",
        description=f"{__doc__} Files are called RECEIVER-N, counted from 1, or RECEIVER-digest, with the endings "
        ".html and .txt for a mail, .txt for text, .json for the others.",
    )
    parser.add_argument(
        "--receiver", type=not_empty, required=True, metavar="NAME", help="a receiver of receivers.toml"
    )
    parser.add_argument("--event", type=Path, required=True, metavar="FILE", help="a recorded stream event")
    parser.add_argument("--output", type=Path, metavar="DIRECTORY", help="write files there; without it, print")
    parser.add_argument("--digest", action="store_true", help="as one digest, whatever the receiver's own setting is")
    parser.add_argument("--rules", type=Path, default=PROJECT / "alerts.toml", help="the rules file (alerts.toml)")
    parser.add_argument(
        "--receivers", type=Path, default=PROJECT / "receivers.toml", help="the receivers file (receivers.toml)"
    )
    parser.add_argument("--stage", type=not_empty, default=DEFAULT_STAGE, help="the stage that a message names (dev)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Render and return 0, or 1 if the event raises no alert. Raises ConfigurationError for a file that is wrong."""
    ruleset = rules_file.load(arguments.rules)
    receivers = load_receivers(arguments.receivers, ruleset)
    receiver = receivers.named(arguments.receiver)
    if receiver is None:
        names = ", ".join(each.name for each in receivers.all) or "no receiver at all"
        raise ConfigurationError(
            f'{arguments.receivers} has no receiver "{arguments.receiver}"; it has {names}. '
            "Another file is named with --receivers, such as local/receivers.toml"
        )
    if arguments.digest and receiver.kind == "webhook":
        raise ConfigurationError(f'receiver "{receiver.name}" is a webhook: it gets each alert, and never a digest')
    views = list(_views(arguments, ruleset, receiver))
    terminal = Terminal()
    if not views:
        terminal.line(f"{arguments.event}: no rule alerts, so there is nothing to render. {NO_ALERT}")
        return 1
    folder = arguments.receivers.absolute().parent
    together = arguments.digest or (receiver.digest is not None)
    shown = [digest_of(views, receiver)] if together else list(views)
    for number, each in enumerate(shown, 1):
        if each:
            name = f"{receiver.name}-{'digest' if together else number}"
            for ending, content in _files(render(each, receiver, name, folder)).items():
                _put(terminal, arguments.output, f"{name}{ending}", content)
    return 0


def _views(arguments: argparse.Namespace, ruleset: Ruleset, receiver: Receiver) -> Iterator[AlertView]:
    """Make a view of each alert that the event raises; `only` does not keep any of them back."""
    for verdict in judge(ruleset, records_in(arguments.event)):
        for alert in verdict.alerts:
            yield view_of(to_message(alert).body, ruleset.product, receiver, arguments.stage, ruleset.own_titles)


def _files(message: RenderedMessage) -> dict[str, str]:
    if isinstance(message, JsonMessage):
        return {".json": json.dumps(json.loads(message.body), indent=2, ensure_ascii=False) + "\n"}
    if isinstance(message, MailMessage):
        return {".html": message.html, ".txt": f"Subject: {message.subject}\n\n{message.text}"}
    return {".txt": f"Subject: {message.subject}\n\n{message.text}\nSMS:\n{message.sms}\n"}


def _put(terminal: Terminal, folder: Path | None, name: str, content: str) -> None:
    if folder is None:
        if not name.endswith(".html"):  # a terminal shows the text part
            terminal.lines(content.rstrip("\n"))
        return
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None
    terminal.line(f"{path} written")
