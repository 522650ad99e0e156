"""`python -m benchmarks`, which is what `npm run bench` runs.

Exit codes: 0 every budget is met; 1 one is missed, or something could not be measured; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring.figures import Figure, missed, number_text, table
from benchmarks.report import machine, plot
from benchmarks.suites import (
    alert_parts,
    artifact,
    bursts,
    cpu,
    first_alert,
    growth,
    instructions,
    local_stack,
    memory,
    publishing,
)
from benchmarks.suites import start_up as starting
from local.stack.local_aws import HOST

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parent / "README.md"
MARKS = ("<!-- last run -->\n", "<!-- end of last run -->\n")
INTERRUPTED = 130

Measure = Callable[[], list[Figure]]


def main(argv: Sequence[str]) -> int:
    """Measure, tell, and return the exit code."""
    arguments = _parser().parse_args(argv)
    not_proxied = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), HOST]))
    os.environ.update(NO_PROXY=not_proxied, no_proxy=not_proxied)
    described = {**machine.describe(), "commit": _commit()}
    with _artifacts(arguments.artifact) as zips:
        steps = _quick(zips) if arguments.quick else _full(zips)
        chosen = {name: step for name, step in steps.items() if not arguments.only or name in arguments.only}
        try:
            figures, problems = _run(chosen)
        except KeyboardInterrupt:
            return INTERRUPTED
    results = {"machine": described, "quick": arguments.quick, "figures": [figure.as_json() for figure in figures]}
    if not arguments.quick and not arguments.only:
        _write(results, figures)
    print(json.dumps(results, indent=2) if arguments.json else table(figures))
    return _verdict(figures, problems)


def _full(zips: Callable[[], list[Path]]) -> dict[str, Measure]:
    return {
        "cpu": cpu.measure,
        "instructions": instructions.measure,
        "calls": publishing.count_calls,
        "waits": bursts.count_waits,
        "units": bursts.count_units,
        "publishing": publishing.measure,
        "bursts": bursts.measure,
        "parts": alert_parts.measure,
        "price": bursts.price,
        "growth": growth.measure,
        "memory": memory.measure,
        "artifact": artifact.measure,
        "start-up": lambda: starting.measure(zips()[0]),
        "local-stack": local_stack.measure,
        "first-alert": first_alert.measure,
    }


def _quick(zips: Callable[[], list[Path]]) -> dict[str, Measure]:
    """Choose what comes out the same on every run, however busy the machine is."""
    return {
        "calls": publishing.count_calls,
        "waits": bursts.count_waits,
        "units": bursts.count_units,
        "growth": growth.by_steps,
        "instructions": instructions.measure,
        "artifact": lambda: artifact.inspect(zips()),
        "start-up": lambda: starting.count_instructions(zips()[0]),
    }


def _run(steps: dict[str, Measure]) -> tuple[list[Figure], list[str]]:
    """Take one measurement after the other; one that fails is told, and keeps none of the others back."""
    figures: list[Figure] = []
    problems = []
    for name, step in steps.items():
        started = time.monotonic()
        try:
            figures += step()
        except Exception as error:  # noqa: BLE001 - whatever it was, the others are measured
            problems.append(f"{name} could not be measured: {error}")
        print(f"  {name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    return sorted(figures, key=_order(figures)), problems


def _order(figures: list[Figure]) -> Callable[[Figure], int]:
    """Keep a topic's figures together, in the order of the topics' first."""
    topics = list(dict.fromkeys(figure.topic for figure in figures))
    return lambda figure: topics.index(figure.topic)


def _verdict(figures: list[Figure], problems: list[str]) -> int:
    budgets = sum(figure.budget is not None for figure in figures)
    failed = [
        f"{figure.topic}, {figure.name}: {number_text(figure.value)}, the budget is {figure.budget}"
        for figure in missed(figures)
    ]
    for line in (*(f"missed: {line}" for line in failed), *(f"error: {line}" for line in problems)):
        print(line, file=sys.stderr)
    print(f"{budgets - len(failed)} of {budgets} budgets met.", file=sys.stderr)
    return 1 if failed or problems else 0


def _write(results: dict[str, Any], figures: list[Figure]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "latest.md").write_text(_headed(results["machine"], figures), encoding="utf-8")
    (RESULTS / "latest.svg").write_text(plot.svg(figures), encoding="utf-8")
    before, _, rest = README.read_text(encoding="utf-8").partition(MARKS[0])
    held = _headed(results["machine"], [figure for figure in figures if figure.budget])
    after = rest.partition(MARKS[1])[2]
    README.write_text(f"{before}{MARKS[0]}\n{held}\n{MARKS[1]}{after}", encoding="utf-8")


def _headed(described: dict[str, str], figures: list[Figure]) -> str:
    measured_on = " · ".join(f"{name} {value}" for name, value in described.items())
    return f"Measured on: {measured_on}\n\n{table(figures)}"


@contextmanager
def _artifacts(given: list[Path]) -> Iterator[Callable[[], list[Path]]]:
    """Take the packages that were given, or package the current commit when one is asked for."""
    with TemporaryDirectory(prefix="product-alerts-") as directory:
        made: list[Path] = list(given)

        def zips() -> list[Path]:
            if not made:
                with artifact.checkout() as commit:
                    made.append(artifact.package(commit).rename(Path(directory) / artifact.NAME))
            return made

        yield zips


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(asked, cwd=artifact.ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="npm run bench --", description="Measure product alerts beside what a user would pick instead."
    )
    parser.add_argument(
        "--quick", action="store_true", help="only what a busy machine cannot change; writes no results"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--artifact", action="append", default=[], type=Path, metavar="ZIP", help="use these packages")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="one measurement alone, such as cpu or start-up"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
