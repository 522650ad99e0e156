"""`python -m operations COMMAND`: what an operator runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from notifications.common.errors import ProductAlertsError
from operations.commands import (
    check,
    cost,
    explain,
    history,
    mutes,
    preview,
    redrive,
    render,
    status,
)
from operations.commands.delivery import deliveries, redeliver, send_test, undelivered
from operations.deployed.stack import Stack, find_stack
from operations.terminal.arguments import UsageError
from operations.terminal.terminal import Terminal

COMMANDS = (
    check,
    explain,
    preview,
    cost,
    render,
    history,
    mutes,
    redrive,
    status,
    deliveries,
    redeliver,
    send_test,
    undelivered,
)


def main(argv: Sequence[str] | None = None, find: Callable[[str, str | None], Stack] = find_stack) -> int:
    """Run the command that the arguments name and return its exit code; `find` looks a deployed stage up."""
    parser = argparse.ArgumentParser(prog="python -m operations", description="What an operator runs.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return 2
    arguments.find_stack = find
    try:
        return int(arguments.run(arguments))
    except UsageError as error:
        Terminal(sys.stderr).lines(str(error))
        return 2
    except ProductAlertsError as error:
        Terminal(sys.stderr).lines(str(error))
        return 1
    except (ClientError, BotoCoreError) as error:
        Terminal(sys.stderr).line(f"AWS refused or did not answer: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        return 0


if __name__ == "__main__":
    sys.exit(main())
