"""A running `npm start` is found while it runs, and not a moment longer."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from operations.deployed import running
from operations.deployed.running import Running, claim_directory, find_running

RUNNING = Running("http://127.0.0.1:1", "table", "http://127.0.0.1:3")


def test_what_was_announced_is_found_while_it_runs(tmp_path: Path) -> None:
    """A run is found once it is announced, and gone when it has ended."""
    with claim_directory(tmp_path) as claim:
        assert find_running(tmp_path) is None
        claim.announce(RUNNING)
        assert find_running(tmp_path) == RUNNING

    assert find_running(tmp_path) is None


def test_a_run_that_serves_another_table_stays_what_it_is(tmp_path: Path) -> None:
    """The table alone is announced anew."""
    with claim_directory(tmp_path) as claim:
        claim.announce(RUNNING)
        claim.announce_table("another")
        assert find_running(tmp_path) == Running(RUNNING.endpoint_url, "another", RUNNING.http_endpoint_url)


def test_a_run_whose_service_is_removed_is_not_found(tmp_path: Path) -> None:
    """While it waits for `sls remove`, there is nothing left to use; its directory stays its own."""
    with claim_directory(tmp_path) as claim:
        claim.announce(RUNNING)
        claim.withdraw()
        claim.announce_table("another")
        assert find_running(tmp_path) is None
        with claim_directory(tmp_path) as second:
            assert second.directory == tmp_path / "2"


def test_a_second_run_gets_a_directory_of_its_own(tmp_path: Path) -> None:
    """Two runs share no files, and when one ends the other is found."""
    other = Running("http://127.0.0.1:2", "table")
    with claim_directory(tmp_path) as first:
        first.announce(RUNNING)
        with claim_directory(tmp_path) as second:
            second.announce(other)
            assert (first.directory, second.directory) == (tmp_path, tmp_path / "2")
            assert find_running(tmp_path) == other

        assert find_running(tmp_path) == RUNNING


def test_a_run_that_was_killed_is_not_taken_for_alive(tmp_path: Path) -> None:
    """What a killed run has left behind is neither found nor in the way of the next."""
    code = (
        "import sys, time; from pathlib import Path; from operations.deployed.running import *\n"
        "with claim_directory(Path(sys.argv[1])) as claim:\n"
        "    claim.announce(Running('http://127.0.0.1:1', 'table', 'http://127.0.0.1:3'))\n"
        "    print('announced', flush=True)\n"
        "    time.sleep(600)\n"
    )
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as run:
        assert run.stdout
        run.stdout.readline()
        assert find_running(tmp_path) == RUNNING
        run.send_signal(signal.SIGKILL)

    assert find_running(tmp_path) is None
    with claim_directory(tmp_path) as claim:
        assert claim.directory == tmp_path


def test_the_port_is_remembered_for_the_next_run(tmp_path: Path) -> None:
    """What a run used is what the next one in this folder prefers; a file that is spoilt is none."""
    with claim_directory(tmp_path) as claim:
        assert claim.last_port is None
        claim.remember_port(4711)
    with claim_directory(tmp_path) as claim:
        assert claim.last_port == 4711
        (tmp_path / "port").write_text("x")
        assert claim.last_port is None


def test_another_tool_reads_where_the_running_stack_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m operations.deployed.running` prints the settings; without a run it ends with 1."""
    monkeypatch.setattr(running, "find_running", lambda: find_running(tmp_path))
    assert running.main() == 1
    with claim_directory(tmp_path) as claim:
        claim.announce(RUNNING)
        assert running.main() == 0
    found = json.loads(capsys.readouterr().out)
    settings = found["environment"]
    assert found["httpEndpointUrl"] == RUNNING.http_endpoint_url
    assert (settings["AWS_ENDPOINT_URL"], settings["AWS_REGION"]) == (RUNNING.endpoint_url, "us-east-1")
