"""docs/deploying.md: every parameter stands in its table, and the operator's policy covers what the commands call."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from operations.settings.service_file import read_document
from tests.builders import ROOT
from tests.docs.markdown import blocks, code_in, first_cells, section
from tests.infrastructure.identity_policies import listed
from tests.infrastructure.operators_calls import NAMED_OTHERWISE

RECEIVERS = (ROOT / "infrastructure" / "receivers.cjs").read_text(encoding="utf-8")
TEXT = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")


CALL = re.compile(r"(?:client(?:\(\"\w+\"\))?|_function|dynamodb)\.(?!get_paginator)(\w+)\(")
PAGES = re.compile(r"get_paginator\(\"(\w+)\"\)")


def test_every_parameter_stands_in_the_table() -> None:
    """And nothing else does."""
    cells = first_cells(section(TEXT, "What a change of a parameter does"))
    names = [name for cell in cells for name in code_in(cell)]
    assert sorted(names) == sorted(read_document(ROOT / "serverless.yml")["params"]["default"])


def test_the_stages_differ_as_their_table_says() -> None:
    """In every parameter that one of them sets, and in no other."""
    by_stage = read_document(ROOT / "serverless.yml")["params"]
    head, *rows = [line.strip("| ").split(" | ") for line in section(TEXT, "Stages").splitlines() if "| " in line]
    stages = head[1:]
    assert [*by_stage] == ["default", *stages, "local"]
    names = {name for stage in stages for name in by_stage[stage]}
    assert {row[0].strip("`"): row[1:] for row in rows[1:]} == {
        name: [_cell({**by_stage["default"], **by_stage[stage]}[name]) for stage in stages] for name in names
    }


def _cell(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def test_the_deployers_policy_covers_what_the_templates_have() -> None:
    """A statement about the service of each type of resource; those of IAM name each action."""
    (policy,) = [block for block in blocks(TEXT) if block.heading == "A deployer's policy"]
    statements = json.loads(policy.text)["Statement"]
    actions = [action for statement in statements for action in listed(statement["Action"])]
    templates = [json.loads(file.read_text("utf-8")) for file in (ROOT / "tests" / "snapshots").glob("*.json")]
    types = {each["Type"] for template in templates for each in template["Resources"].values()}
    types |= set(re.findall(r'Type: "(AWS::[\w:]+)"', RECEIVERS))
    assert {kind.split("::")[1].lower() for kind in types} <= {action.partition(":")[0] for action in actions}
    assert "iam:*" not in actions
    assert not [
        each for each in statements if "*" in listed(each["Resource"]) and any("*" in a for a in each["Action"])
    ]


def test_the_operators_policy_allows_every_call_of_the_commands_and_no_other() -> None:
    """As the code of operations/ names them."""
    (policy,) = [block for block in blocks(TEXT) if block.heading == "An operator's policy"]
    statements = json.loads(policy.text)["Statement"]
    allowed = {action.partition(":")[2] for statement in statements for action in listed(statement["Action"])}
    source = "".join(path.read_text("utf-8") for path in Path(ROOT / "operations").rglob("*.py"))
    called = {*CALL.findall(source), *PAGES.findall(source)}
    names = {"".join(word.capitalize() for word in call.split("_")) for call in called}
    assert {NAMED_OTHERWISE.get(name, name) for name in names} == allowed


def test_the_operators_policy_covers_the_logs_of_every_stage() -> None:
    """By the names that the functions have, and of no other function."""
    (policy,) = [block for block in blocks(TEXT) if block.heading == "An operator's policy"]
    resources = [
        resource
        for statement in json.loads(policy.text)["Statement"]
        if "logs:FilterLogEvents" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    groups = {
        resource["Properties"]["LogGroupName"]
        for file in (ROOT / "tests" / "snapshots").glob("*.json")
        for resource in json.loads(file.read_text("utf-8"))["Resources"].values()
        if resource["Type"] == "AWS::Logs::LogGroup"
    }
    assert any(group.endswith("-alerts") for group in groups)
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:"
    assert [group for group in groups if not any(fnmatchcase(arn + group, each) for each in resources)] == []
    assert not any(fnmatchcase(f"{arn}/aws/lambda/another", each) for each in resources)
