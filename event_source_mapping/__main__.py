"""The command: python -m event_source_mapping --endpoint-url URL --mapping UUID."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from event_source_mapping.log.writers import json_log, text_log
from event_source_mapping.mapping.parsing import OVERRIDABLE
from event_source_mapping.mapping.session import Options
from event_source_mapping.model.errors import EventSourceMappingError
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.service import serve

_OK, _BROKEN, _MISUSED = 0, 1, 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    interface = parser()
    given = interface.parse_args(arguments)
    endpoint_url = given.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint_url:
        interface.error("the endpoint is missing: give --endpoint-url or set AWS_ENDPOINT_URL")
    log = json_log if given.log_format == "json" else _text_log
    try:
        serve(
            given.mapping,
            endpoint_url=endpoint_url,
            on_event=log(sys.stdout),
            stop=_stop_on_signals(),
            exit_when_idle=given.exit_when_idle,
            checkpoint_file=given.checkpoint_file,
            region=given.region,
            overrides=dict(given.setting),
            options=_options(given),
        )
    except EventSourceMappingError as error:
        return _fail(str(error), _MISUSED)
    except BrokenPipeError:
        # Whoever read the log has gone: exit quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _OK
    except Exception as error:  # noqa: BLE001 - no traceback reaches a user
        return _fail(f"unexpected {type(error).__name__}: {error}", _BROKEN)
    return _OK


def _text_log(output: Any) -> Any:
    return text_log(output, colour=output.isatty() and "NO_COLOR" not in os.environ)


def _options(given: argparse.Namespace) -> Options:
    fixed = None if given.retry_delay is None else RetrySchedule.fixed(given.retry_delay)
    return Options(
        retry=fixed or Options().retry,
        throttled=fixed or Options().throttled,
        poll_interval=given.poll_interval,
        discovery_interval=given.discovery_interval,
    )


def _stop_on_signals() -> threading.Event:
    """Stop at the first Ctrl-C or SIGTERM when what is in flight has ended; at the second, now."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(_INTERRUPTED)
        stop.set()
        print("stopping after the invocations in flight; again to stop now", file=sys.stderr)

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    return stop


def _fail(reason: str, code: int) -> int:
    print(f"event source mapping: {reason}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read on; exit."""
        sys.exit(_fail(f"{message} (see --help)", _MISUSED))


def parser() -> argparse.ArgumentParser:
    """Make the command line's parser."""
    made = _Parser(
        prog="python -m event_source_mapping",
        description="Serve event source mappings of DynamoDB streams and SQS queues as AWS Lambda "
        "does, on a local AWS whose own poller does not: retries, bisection, partial responses, "
        "record age, windows, filters, on-failure destinations, message groups, throttling.",
        epilog="Deploy the mapping disabled, so that the local AWS leaves it alone; it is served "
        "all the same. Ctrl-C stops after the invocations in flight. See "
        "docs/event-source-mapping.md.",
    )
    add = made.add_argument
    add("--endpoint-url", metavar="URL", help="the local AWS; default: AWS_ENDPOINT_URL")
    add(
        "--mapping",
        metavar="UUID",
        action="append",
        required=True,
        help="a mapping to serve, enabled or not; may be repeated",
    )
    add(
        "--retry-delay",
        metavar="SECONDS",
        type=_seconds,
        help="wait this long before every retry; default: 1 s, growing by half to 60 s, for a "
        "throttled batch of a queue doubling to 8 s",
    )
    add(
        "--exit-when-idle",
        metavar="SECONDS",
        type=_seconds,
        help="exit when nothing was read, in flight or pending for this long, and no message is in a queue",
    )
    add(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="json: one object an event on standard output",
    )
    add(
        "--checkpoint-file",
        metavar="FILE",
        type=Path,
        help="keep checkpoints of streams here, so that a restart goes on where this run stopped",
    )
    add("--region", metavar="NAME", help="default: the environment's, else us-east-1")
    add(
        "--setting",
        metavar="NAME=VALUE",
        type=_setting,
        action="append",
        default=[],
        help="replace a number among the mapping's settings, for one that the local AWS does not "
        "keep, such as TumblingWindowInSeconds=60; may be repeated",
    )
    add(
        "--poll-interval",
        metavar="SECONDS",
        type=_seconds,
        default=Options.poll_interval,
        help="wait this long after an empty read (default: %(default)s)",
    )
    add(
        "--discovery-interval",
        metavar="SECONDS",
        type=_seconds,
        default=Options.discovery_interval,
        help="look for new shards this often (default: %(default)s)",
    )
    return made


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds; give 0 or more")
    return seconds


def _setting(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    if name not in OVERRIDABLE:
        raise argparse.ArgumentTypeError(f"{name!r} cannot be replaced; choose from {', '.join(OVERRIDABLE)}")
    try:
        return name, int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{name} takes a whole number, not {value!r}") from None


if __name__ == "__main__":
    sys.exit(main())
