"""The hooks of .pre-commit-config.yaml: the project's own tools, on the files that are committed."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import ROOT

CONFIGURATION = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS = {hook["id"]: hook for repository in CONFIGURATION["repos"] for hook in repository["hooks"]}


def _run(hook: dict[str, Any], file: Path) -> subprocess.CompletedProcess[str]:
    command = [*shlex.split(hook["entry"]), str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_each_hook_runs_a_tool_of_the_environment(hook: dict[str, Any]) -> None:
    """Nothing is installed for a hook, so its version is the one of requirements-dev.txt."""
    assert hook["language"] == "system"
    assert hook["entry"].startswith(".venv/bin/")
    assert "additional_dependencies" not in hook


def test_the_format_is_put_right(tmp_path: Path) -> None:
    """A file in another format is rewritten, which stops the commit."""
    file = tmp_path / "spaces.py"
    file.write_text("x=1\n")
    assert _run(HOOKS["format"], file).returncode == 0
    assert file.read_text() == "x = 1\n"


def test_what_the_linter_finds_stops_the_commit(tmp_path: Path) -> None:
    """It exits with an error and names what it found; a clean file passes."""
    (tmp_path / "__init__.py").touch()
    file = tmp_path / "unused.py"
    file.write_text('"""Unused."""\n\nimport os\n')
    done = _run(HOOKS["lint"], file)
    assert done.returncode == 1
    assert "F401" in done.stdout
    file.write_text('"""Used."""\n')
    assert _run(HOOKS["lint"], file).returncode == 0
