"""Start-up, from the start of the process to a handler that is ready, out of the artifact as it is deployed."""

from __future__ import annotations

import compileall
import os
import py_compile
import re
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring.figures import Budget, Figure
from benchmarks.measuring.timing import interleaved
from benchmarks.suites import instructions

TOPIC = "Start-up"
OF_BOTO3 = Budget(1.1)
EMPTY, BOTO3, CLIENTS, HANDLER = "empty Python", "import boto3", "import boto3 and three clients", "import handler"
CODE = {
    EMPTY: "pass",
    BOTO3: "import boto3",
    CLIENTS: "import boto3\nfor name in ('sns', 'dynamodb', 'sqs'): boto3.client(name)",
    HANDLER: "import handler",
}
ENVIRONMENT = {
    "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
    "FAILURES_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/failures",
    "LEDGER_TABLE_NAME": "ledger",
    "LEDGER_RETENTION_DAYS": "90",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "PYTHONDONTWRITEBYTECODE": "1",
}
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)")


def measure(artifact: Path, rounds: int = 15) -> list[Figure]:
    """Start the handler and, in turn, what it is compared with: without bytecode, as deployed, and with it."""
    figures = []
    for name, directory in _unpacked(artifact):
        commands = {what: partial(_start, code, directory) for what, code in CODE.items()}
        for clock, unit in ((time.perf_counter, "elapsed"), (_cpu_of_children, "CPU")):
            seconds = interleaved(commands, rounds, clock, repeat=False)
            figures += [
                Figure.of(TOPIC, f"{name}, {unit}: {what}", spread.scaled(1000), "ms")
                for what, spread in seconds.items()
            ]
            ratio = seconds[HANDLER].over(seconds[CLIENTS])
            figures.append(Figure.of(TOPIC, f"{name}, {unit}: {HANDLER}, of {CLIENTS}", ratio, budget=OF_BOTO3))
        figures += _in_instructions(name, directory)
        figures += _by_import(name, directory)
    return figures


def count_instructions(artifact: Path) -> list[Figure]:
    """Compare in instructions alone; nothing without a counter."""
    return [figure for name, directory in _unpacked(artifact) for figure in _in_instructions(name, directory)]


def _in_instructions(name: str, directory: Path) -> list[Figure]:
    counted = {what: instructions.count(_command(CODE[what]), ENVIRONMENT, directory) for what in (HANDLER, CLIENTS)}
    ours, theirs = counted[HANDLER], counted[CLIENTS]
    if ours is None or theirs is None:
        return []
    return [Figure(TOPIC, f"{name}, in instructions: {HANDLER}, of {CLIENTS}", ours / theirs, budget=OF_BOTO3)]


def _by_import(name: str, directory: Path) -> list[Figure]:
    """Sum up each package's own time; the handler's own is what follows its imports: rules read, clients made."""
    said = subprocess.run(
        [*_command(CODE[HANDLER])[:-2], "-X", "importtime", "-c", CODE[HANDLER]],
        cwd=directory, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True,
    ).stderr  # fmt: skip
    microseconds: Counter[str] = Counter()
    present = {path.name.removesuffix(".py") for path in directory.iterdir()}
    for own, module in _IMPORT.findall(said):
        package = module.partition(".")[0]
        where = "rules read and clients made" if module == "handler" else package
        microseconds[where if package in present else "standard library"] += int(own)
    return [
        Figure(TOPIC, f"{name}, by import: {package}", own / 1000, "ms") for package, own in microseconds.most_common(8)
    ]


def _unpacked(artifact: Path) -> Iterator[tuple[str, Path]]:
    """Unpack the artifact as it is, and once more with the bytecode that this Python makes of it."""
    with TemporaryDirectory(prefix="product-alerts-") as directory:
        for name in ("as deployed", "with bytecode"):
            into = Path(directory) / name.replace(" ", "-")
            with zipfile.ZipFile(artifact) as archive:
                archive.extractall(into)
            if name == "with bytecode":
                compileall.compile_dir(
                    str(into), quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
                )
            yield name, into
            shutil.rmtree(into)


def _command(code: str) -> list[str]:
    # The base Python without its site-packages: all but the standard library comes out of the artifact.
    base = getattr(sys, "_base_executable", None) or sys.executable
    # And the process ends as soon as it is ready: what Python tidies up at its end is not part of a start.
    return [base, "-S", "-c", f"{code}\nimport os; os._exit(0)"]


def _start(code: str, directory: Path) -> None:
    # No timeout: with one, Python looks whether the process has ended every 50 ms only.
    subprocess.run(_command(code), cwd=directory, env=ENVIRONMENT, stderr=subprocess.DEVNULL, check=True)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
