"""The templates go through a second implementation of CloudFormation: the local AWS accepts what others refuse.

moto knows most of the types; what it does not know it warns of and leaves out.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_in_memory import aws_in_memory, client_of
from tests.builders import ROOT

NOT_KNOWN = {
    "AWS::CloudWatch::Alarm",
    "AWS::S3::BucketPolicy",
    "AWS::Scheduler::Schedule",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}
STAGES = ("dev", "staging", "prod")
CODE = "code"


class Stack:
    """A stack in an AWS in memory."""

    def __init__(self, stage: str) -> None:
        """Deploy the reviewed template of a stage."""
        self.name = f"product-alerts-{stage}"
        self.template = _template(stage)
        self._s3 = client_of("s3")
        self.client = client_of("cloudformation")
        self._s3.create_bucket(Bucket=CODE)
        self._s3.put_object(Bucket=CODE, Key="product-alerts.zip", Body=b"")
        self._deploy("create_stack")

    def update(self) -> None:
        """Deploy the template as it is by now."""
        self._deploy("update_stack")

    def _deploy(self, operation: str) -> None:
        self._s3.put_object(Bucket=CODE, Key="template.json", Body=json.dumps(self.template).encode())
        url = f"https://s3.amazonaws.com/{CODE}/template.json"
        getattr(self.client, operation)(StackName=self.name, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"])

    @property
    def status(self) -> str:
        """How the last deploy ended."""
        return str(self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"])

    @property
    def outputs(self) -> dict[str, str]:
        """By their keys."""
        found = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    @property
    def ids(self) -> dict[str, str]:
        """The physical ids of the resources, by their names."""
        found = self.client.describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found if "LogicalResourceId" in each}


def _template(stage: str) -> dict[str, Any]:
    template = json.loads((ROOT / "tests" / "snapshots" / f"{stage}.json").read_text("utf-8"))
    resources = template["Resources"]
    body = resources["Dashboard"]["Properties"]["DashboardBody"]
    body["Fn::Sub"] = json.dumps(body["Fn::Sub"])
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"S3Bucket": CODE, "S3Key": "product-alerts.zip"}
    return dict(template)


@pytest.fixture
def aws() -> Iterator[list[warnings.WarningMessage]]:
    """Give an AWS in memory, and what it warns of."""
    with aws_in_memory(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@pytest.mark.parametrize("stage", STAGES)
def test_the_template_deploys_and_its_outputs_name_what_was_made(
    aws: list[warnings.WarningMessage], stage: str
) -> None:
    """And nothing is left out but the types that are listed here."""
    stack = Stack(stage)
    assert stack.status == "CREATE_COMPLETE"
    assert set(stack.outputs) == set(stack.template["Outputs"])
    left_out = {kind for each in aws for kind in re.findall(r"Tried to parse ([\w:]+) ", str(each.message))}
    assert left_out == NOT_KNOWN & {resource["Type"] for resource in stack.template["Resources"].values()}
    functions = client_of("lambda")
    function = functions.get_function_configuration(FunctionName=stack.outputs["AlertsFunctionName"])
    variables = function["Environment"]["Variables"]
    assert variables["ALERTS_TOPIC_ARN"] == stack.outputs["AlertsTopicArn"]
    assert variables["FAILURES_QUEUE_URL"] == stack.outputs["FailuresQueueUrl"]
    mapping = functions.get_event_source_mapping(UUID=stack.ids["AlertsEventSourceMapping"])
    assert mapping["EventSourceArn"] == stack.outputs["ProductsStreamArn"]
    assert mapping["FunctionArn"].endswith(stack.outputs["AlertsFunctionName"])


@pytest.mark.usefixtures("aws")
def test_an_update_keeps_what_it_does_not_change() -> None:
    """Table, ledger, queue and topic stay when the function's settings change."""
    stack = Stack("prod")
    before = stack.ids
    stack.template["Resources"]["AlertsLambdaFunction"]["Properties"]["MemorySize"] = 1024
    stack.update()
    assert stack.status == "UPDATE_COMPLETE"
    kept = ("ProductsTable", "LedgerTable", "FailuresQueue", "AlertsTopic", "AlertsLambdaFunction")
    assert {name: stack.ids[name] for name in kept} == {name: before[name] for name in kept}
    function = client_of("lambda").get_function_configuration(FunctionName=stack.outputs["AlertsFunctionName"])
    assert function["MemorySize"] == 1024
