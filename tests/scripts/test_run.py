"""What npm starts passes on arguments, exit codes and signals."""

from __future__ import annotations

import signal

import pytest

from tests.scripts.conftest import Project

ENVIRONMENT_PYTHON = '[ "$1" = -c ] && echo "3.12.1 venv $0" && exit; {script}'

pytestmark = pytest.mark.end_to_end


def _python(project: Project, script: str) -> None:
    project.run()
    path = project.root / ".venv" / "bin" / "python"
    path.write_text(f"#!/bin/sh\n{ENVIRONMENT_PYTHON.format(script=script)}\n")


def test_arguments_and_the_exit_code_are_passed_on(project: Project) -> None:
    """The Python of the environment gets the arguments, and its exit code is the command's."""
    _python(project, 'echo "got $*"; exit 7')

    code, output = project.run("run.mjs", "-m", "local", "--once")

    assert code == 7
    assert "got -m local --once" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_passed_on(project: Project, number: signal.Signals) -> None:
    """A signal to the command alone reaches Python, whose exit code stays the command's."""
    _python(project, f"trap 'exit 9' {number.name[3:]}; echo ready; for _ in $(seq 600); do sleep 0.05; done")

    with project.start("run.mjs", "-m", "local") as run:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
        run.send_signal(number)

    assert run.returncode == 9


def test_python_learns_whose_end_is_its_own(project: Project) -> None:
    """Python is told the process that started it, so that it can end with it."""
    _python(project, 'echo "$LAUNCHER_PID $PPID"')

    _, output = project.run("run.mjs")

    launcher, parent = output.split()
    assert launcher == parent
