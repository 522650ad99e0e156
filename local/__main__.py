"""`python -m local`, which `npm start` runs.

Exit codes: 0 all expected alerts arrived, or the user ended the watching; 1 an alert is missing, or something failed;
130 interrupted before that.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from types import FrameType

from local.reports.console_report import ConsoleReport
from local.reports.json_report import JsonReport
from local.reports.report import Report
from local.run.session import run
from local.stack.errors import LocalError
from operations.terminal.arguments import port
from operations.terminal.launcher import end_with_launcher
from operations.terminal.terminal import Terminal

INTERRUPTED = 130
TOGETHER_SECONDS = 2
CLEAN_UP_SECONDS = 120  # the batch in flight is finished, which may take 90


def main(argv: Sequence[str]) -> int:
    """Run the service on the laptop and return the exit code."""
    arguments = _parser().parse_args(argv)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # a terminal may lack ✓ and ●
    _interrupt_on_signals()
    end_with_launcher()
    report: Report = JsonReport() if arguments.json else ConsoleReport(Terminal(), verbose=arguments.verbose)
    try:
        ok = run(report, port=arguments.port, once=arguments.once)
    except KeyboardInterrupt:
        return INTERRUPTED
    except LocalError as error:
        shown = error.trace if arguments.verbose else "Run it with --verbose to see where." if error.trace else ""
        report.failed(str(error), "\n".join(filter(None, [error.details, shown])))
    except BrokenPipeError:
        # `| head` has seen enough: later output goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # noqa: BLE001 - a traceback is for --verbose only
        details = traceback.format_exc() if arguments.verbose else "Run it with --verbose to see where."
        report.failed(f"Unexpected error; please report it: {error!r}", details)
    else:
        return 0 if ok else 1
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="npm start --",
        description="Run the whole service on this machine, with no AWS account.",
    )
    parser.add_argument("--once", action="store_true", help="end after the samples")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    parser.add_argument("--port", type=port, help="port of the local AWS (a free one)")
    parser.add_argument("--verbose", action="store_true", help="show tracebacks, and each batch that goes well")
    return parser


def _interrupt_on_signals() -> None:
    """Turn the first signal into a KeyboardInterrupt; one that comes later, or a clean-up that hangs, ends at once.

    What comes together with the first is ignored: npm and the terminal both pass it on. Without the clean-up every
    process that was started ends, too, as it watches this one.
    """
    interrupted: list[float] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        if not interrupted:
            interrupted.append(time.monotonic())
            clean_up = threading.Timer(CLEAN_UP_SECONDS, os._exit, [INTERRUPTED])
            clean_up.daemon = True
            clean_up.start()
            raise KeyboardInterrupt
        if time.monotonic() - interrupted[0] > TOGETHER_SECONDS:
            os._exit(INTERRUPTED)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
