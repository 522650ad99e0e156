"""What the roles of traced functions may do."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.builders import ROOT


def policies(*modes: str) -> dict[str, list[Any]]:
    """Give the policies by role that functions of these tracing modes leave, each function with a role of its own."""
    template: dict[str, Any] = {}
    for mode in modes:
        template[f"{mode}Function"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Role": {"Fn::GetAtt": [f"{mode}Role", "Arn"]}, "TracingConfig": {"Mode": mode}},
        }
        template[f"{mode}Role"] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": []}}
    template["AlertsTopic"] = {"Type": "AWS::SNS::Topic"}
    code = (
        "const resources = JSON.parse(process.argv[1]);"
        "require('./infrastructure/tracing.cjs').allowTracing(resources); console.log(JSON.stringify(resources));"
    )
    done = subprocess.run(
        ["node", "-e", code, json.dumps(template)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    return {mode: found[f"{mode}Role"]["Properties"]["Policies"] for mode in modes}


def test_a_traced_function_may_write_traces_and_nothing_else_is_added() -> None:
    """X-Ray takes no resource: the actions are all there is to narrow."""
    (policy,) = policies("Active", "PassThrough")["Active"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]


@pytest.mark.parametrize("modes", [("PassThrough",), ("Active", "PassThrough")], ids=len)
def test_a_function_that_is_not_traced_may_not(modes: tuple[str, ...]) -> None:
    """Whatever others are."""
    assert policies(*modes)["PassThrough"] == []
