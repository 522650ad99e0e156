"""Nothing that the laptop starts outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from local.stack import supervised_process

GONE_WITHIN_SECONDS = 30


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + GONE_WITHIN_SECONDS
    while any(map(_is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [pid for pid in pids if _is_alive(pid)] == []


def _wait_for(path: Path) -> str:
    deadline = time.monotonic() + GONE_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


@pytest.fixture
def stubborn(tmp_path: Path) -> tuple[list[str], Path]:
    """Make a command that ignores SIGTERM, as its child does; both pids go to a file."""
    pids = tmp_path / "pids"
    code = textwrap.dedent(f"""
        import os, pathlib, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pathlib.Path({str(pids)!r}).write_text(f"{{os.getpid()}} {{child.pid}}\\n")
        time.sleep(600)
    """)
    return [sys.executable, "-c", code], pids


def test_a_stopped_command_goes_with_all_that_it_started(stubborn: tuple[list[str], Path], tmp_path: Path) -> None:
    """Stopping ends a command that ignores SIGTERM, and its children."""
    command, pids = stubborn
    process = supervised_process.start(command, env=os.environ, cwd=tmp_path, output=subprocess.DEVNULL)
    started = [int(pid) for pid in _wait_for(pids).split()]

    supervised_process.stop(process)

    _wait_until_gone(process.pid, *started)


def test_a_command_goes_when_its_starter_is_killed_outright(stubborn: tuple[list[str], Path], tmp_path: Path) -> None:
    """SIGKILL to whoever started a command ends the command and its children too."""
    command, pids = stubborn
    code = textwrap.dedent(f"""
        import os, subprocess, time
        from pathlib import Path
        from local.stack import supervised_process
        supervised_process.start({command!r}, env=os.environ, cwd=Path({str(tmp_path)!r}), output=subprocess.DEVNULL)
        time.sleep(600)
    """)
    with subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[3]) as starter:
        started = [int(pid) for pid in _wait_for(pids).split()]
        starter.send_signal(signal.SIGKILL)

    _wait_until_gone(*started)


@pytest.mark.parametrize(("code", "status"), [("exit(0)", 0), ("exit(3)", 3)])
def test_a_command_that_ends_by_itself_passes_its_status_on(code: str, status: int, tmp_path: Path) -> None:
    """The exit status is the command's own."""
    command = [sys.executable, "-c", code]
    process = supervised_process.start(command, env=os.environ, cwd=tmp_path, output=subprocess.DEVNULL)

    assert process.wait(timeout=GONE_WITHIN_SECONDS) == status
    supervised_process.stop(process)


def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A command that does not exist ends with 127 and its name in the output, not with a traceback."""
    output = tmp_path / "output"
    with output.open("wb") as file:
        process = supervised_process.start(["/no/such"], env=os.environ, cwd=tmp_path, output=file)
        assert process.wait(timeout=GONE_WITHIN_SECONDS) == supervised_process.NOT_STARTED
        supervised_process.stop(process)

    assert "/no/such" in output.read_text()
    assert "Traceback" not in output.read_text()
