"""A running `npm start` is found while it runs, and not a moment longer."""

import signal
import subprocess
import sys
from pathlib import Path

from operations.deployed.running import Running, claim_directory, find_running

RUNNING = Running("http://127.0.0.1:1", "table")


def test_what_was_announced_is_found_while_it_runs(tmp_path: Path) -> None:
    """A run is found once it is announced, and gone when it has ended."""
    with claim_directory(tmp_path) as claim:
        assert find_running(tmp_path) is None
        claim.announce(RUNNING)
        assert find_running(tmp_path) == RUNNING

    assert find_running(tmp_path) is None


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
        "    claim.announce(Running('http://127.0.0.1:1', 'table'))\n"
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
