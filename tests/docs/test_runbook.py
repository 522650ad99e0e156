"""docs/runbook.md: its commands exist, and it is where alarms lead."""

from __future__ import annotations

import argparse
import re
import shlex

import botocore.session
import pytest
from botocore import xform_name

from operations.__main__ import COMMANDS as PROGRAMS
from operations.settings.params import RANGES, WORDS
from tests.builders import ROOT
from tests.docs.markdown import anchors, blocks, section
from tests.infrastructure.computed import resources_of

TEXT = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
COMMANDS = [line for block in blocks(TEXT) if block.language == "sh" for line in block.text.splitlines()]
OF_OPERATIONS = [line for line in COMMANDS if line.startswith(".venv/bin/python -m operations ")]
OF_AWS = [line for line in COMMANDS if line.startswith("aws ")]
OF_SLS = [line for line in COMMANDS if line.startswith("npx sls ")]
SECTIONS = {
    "IteratorAge grows",
    "Concurrency jumps",
    "Failures fill",
    "Undelivered fills",
    "Duplicates reported",
    "A rule alerts too much",
    "Nothing alerts",
    "The view type has to change",
    "Table restored or replaced",
    "Region moved",
    "Global tables",
    "Rollback",
    "AWS region outage",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for command in PROGRAMS:
        command.add_to(commands)
    return parser


@pytest.mark.parametrize("line", OF_OPERATIONS)
def test_a_command_of_operations_is_one(line: str) -> None:
    """Its options are those that the program takes."""
    _parser().parse_args(shlex.split(line.partition(" -m operations ")[2]))


@pytest.mark.parametrize("line", OF_AWS)
def test_a_command_of_the_aws_cli_is_one(line: str) -> None:
    """The operation exists, its options are its members, and those that it needs are given."""
    _, service, operation, *options = shlex.split(line)
    service = {"s3api": "s3"}.get(service, service)
    model = botocore.session.get_session().get_service_model(service)
    (name,) = [each for each in model.operation_names if xform_name(each, "-") == operation]
    shape = model.operation_model(name).input_shape
    members = {xform_name(member, "-"): member for member in shape.members} if shape else {}
    given = {option.removeprefix("--") for option in options if option.startswith("--")}
    assert {option.removeprefix("no-") if option not in members else option for option in given} <= set(members)
    assert {members[option] for option in given} >= set(shape.required_members if shape else ())


@pytest.mark.parametrize("line", OF_SLS)
def test_a_command_of_sls_names_parameters_that_there_are(line: str) -> None:
    """And a command that osls has."""
    words = shlex.split(line)
    assert words[2] in {"deploy", "logs", "remove", "info"}
    for word in words:
        found = re.fullmatch(r"--param=(\w+)=.+", word)
        if found:
            assert found[1] in {*RANGES, *WORDS, "productsStreamArn"}


def test_every_command_is_of_a_known_kind() -> None:
    """No command goes unchecked but git's."""
    assert {line for line in COMMANDS if not line.startswith("git ")} == {*OF_OPERATIONS, *OF_AWS, *OF_SLS}


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_section_exists_and_says_something(name: str) -> None:
    """What an operator may meet has its section."""
    assert len(section(TEXT, name).split()) > 20


def test_every_alarm_is_named_where_it_leads() -> None:
    """The section of an alarm's description has the alarm's own name."""
    for found in resources_of("alarms.cjs", alarmSilenceHours=1).values():
        alarm = found["Properties"]
        anchor = alarm["AlarmDescription"].rpartition("#")[2]
        assert anchor in anchors(TEXT)
        heading = next(each for each in re.findall(r"^## (.+)$", TEXT, re.MULTILINE) if anchor in anchors(f"## {each}"))
        short = alarm["AlarmName"].removeprefix("product-alerts-dev-")
        start = TEXT.index(f"## {heading}")
        end = TEXT.find("\n## ", start + 1)
        assert f"`{short}`" in TEXT[start:end]
