"""The console as a process: what it prints, where it listens, and when it ends."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.server import open_socket
from tests.builders import ROOT
from tests.console.stage import until

pytestmark = pytest.mark.end_to_end

PRINTED = re.compile(r"^Console of stage local: (http://127\.0\.0\.1:(\d+)/\?launch=([\w-]{20,}))$")
LAUNCHER = """
import os, subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], env={**os.environ, "LAUNCHER_PID": str(os.getpid())})
print(child.pid, flush=True)
time.sleep(60)
"""


def command(directory: Path, *more: str) -> list[str]:
    """Give the command for a run that is in no need of `npm start`."""
    return [sys.executable, "-m", "console", "--run", str(directory), *more]


def environment(**more: str) -> dict[str, str]:
    """Give an environment in which nobody is logged in to AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true", "PYTHONUNBUFFERED": "1", **more}  # fmt: skip


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    """Give a free port."""
    return free_port()


@pytest.fixture
def process(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run a console."""
    with subprocess.Popen(
        command(tmp_path, "--port", str(port)), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as started:
        yield started
        started.kill()


def ask(port: int, path: str = "/", cookie: str = "") -> http.client.HTTPResponse:
    """Ask for a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_it_prints_its_address_and_listens_on_loopback_alone(process: subprocess.Popen[str], port: int) -> None:
    """The address has the token of this launch, which works."""
    assert process.stdout
    printed = PRINTED.match(process.stdout.readline().strip())
    assert printed
    assert int(printed[2]) == port
    until(lambda: _answers(port))
    assert f"console-{port}={printed[3]};" in str(ask(port, f"/?launch={printed[3]}").headers["Set-Cookie"])
    with socket.socket() as elsewhere:
        elsewhere.settimeout(2)
        assert elsewhere.connect_ex(("127.0.0.2", port)) != 0


def test_without_npm_start_it_says_what_to_do(process: subprocess.Popen[str], port: int) -> None:
    """And looks again with each page, so that it is there when `npm start` is."""
    assert process.stdout
    until(lambda: _answers(port))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 503
    assert "npm start" in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(process: subprocess.Popen[str], port: int, number: int) -> None:
    """Soon, with no traceback."""
    until(lambda: _answers(port))
    process.send_signal(number)
    assert process.wait(10) in {0, -number, 128 + number}


def test_it_ends_with_its_launcher(tmp_path: Path, port: int) -> None:
    """Also when that is killed, and cannot tell."""
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, *command(tmp_path, "--port", str(port))],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True,
    ) as launcher:  # fmt: skip
        assert launcher.stdout
        launcher.stdout.readline()
        until(lambda: _answers(port))
        launcher.kill()
    until(lambda: not _answers(port))


def test_a_stage_that_there_is_not_is_said_with_the_way_out() -> None:
    """Exit code 1, in a line or two, and no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "console", "--stage", "nowhere"],
        cwd=ROOT, env=environment(AWS_ENDPOINT_URL="http://127.0.0.1:9"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    """With what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            command(tmp_path, "--port", port), cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert f"cannot listen on port {port}" in done.stderr


def test_the_port_is_that_of_the_last_time_where_it_is_free(tmp_path: Path) -> None:
    """So that a page that is open stays right."""
    remembered = tmp_path / "port"
    remembered.write_text(str(free_port()))
    wanted = int(remembered.read_text())
    with open_socket(None, remembered) as first:
        assert first.getsockname()[1] == wanted
        with open_socket(None, remembered) as second:
            assert second.getsockname()[1] != wanted
    for spoilt in ("", "x", "-1", "99999999"):
        remembered.write_text(spoilt)
        with open_socket(None, remembered) as any_port:
            assert any_port.getsockname()[1] > 0


def _answers(port: int) -> Any:
    try:
        return ask(port)
    except OSError:
        time.sleep(0.1)
        return None
