"""The documentation keeps up with the code."""

import re
from pathlib import Path

import pytest

from event_source_mapping.__main__ import parser
from event_source_mapping.log.events import EventType
from event_source_mapping.log.metrics import Metrics
from event_source_mapping.mapping.settings import OVERRIDABLE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "event-source-mapping.md").read_text("utf-8")
SECTIONS = set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))
CODE = sorted((ROOT / "event_source_mapping").rglob("*.py"))
TESTS = sorted(Path(__file__).parent.rglob("test_*.py"))


def test_every_option_stands_in_the_documentation() -> None:
    """What --help lists, the page lists [Use]."""
    options = {option for action in parser()._actions for option in action.option_strings if "--" in option}
    assert [option for option in options - {"--help"} if f"`{option}" not in TEXT] == []


def test_every_outcome_setting_and_counter_stands_in_the_documentation() -> None:
    """The words of the JSON log are a contract [The decision log]."""
    names = [*(outcome.value for outcome in EventType), *OVERRIDABLE, *Metrics().as_dict()]
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
