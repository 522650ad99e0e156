"""`npm run console -- --stage prod`: the console, on this machine, with the credentials of whoever starts it.

Exit codes: 0 ended by the user; 1 it cannot listen, or there is no such stage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from console.aws.stage import Stage
from console.safety.launch import Launch, new_token
from console.server import PORT_FILE, open_socket, serve
from console.sources.console import Console
from notifications.common.errors import ConfigurationError
from operations.deployed.running import HOME, find_running, running_in
from operations.settings.project import LOCAL_STAGE
from operations.terminal.arguments import port
from operations.terminal.launcher import end_with_launcher
from operations.terminal.terminal import Terminal

TOKEN_VARIABLE = "CONSOLE_TOKEN"  # noqa: S105 - the name of one
"""Whoever starts the console may choose the token of the launch, and so know the address."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the console until it is ended, and return the exit code."""
    arguments = _parser().parse_args(argv)
    end_with_launcher()
    terminal, bad = Terminal(), Terminal(sys.stderr)
    running = partial(running_in, arguments.run) if arguments.run else find_running
    stage = Stage(arguments.stage, arguments.region, running=running)
    if not stage.is_local:
        try:
            stage.stack()
        except ConfigurationError as error:
            bad.error(str(error))
            return 1
    try:
        listening = open_socket(arguments.port, (arguments.run or HOME) / PORT_FILE)
    except (OSError, OverflowError) as error:
        bad.error(f"The console cannot listen on port {arguments.port}: {error}. Give another with --port.")
        return 1
    launch = Launch(
        listening.getsockname()[1],
        os.environ.get(TOKEN_VARIABLE) or new_token(),
        private=not stage.is_local,
        writes=stage.is_local or arguments.write,
    )
    terminal.line(f"Console of stage {stage.name}: {launch.address}")
    if not launch.writes:
        terminal.line("It is read-only; --write allows changes. Ctrl-C ends it.")
    serve(Console.of(stage, launch), listening)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="npm run console --", description=__doc__.splitlines()[0])
    parser.add_argument("--stage", default=LOCAL_STAGE, help="the stage (local: the one that `npm start` runs)")
    parser.add_argument("--region", help="its region (AWS_REGION, or us-east-1)")
    parser.add_argument("--write", action="store_true", help="allow changes to a deployed stage")
    parser.add_argument("--run", type=Path, metavar="DIRECTORY", help="that of one `npm start`, where several run")
    parser.add_argument("--port", type=port, help="the port (that of the last time, if it is free)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
