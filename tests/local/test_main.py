"""`npm start` as a user sees it end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import local.__main__ as main_module
from local.stack.errors import MappingError

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]
WITHIN_SECONDS = 120  # a bound for a test that fails, not a promise


def _start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_taken_port_ends_in_one_message() -> None:
    """The exit code is 1, the message says what to do, and no traceback is shown."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        with _start("--once", "--port", port) as run:
            output, _ = run.communicate(timeout=WITHIN_SECONDS)

    assert run.returncode == 1
    assert f"error: Port {port} on 127.0.0.1 cannot be used" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_nothing_left_behind(number: signal.Signals) -> None:
    """Interrupted while it starts or deploys, it ends at once, quietly, and so does the local AWS."""
    with _start("--once", "--json") as run:
        group = _child_of(run.pid)
        run.send_signal(number)
        run.send_signal(number)  # npm and the terminal both pass it on
        output, _ = run.communicate(timeout=WITHIN_SECONDS)

    assert run.returncode == 130
    assert "Traceback" not in output
    _wait_until_gone(group)


_HANGS = """
import sys, threading, time
import local.__main__ as main
def run(*_, **__):
    while True:
        try:
            print("running", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            pass
main.run = run
main.TOGETHER_SECONDS, main.CLEAN_UP_SECONDS = float(sys.argv[1]), float(sys.argv[2])
main.main([])
"""


@pytest.mark.parametrize(("together", "clean_up"), [(0.2, 60), (60, 0.2)])
def test_a_clean_up_that_hangs_is_cut_short(together: float, clean_up: float) -> None:
    """By the next Ctrl-C, or after a while; the signals that come with the first one are no second wish."""
    command = [sys.executable, "-c", _HANGS, str(together), str(clean_up)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as hanging:
        assert hanging.stdout
        assert hanging.stdout.readline() == "running\n"
        hanging.send_signal(signal.SIGINT)
        assert hanging.stdout.readline() == "running\n"
        if clean_up > together:
            assert hanging.poll() is None
            time.sleep(2 * together)
            assert hanging.poll() is None
            hanging.send_signal(signal.SIGINT)
        assert hanging.wait(WITHIN_SECONDS) == 130


def _wait_until_gone(group: int) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("something is left running")


def _child_of(pid: int) -> int:
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,pgid="], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            child, parent, group = map(int, line.split())
            if parent == pid and child == group:
                return child
        time.sleep(0.05)
    raise AssertionError("no child was started")


@pytest.mark.parametrize(("arguments", "traced"), [([], False), (["--verbose"], True)])
def test_verbose_shows_the_traceback_behind_an_unexpected_end(
    arguments: list[str],
    traced: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where --verbose is offered it shows more; without it there is the offer, and no traceback."""
    for name in ("_interrupt_on_signals", "end_with_launcher"):
        monkeypatch.setattr(main_module, name, lambda: None)

    def fail(*_: object, **__: object) -> bool:
        raise MappingError("The event source mapping ended unexpectedly.", trace="Traceback: in line 7")

    monkeypatch.setattr(main_module, "run", fail)

    assert main_module.main(arguments) == 1

    said = capsys.readouterr().err
    assert ("Traceback: in line 7" in said) == traced
    assert ("--verbose" in said) != traced
