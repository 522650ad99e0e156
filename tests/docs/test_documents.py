"""README and documents: what they name exists, and what they show is so."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
import json
import re
import runpy
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from notifications.common.errors import RulesError
from notifications.config import receivers_file
from notifications.publishing.messages import cloud_event
from operations.settings.project import PROJECT
from operations.settings.service_file import read_service
from tests.builders import EVENTS, ROOT, rules
from tests.docs.markdown import anchors, blocks, code_in, links
from tests.service import Service

DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "event_source_mapping" / "README.md",
]
OURS = [path for path in DOCUMENTS if path.name in {"README.md", "CONTRIBUTING.md", "rules.md", "operations.md"}]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELLS = {"sh", "bash", "console"}
RULES = (ROOT / "alerts.toml").read_text(encoding="utf-8")
SCHEMA_DUMP = """
const schema = require("osls/lib/cli/commands-schema/aws-service.js");
const names = ([name, option]) => [`--${name}`, ...(option.shortcut ? [`-${option.shortcut}`] : [])];
const commands = [...schema].map(([command, { options }]) => [command, Object.entries(options ?? {}).flatMap(names)]);
process.stdout.write(JSON.stringify(Object.fromEntries(commands)));
"""


class Command(NamedTuple):
    """One command of a document."""

    place: str
    words: list[str]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _commands() -> Iterator[Command]:
    """List what documents tell people to type: lines of shell blocks, and code in running text."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for block in blocks(text):
            if block.language not in SHELLS:
                continue
            lines = block.text.replace("\\\n", " ").splitlines()
            typed = [line.removeprefix("$ ") for line in lines if block.language != "console" or line.startswith("$ ")]
            for line in typed:
                for part in re.split(r" (?:\||&&|>) ", line):
                    yield Command(f"{_name(path)}, {block.heading}", shlex.split(part, comments=True))
        for code in code_in(text):
            if re.match(r"(npm|npx|(\.venv/bin/)?python -m) ", code):
                yield Command(_name(path), code.replace("…", "").split())


COMMANDS = [command for command in _commands() if command.words]


def _of(*start: str) -> list[Any]:
    """List the commands that begin so, what follows the start as their words."""
    found = {(place, tuple(words[len(start) :])) for place, words in COMMANDS if tuple(words[: len(start)]) == start}
    return [pytest.param(list(words), id=f"{place}: {' '.join((*start, *words))}") for place, words in sorted(found)]


def _options(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)}


@functools.cache
def _help(module: str, *command: str) -> str:
    """Give what `python -m` prints, in this process: to start another for each command takes half a second."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it is imported already
        patch.setattr(sys, "argv", [module, *command, "--help"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(module, run_name="__main__")
    assert not ended.value.code
    return printed.getvalue()


@functools.cache
def _sls() -> dict[str, list[str]]:
    node = subprocess.run(["node", "-e", SCHEMA_DUMP], cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(node.stdout))


def test_documents_are_found() -> None:
    """The tests below are about something."""
    assert len(OURS) == 5
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("words", [*_of("npm"), *_of("npx")])
def test_npm_runs_scripts_that_exist(words: list[str]) -> None:
    """`npm start`, `npm test`, `npm run NAME`; and npx runs sls."""
    scripts = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["scripts"]
    if words[0] == "run":
        assert words[1] in scripts
    elif words[0] in {"start", "test"}:
        assert words[0] in scripts
        assert len(words) == 1 or words[1] == "--", "what goes to the script stands behind --"
    else:
        assert words[0] == "sls"


@pytest.mark.parametrize("words", _of("npx", "sls"))
def test_sls_commands_and_their_options_exist(words: list[str]) -> None:
    """By the schema of the version that package.json pins."""
    known = _sls()
    command = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
    assert command in known
    assert _options(words) <= set(known[command])


@pytest.mark.parametrize(
    ("module", "words"),
    [pytest.param("local", given.values[0], id=str(given.id)) for given in _of("npm", "start", "--")]
    + [pytest.param("local.change", given.values[0], id=str(given.id)) for given in _of("npm", "run", "change", "--")]
    + [pytest.param("console", given.values[0], id=str(given.id)) for given in _of("npm", "run", "console", "--")],
)
def test_options_behind_an_npm_script_exist(module: str, words: list[str]) -> None:
    """`npm start -- --once` and the like."""
    assert all(option in _help(module) for option in _options(words))


@pytest.mark.parametrize("words", [*_of("python", "-m"), *_of(".venv/bin/python", "-m")])
def test_modules_and_their_options_exist(words: list[str]) -> None:
    """`python -m operations explain --event FILE` and the like."""
    module, *rest = words
    assert importlib.util.find_spec(module)
    command = [rest[0]] if module == "operations" and rest and re.fullmatch(r"[a-z]+(-[a-z]+)*", rest[0]) else []
    assert all(option in _help(module, *command) for option in _options(rest))


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_files_that_a_document_names_exist(path: Path) -> None:
    """Links, their anchors, and the events that commands read."""
    text = path.read_text(encoding="utf-8")
    for target in links(text):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = path.parent / file if file else path
        assert found.exists(), target
        if found.suffix == ".py" and anchor:
            assert f"def {anchor}(" in found.read_text(encoding="utf-8"), target
        elif anchor:
            assert anchor in anchors(found.read_text(encoding="utf-8")), target
    for name in re.findall(r"\bevents/([\w-]+\.json)", text):
        assert (EVENTS / name).exists(), name


def test_decisions_are_numbered_one_after_the_other() -> None:
    """No number twice, none left out, and each heading has that of its file."""
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:5] for path in files] == [f"{number:04}-" for number in range(1, len(files) + 1)]
    for number, path in enumerate(files, 1):
        assert path.read_text(encoding="utf-8").startswith(f"# {number}. "), path.name


@functools.cache
def _names_in_code() -> frozenset[str]:
    """List every word of the code, the settings and the templates."""
    folders = (
        "notifications",
        "event_source_mapping",
        "operations",
        "console",
        "local",
        "infrastructure",
        "schemas",
        "events",
    )
    files = [ROOT / name for name in ("serverless.yml", "package.json", "alerts.toml", "handler.py")]
    for folder in folders:
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".yml", ".cjs", ".json"}]
    return frozenset(re.findall(r"\w+", "\n".join(path.read_text(encoding="utf-8") for path in files)))


@pytest.mark.parametrize("path", OURS, ids=_name)
def test_names_that_a_document_uses_exist(path: Path) -> None:
    """A parameter, output, key or field that was renamed stands nowhere under its old name."""
    shown = {*_words_of_examples(path)}
    for code in code_in(path.read_text(encoding="utf-8")):
        for word in re.findall(r"\b[a-zA-Z]+(?:[A-Z_][a-zA-Z]+)+\b", code):
            assert word in _names_in_code() or word in shown, f"{word} in `{code}`"


def _words_of_examples(path: Path) -> set[str]:
    """List the words of a document's own examples: names of attributes that its text may speak of."""
    return {word for block in blocks(path.read_text(encoding="utf-8")) for word in re.findall(r"\w+", block.text)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_parameters_and_outputs_that_a_document_names_exist(path: Path) -> None:
    """In `--param`, in YAML under `params`, and as names of outputs."""
    text = path.read_text(encoding="utf-8")
    params = yaml.safe_load(re.sub(r"!\w+", "", (ROOT / "serverless.yml").read_text(encoding="utf-8")))["params"][
        "default"
    ]
    outputs = yaml.safe_load(re.sub(r"!\w+", "", (ROOT / "infrastructure/outputs.yml").read_text(encoding="utf-8")))
    given = re.findall(r"--param[ =]\"?(\w+)=", text)
    for block in blocks(text):
        if block.language == "yaml":
            stages = (yaml.safe_load(block.text) or {}).get("params") or {}
            given += [name for stage in stages.values() for name in stage or {}]
    assert set(given) <= set(params)
    named = {code for code in code_in(text) if re.fullmatch(r"(?:[A-Z][a-z]+){2,}(?:Name|Arn|Url)", code)}
    ours = {name for name in named if name.startswith(("Products", "Alerts", "Failures", "Ledger"))}
    assert ours <= set(outputs["Outputs"])


def _toml_of_readme(table: str = "rules") -> list[Any]:
    found = [block for block in blocks(README) if block.language == "toml" and f"[[{table}]]" in block.text]
    return [pytest.param(block.text, id=f"line {block.line}") for block in found]


@pytest.mark.parametrize("text", _toml_of_readme())
def test_rules_in_the_readme_can_be_pasted(text: str) -> None:
    """Each one stands in alerts.toml as it is, or can be added at its end."""
    assert text.strip() in RULES or rules(f"{RULES}\n{text}")


@pytest.mark.parametrize("file", ["receivers.toml", "local/receivers.toml"])
def test_receivers_in_the_readme_can_be_pasted(file: str) -> None:
    """At the end of either file; and each that a command of the README names is one of them."""
    added = "\n".join(str(param.values[0]) for param in _toml_of_readme("receivers"))
    text = (ROOT / file).read_text(encoding="utf-8")
    names = {receiver.name for receiver in receivers_file.parse(f"{text}\n{added}", file, rules(RULES)).all}
    ours = [command.words for command in COMMANDS if command.place.startswith("README.md")]
    asked = {words[words.index("--receiver") + 1] for words in ours if "--receiver" in words}
    assert asked
    assert asked <= names


def test_the_alert_in_the_readme_is_the_one_that_its_record_makes() -> None:
    """From the sample that it names, by the rules of the project; so is the record."""
    shown = [json.loads(block.text) for block in blocks(README) if block.language == "json"]
    (alert,) = (each for each in shown if "specversion" in each)
    (record,) = (each for each in shown if "dynamodb" in each)
    (sample,) = json.loads((EVENTS / "price-drop.json").read_text(encoding="utf-8"))["Records"]
    service = Service(rules(RULES))
    service.handle(sample)
    assert [cloud_event(each) for each in service.alerts] == [alert]
    assert record["eventName"] == sample["eventName"]
    for image in ("Keys", "OldImage", "NewImage"):
        assert record["dynamodb"][image].items() <= sample["dynamodb"][image].items()


def test_the_mistake_in_the_readme_is_reported_as_shown() -> None:
    """The rule of the README with that mistake in it, at the end of the file."""
    (shown,) = (block.text for block in blocks(README) if block.text.startswith("alerts.toml: "))
    match = re.search(r'rule "([^"]+)", (\w+) = (".*?"):', shown)
    assert match
    name, key, value = match.groups()
    (rule,) = (param.values[0] for param in _toml_of_readme() if f'name = "{name}"' in str(param.values[0]))
    wrong = re.sub(rf"^{key} = .*$", f"{key} = {value}", str(rule), flags=re.MULTILINE)
    with pytest.raises(RulesError) as raised:
        rules(f"{RULES}\n{wrong}")
    assert str(raised.value) == shown.rstrip()


def test_a_stage_of_the_readme_can_be_read() -> None:
    """The parameters that it shows for a table of one's own are taken by the check."""
    stages = [
        stage
        for block in blocks(README)
        if block.language == "yaml"
        for stage in yaml.safe_load(block.text)["params"].items()
    ]
    assert stages
    for stage, given in stages:
        assert read_service(PROJECT, stage, given).view_type == "NEW_AND_OLD_IMAGES"


def test_the_samples_of_the_readme_alert() -> None:
    """Every `invoke local` of a document alerts something, or parks something."""
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    names = {name for text in texts for name in re.findall(r"sls invoke local .*?-p events/([\w-]+\.json)", text)}
    assert names
    for name in names:
        service = Service(rules(RULES))
        service.handle(*json.loads((EVENTS / name).read_text(encoding="utf-8"))["Records"])
        assert service.alerts or service.parked, name


def test_the_changelog_has_unreleased_changes_first_and_then_dates() -> None:
    """Each release has the day on which it was made, the latest first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *releases = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert first == "[Unreleased]"
    days = [date.fromisoformat(release.rpartition(" - ")[2]) for release in releases]
    assert days
    assert days == sorted(days, reverse=True)


def test_the_glossary_names_what_is_in_the_code() -> None:
    """Its last column: classes, functions and modules under the names that they have."""
    rows = [line for line in (ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    names = {name for row in rows[1:] for name in code_in(row.rstrip("| ").rpartition("|")[2])}
    assert len(names) > 50
    assert {name for name in names if not re.findall(r"[A-Za-z_]\w*", name) or name not in _names_in_code()} == set()
