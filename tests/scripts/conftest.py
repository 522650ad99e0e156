"""A project in a temporary folder, set up with tools that only play their part."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEFORE = ("-r", "./scripts/lib/check-node.cjs")  # as package.json has it before each script
NPM = """
echo "npm $1" >> calls
/bin/rm -rf node_modules
/bin/mkdir node_modules
"""
# Answers the probe, makes itself the environment's Python, and installs nothing but uv, which installs nothing.
PYTHON = """
case "$1" in
  -c) echo "{version} {venv} $0";;
  -m) case "$2 $3 $(requirements "$@")" in
        venv*) echo "python venv" >> "{calls}"
               /bin/rm -rf "$4"; /bin/mkdir -p "$4/bin"; /bin/cp "$0" "$4/bin/python";;
        "pip config"*) exit 1;;
        *scripts/uv) echo "pip uv" >> "{calls}"; {uv};;
        pip*) echo "pip $(requirements "$@")" >> "{calls}"; {pip};;
      esac;;
esac
"""
REQUIREMENTS = 'requirements() { for last; do :; done; echo "${last%.txt}"; }\n'
GET_UV = '/bin/cp "{bin}/uv-to-get" "${{0%/*}}/uv"'


class Project:
    """The set-up scripts, with a path that holds node and what a test puts there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir()
        shutil.copytree(ROOT / "scripts", root / "scripts", ignore=shutil.ignore_patterns("node_modules"))
        shutil.copy(ROOT / "package.json", root)
        shutil.copy(ROOT / "package-lock.json", root)
        for name in ("requirements.txt", "requirements-local.txt", "requirements-dev.txt"):
            (root / name).write_text("")
        self.tool("npm", NPM)
        self.uv()
        self.python("python3")

    def tool(self, name: str, script: str) -> None:
        """Put a shell script on the path."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def uv(self, script: str = ":") -> None:
        """Say what the uv does that is installed into an environment."""
        self.tool("uv-to-get", f'{REQUIREMENTS}echo "uv $(requirements "$@")" >> "{self.root / "calls"}"; {script}')

    def python(
        self, name: str, version: str = "3.12.1", venv: str = "venv", pip: str = ":", get_uv: str = GET_UV
    ) -> None:
        """Put a Python on the path that says of itself what is given."""
        fields = {"version": version, "venv": venv, "pip": pip, "calls": self.root / "calls"}
        self.tool(name, REQUIREMENTS + PYTHON.format(**fields, uv=get_uv.format(bin=self.bin)))

    def run(self, script: str = "setup.mjs", *arguments: str, **environment: str) -> tuple[int, str]:
        """Run one of the scripts; returns its exit code and all that it printed."""
        node = shutil.which("node")
        assert node, "Node runs the set-up"
        result = subprocess.run(
            [node, *BEFORE, f"scripts/{script}", *arguments],
            cwd=self.root,
            env={"PATH": str(self.bin), "HOME": os.environ.get("HOME", "/"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        output = result.stdout + result.stderr
        assert "    at " not in output, "a stack trace reached the user"
        return result.returncode, output

    def start(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one of the scripts; its standard output can be read."""
        node = shutil.which("node")
        assert node, "Node runs the set-up"
        return subprocess.Popen(
            [node, *BEFORE, f"scripts/{script}", *arguments],
            cwd=self.root,
            env={"PATH": f"{self.bin}{os.pathsep}/bin{os.pathsep}/usr/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def calls(self) -> list[str]:
        """List what was called since the last look."""
        calls = self.root / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return sorted(lines)  # the two halves run side by side


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Make a project that nothing has been set up in."""
    return Project(tmp_path)
