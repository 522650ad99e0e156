"""The documentation keeps up with the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from event_source_mapping.__main__ import parser
from event_source_mapping.log.events import EventType
from event_source_mapping.log.metrics import Metrics
from event_source_mapping.mapping.parsing import OVERRIDABLE
from event_source_mapping.mapping.queue_settings import QUEUE_NUMBERS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "event_source_mapping"
TEXT = (ROOT / "docs" / "event-source-mapping.md").read_text("utf-8")
README = (PACKAGE / "README.md").read_text("utf-8")
SECTIONS = set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))
CODE = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted(Path(__file__).parent.rglob("test_*.py"))


def test_every_option_stands_in_the_documentation() -> None:
    """What --help lists, the page and the README list, and no more [Use]."""
    options = {option for action in parser()._actions for option in action.option_strings if "--" in option}
    for page in (TEXT, README):
        assert set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE)) == options - {"--help"}


def test_the_readme_lists_every_room_below_those_that_it_imports() -> None:
    """The map of the README is the one that the imports draw [Use]."""
    listed = re.findall(r"^\| `(\w+)/`", README, re.MULTILINE)
    assert sorted(listed) == sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    for path in CODE:
        room = path.parent.name
        imported = set(re.findall(r"^ *from event_source_mapping\.(\w+)\.", path.read_text("utf-8"), re.MULTILINE))
        if room in listed:
            assert imported <= set(listed[: listed.index(room) + 1]), path


def test_the_folder_works_in_another_project(tmp_path: Path) -> None:
    """Copied, the command starts, and it has loaded nothing of this project [Use]."""
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    script = (
        "import runpy, sys\n"
        "sys.argv[1:] = ['--help']\n"
        "try:\n    runpy.run_module('event_source_mapping', run_name='__main__')\n"
        f"finally:\n    print([name for name, module in sys.modules.items()"
        f" if str(getattr(module, '__file__', None)).startswith({str(ROOT)!r})"
        f" and '.venv' not in module.__file__])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("usage: python -m event_source_mapping")
    assert done.stdout.endswith("[]\n")


def test_every_outcome_setting_and_counter_stands_in_the_documentation() -> None:
    """The words of the JSON log are a contract [The decision log]."""
    names = [*(outcome.value for outcome in EventType), *OVERRIDABLE, *QUEUE_NUMBERS, *Metrics().as_dict()]
    names += ["ScalingConfig.MaximumConcurrency"]
    assert [name for name in names if f"`{name}`" not in TEXT] == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_every_scenario_cites_a_section_that_exists(path: Path) -> None:
    """A test's docstring ends with the section whose promise it keeps [Guarantees]."""
    text = path.read_text("utf-8")
    tests = re.findall(r'^def (test_\w+)\(.*?"""(.*?)"""', text, re.MULTILINE | re.DOTALL)
    cited = {name: re.findall(r"\[([A-Z][^\]]+)\]\.", docstring) for name, docstring in tests}
    assert tests
    assert [name for name, sections in cited.items() if not set(sections) & SECTIONS] == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.stem)
def test_every_section_that_a_module_cites_exists(path: Path) -> None:
    """Modules cite the page by its section titles [Guarantees]."""
    head = path.read_text("utf-8").split('"""')[1]
    cited = re.findall(r'"([A-Z][^"]+)"', head) if "event-source-mapping.md" in head else []
    assert [section for section in cited if section not in SECTIONS] == []
