"""Set-up does what is missing, skips what is there, and fails with a way out."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.scripts.conftest import BEFORE, Project

pytestmark = pytest.mark.end_to_end

NODE = ["npm ci"]
PYTHON = ["pip uv", "python venv", "uv requirements-local"]
ALL = sorted([*NODE, *PYTHON])


def test_the_first_run_sets_up_and_the_second_has_nothing_to_do(project: Project) -> None:
    """Everything is made once."""
    assert project.run()[0] == 0
    assert project.calls() == ALL

    assert project.run()[0] == 0
    assert project.calls() == []


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("package-lock.json", NODE),
        ("requirements.txt", PYTHON),
        ("requirements-local.txt", PYTHON),
        ("requirements-dev.txt", []),  # nothing of it is there yet
    ],
)
def test_a_changed_lock_file_is_set_up_again(project: Project, name: str, calls: list[str]) -> None:
    """What a lock file has changed is made again, and nothing else."""
    project.run()
    project.calls()
    with (project.root / name).open("a") as file:
        file.write("\n")

    assert project.run()[0] == 0
    assert project.calls() == calls


def test_a_half_made_set_up_is_made_again(project: Project) -> None:
    """What an interrupted run left behind is not taken for done."""
    (project.root / "node_modules").mkdir()
    (project.root / ".venv" / "bin").mkdir(parents=True)

    assert project.run()[0] == 0
    assert project.calls() == ALL


def test_an_environment_whose_python_has_gone_is_made_again(project: Project) -> None:
    """An upgrade that took the environment's Python away is noticed."""
    project.run()
    project.calls()
    python = project.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python")

    assert project.run()[0] == 0
    assert project.calls() == PYTHON


def test_a_named_python_of_another_version_is_taken(project: Project) -> None:
    """PYTHON decides, also once an environment is there."""
    project.run()
    project.calls()
    project.python("another", version="3.13.0")

    assert project.run(PYTHON=str(project.bin / "another"))[0] == 0
    assert project.calls() == PYTHON


def test_candidates_that_do_not_do_are_passed_over(project: Project) -> None:
    """A shim that fails, an old Python and one without venv do not keep a good one from being found."""
    project.tool("python3", "exit 127")
    project.python("python3.13", version="3.13.0", venv="none")
    project.python("python3.12", version="3.9.2")
    project.python("python3.14", version="3.14.0")

    code, output = project.run()

    assert code == 0
    assert "Python 3.14.0" in output


def _fails(project: Project, *parts: str) -> None:
    code, output = project.run()
    assert code == 1
    assert output.count("error: ") == 1
    for part in parts:
        assert part in output


def test_a_node_that_is_too_old_is_told_before_anything_is_done(project: Project) -> None:
    """Which Node is needed, which one was found, and where to get another."""
    package = json.loads((project.root / "package.json").read_text())
    package["engines"]["node"] = "^98.1.0 || >=99"
    (project.root / "package.json").write_text(json.dumps(package))

    _fails(project, "^98.1.0 || >=99 is needed", "https://nodejs.org/")
    assert project.calls() == []


def test_every_npm_script_looks_at_the_version_of_node_first(project: Project) -> None:
    """What an old Node cannot even parse is loaded after the look at its version."""
    scripts = json.loads((project.root / "package.json").read_text())["scripts"]
    assert scripts
    for script in scripts.values():
        assert script.startswith(f"exec node {' '.join(BEFORE)} scripts/")


def test_a_python_that_is_too_old_is_told_with_those_that_were_found(project: Project) -> None:
    """Every Python that was found is named with its version."""
    project.python("python3", version="3.9.2")
    project.python("python", version="2.7.18")

    _fails(project, "Python 3.11 or newer", "python3 is 3.9.2, python is 2.7.18", "PYTHON=")


def test_a_missing_python_is_told(project: Project) -> None:
    """Where there is none, the message says so and where to get one."""
    (project.bin / "python3").unlink()

    _fails(project, "Found: none", "https://www.python.org/downloads/")


def test_a_missing_venv_module_is_told_with_the_package_to_install(project: Project) -> None:
    """On Debian the module is a package of its own, which the message names."""
    project.python("python3", venv="none")

    _fails(project, "venv", "sudo apt install python3-venv")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("npm error code ENOTFOUND", "The npm registry cannot be reached"),
        ("npm error code ECONNREFUSED", "The npm registry cannot be reached"),
        ("npm error ENOSPC: no space left on device", "The disk is full"),
        ("npm error code EUSAGE", "package-lock.json does not fit"),
        ("npm error something new", "npm could not install"),
    ],
)
def test_what_npm_says_is_turned_into_advice(project: Project, said: str, advice: str) -> None:
    """One message that says what to do, npm's own words under it, and nothing taken for done."""
    project.tool("npm", f"/bin/mkdir -p node_modules; echo '{said}' >&2; exit 1")
    _fails(project, advice, f"| {said}")

    project.tool("npm", "/bin/mkdir -p node_modules")
    assert project.run()[0] == 0


def test_a_missing_npm_is_told(project: Project) -> None:
    """Some Linux packages of Node come without it."""
    (project.bin / "npm").unlink()

    _fails(project, "There is no npm on the path")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("NewConnectionError: Connection refused", "The Python package index cannot be reached"),
        ("Temporary failure in name resolution", "The Python package index cannot be reached"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("No matching distribution found for x", "cannot be installed for Python 3.12.1"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that the lock file"),
        ("something new", "could not be installed"),
    ],
)
def test_what_pip_says_is_turned_into_advice(project: Project, said: str, advice: str) -> None:
    """One message that says what to do, pip's own words under it, and nothing taken for done."""
    project.uv("exit 1")
    project.python("python3", pip=f"echo '{said}' >&2; exit 1")
    _fails(project, advice, f"| {said}")
    project.calls()

    project.uv()
    project.python("python3")
    assert project.run()[0] == 0
    assert project.calls() == PYTHON


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_set_up_leaves_nobody_writing(project: Project, number: signal.Signals) -> None:
    """When an interrupted set-up has ended, so has npm, and the next one starts from nothing."""
    project.tool("npm", "trap '' INT TERM; echo $$ > npm.pid; for _ in $(/usr/bin/seq 600); do /bin/sleep 0.05; done")
    pid_file = project.root / "npm.pid"
    with project.start("setup.mjs") as run:
        while not (pid_file.exists() and pid_file.read_text().endswith("\n")):
            assert run.poll() is None
        run.send_signal(number)

    assert run.returncode == 128 + number
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_what_tests_need_is_added_by_the_first_command_that_needs_it(project: Project) -> None:
    """`npm start` installs what it runs; `npm test` adds the rest to it, once."""
    assert project.run("run.mjs", "-m", "local")[0] == 0
    assert project.calls() == ALL

    assert project.run("run.mjs", "-m", "pytest")[0] == 0
    assert project.calls() == ["uv requirements-dev"]

    for module in ("pytest", "local", "local.change"):
        assert project.run("run.mjs", "-m", module)[0] == 0
    assert project.calls() == []


def test_a_changed_set_is_installed_anew(project: Project) -> None:
    """A lock file of the tests that has changed makes the environment anew, for it may have lost a package."""
    project.run("run.mjs", "-m", "pytest")
    project.calls()
    with (project.root / "requirements-dev.txt").open("a") as file:
        file.write("\n")

    project.run("run.mjs", "-m", "pytest")
    assert project.calls() == ["pip uv", "python venv", "uv requirements-dev"]


@pytest.mark.parametrize("where", ["install", "run"])
def test_where_uv_does_not_run_pip_does_and_says_so(project: Project, where: str) -> None:
    """A platform without uv, or one on which it fails, is set up all the same."""
    if where == "install":
        project.python("python3", get_uv="echo 'No matching distribution found for uv' >&2; exit 1")
    else:
        project.uv("echo 'cannot execute' >&2; exit 2")

    code, output = project.run()

    assert code == 0
    assert "Installing Python packages (pip, for uv says:" in output
    assert "pip requirements-local" in project.calls()


def test_both_halves_run_side_by_side(project: Project) -> None:
    """Npm does not wait for Python, nor Python for npm: each sees the other at work."""
    met = "for _ in $(/usr/bin/seq 200); do [ -e {} ] && break; /bin/sleep 0.05; done; [ -e {} ] || exit 1"
    project.tool("npm", f"/bin/mkdir -p node_modules; : > npm.here; {met.format('uv.here', 'uv.here')}")
    project.uv(f": > uv.here; {met.format('npm.here', 'npm.here')}")

    assert project.run()[0] == 0


def test_a_browser_is_set_up_on_demand_alone(project: Project) -> None:
    """For the console's tests, once; what `npm start` and `npm test` run on is without it."""
    browser = project.root / "scripts" / "browser"
    assert project.run("setup.mjs", "--all")[0] == 0
    assert not (browser / "node_modules").exists()
    assert "uv scripts/pictures/requirements" not in project.calls()

    assert project.run("setup.mjs", "--browser")[0] == 0
    assert (browser / "node_modules").exists()
    assert project.calls() == ["uv scripts/pictures/requirements"]

    (browser / "calls").unlink()
    assert project.run("setup.mjs", "--browser")[0] == 0
    assert project.calls() == []
    assert not (browser / "calls").exists()
