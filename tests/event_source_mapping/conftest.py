"""A local AWS of the tests' own: on loopback, on a free port, gone afterwards."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.event_source_mapping.stage import Stage

_START_LIMIT = 60.0  # seconds


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the local AWS; stop it and every function process it started at the end."""
    folder: Path = tmp_path_factory.mktemp("local-aws")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "TMPDIR": str(folder),
    }
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(url, server)
            yield url
        finally:
            # Its own process group: the function processes are in it.
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


@pytest.fixture(scope="session")
def stage(endpoint: str) -> Stage:
    """Give what a test needs to deploy a function behind a stream."""
    return Stage(endpoint)


@pytest.fixture(scope="session")
def aged(stage: Stage) -> tuple[str, float]:
    """Write a record early on, so that the record age test has not long to wait for it.

    Returns the stream's ARN and when the record was written, epoch seconds.
    """
    table, stream_arn = stage.table()
    stage.put(table, "old")
    return stream_arn, time.time()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_LIMIT
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=5):  # noqa: S310 - our own loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the local AWS did not start at {url}")
