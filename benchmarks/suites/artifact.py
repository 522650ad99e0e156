"""The deployed artifact: its size, its contents, whether a commit always gives the same bytes, how long it takes."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring.figures import Budget, Figure

TOPIC = "Deployed artifact"
ROOT = Path(__file__).parents[2]
NAME = "product-alerts.zip"
MEGABYTE = 1_000_000
SIZE = Budget(3)
NONE = Budget(0)
ONE = Budget(1)
SERVICES = frozenset({"dynamodb", "ses", "sns", "sqs", "ssm"})
UNWANTED = frozenset({"tests", "test", "bin", "event_source_mapping", "local", "operations", "benchmarks"})
SECONDS = 600


def measure() -> list[Figure]:
    """Package the commit twice, in two directories with nothing in common but the installed tools."""
    seconds = []
    with checkout() as first, checkout() as second:
        for directory in (first, second, second):
            started = time.perf_counter()
            package(directory)
            seconds.append(time.perf_counter() - started)
        figures = inspect([directory / ".serverless" / NAME for directory in (first, second)])
    return [
        *figures,
        Figure(TOPIC, "sls package, nothing cached by the project", max(seconds[:2]), "s"),
        Figure(TOPIC, "sls package, again", seconds[2], "s"),
    ]


def inspect(zips: Sequence[Path]) -> list[Figure]:
    """Look into packages of one commit: how large, what is in them, whether they are the same."""
    with zipfile.ZipFile(zips[0]) as archive:
        entries = archive.infolist()
    size: Counter[str] = Counter()
    for entry in entries:
        size[_part(entry.filename)] += entry.compress_size
    unwanted = [entry.filename for entry in entries if _is_unwanted(entry.filename)]
    contents = {hashlib.sha256(path.read_bytes()).hexdigest() for path in zips}
    return [
        Figure(TOPIC, "zipped", zips[0].stat().st_size / MEGABYTE, "MB", budget=SIZE),
        *(Figure(TOPIC, f"of it {part}", bytes_ / MEGABYTE, "MB") for part, bytes_ in size.most_common(8)),
        Figure(TOPIC, "unzipped", sum(entry.file_size for entry in entries) / MEGABYTE, "MB"),
        Figure(TOPIC, "files", len(entries)),
        Figure(
            TOPIC, "tests, tools, bytecode, models of services not used", len(unwanted), budget=NONE,
            note=", ".join(unwanted[:3]),
        ),
        Figure(TOPIC, f"different bytes in {len(zips)} packages of one commit", len(contents), budget=ONE),
    ]  # fmt: skip


@contextmanager
def checkout() -> Iterator[Path]:
    """Put the current commit into a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="product-alerts-") as name:
        tar = subprocess.run(
            ["git", "archive", "--format=tar", "HEAD"], cwd=ROOT, capture_output=True, timeout=60, check=True
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            archive.extractall(name, filter="data")
        yield Path(name)


def package(directory: Path) -> Path:
    """Run `sls package` with the tools that are installed here; return the zip file."""
    for tool in ("node_modules", ".venv"):
        if not (directory / tool).exists():
            (directory / tool).symlink_to(ROOT / tool)
    sls = directory / "node_modules" / ".bin" / "sls"
    done = subprocess.run(
        [str(sls), "package", "--stage", "dev"],
        cwd=directory, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"`sls package` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return directory / ".serverless" / NAME


def _part(name: str) -> str:
    parts = name.split("/")
    if parts[:2] == ["botocore", "data"]:
        return "botocore/data"
    return parts[0] if len(parts) > 1 else "handler.py, alerts.toml and single modules"


def _is_unwanted(name: str) -> bool:
    parts = name.split("/")
    if parts[:2] == ["botocore", "data"] and len(parts) > 3:  # noqa: PLR2004 - botocore/data/SERVICE/VERSION/…
        return parts[2] not in SERVICES
    return name.endswith(".pyc") or bool(UNWANTED & set(parts[:2]))
