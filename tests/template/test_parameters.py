"""What a parameter of a stage changes in the template, and what it leaves alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.builders import ROOT
from tests.docs.markdown import code_in, section
from tests.infrastructure.provider_schemas import create_only_properties
from tests.packaging import Package, Packaged
from tests.template.expected import (
    DEFAULTS,
    FUNCTION_OVERRIDES,
    OUTPUTS,
    OVERRIDES,
    OWN_STREAM,
    every_override,
    statements,
)


@pytest.mark.end_to_end
@pytest.mark.parametrize("param", OVERRIDES)
def test_each_stream_parameter_reaches_the_mapping(packaged: Packaged, param: str) -> None:
    """`--param` turns each setting for one deploy."""
    _, setting, expected = OVERRIDES[param]
    assert packaged("dev", **every_override()).mapping[setting] == expected
    assert DEFAULTS[setting] != expected


@pytest.mark.end_to_end
@pytest.mark.parametrize("param", FUNCTION_OVERRIDES)
def test_each_function_parameter_reaches_the_function(packaged: Packaged, param: str) -> None:
    """Time and memory are parameters, too."""
    _, setting, expected = FUNCTION_OVERRIDES[param]
    assert packaged("dev", **every_override()).properties("AlertsLambdaFunction")[setting] == expected


def replaced(before: Package, after: Package) -> set[tuple[str, str]]:
    """List the resources that CloudFormation would replace, each with the property that it cannot update."""
    return {
        (name, key)
        for name, resource in before.template["Resources"].items()
        for key in create_only_properties(resource["Type"])
        if name in after.template["Resources"]
        and resource["Properties"].get(key) != after.resource(name)["Properties"].get(key)
    }


@pytest.mark.end_to_end
def test_a_parameter_replaces_only_what_the_document_says(packaged: Packaged) -> None:
    """By AWS's own schemas of the types: a mapping, by the two parameters that docs/deploying.md says replace it."""
    plain, turned = packaged(), packaged("dev", **every_override())
    assert replaced(plain, turned) == {("AlertsEventSourceMapping", "StartingPosition")}
    assert set(turned.template["Resources"]) - set(plain.template["Resources"]) == {"SilentAlarm"}
    assert set(plain.template["Resources"]) <= set(turned.template["Resources"])
    own = packaged("dev", productsStreamArn=OWN_STREAM)
    assert replaced(plain, own) == {("AlertsEventSourceMapping", "EventSourceArn")}
    assert set(plain.template["Resources"]) - set(own.template["Resources"]) == {"ProductsTable"}
    untried = {"functionResponseType", "httpEndpointUrl", "productsStreamArn", "receiversFile"}
    assert {*every_override(), *untried} == set(_service()["params"]["default"])
    table = section((ROOT / "docs" / "deploying.md").read_text("utf-8"), "What a change of a parameter does")
    rows = [line for line in table.splitlines() if "replaces the mapping" in line]
    assert [code_in(row)[0] for row in rows] == ["productsStreamArn", "startingPosition"]


@pytest.mark.end_to_end
def test_with_tracing_the_roles_may_write_traces(packaged: Packaged) -> None:
    """And without it they may not."""
    for role in ("AlertsRole", "DeliveryRole"):
        names = {policy["PolicyName"] for policy in packaged("dev", **every_override()).properties(role)["Policies"]}
        assert "tracing" in names
        assert "tracing" not in {policy["PolicyName"] for policy in packaged().properties(role)["Policies"]}


def test_every_parameter_of_the_stream_event_is_tested_here() -> None:
    """A setting that is added to the stream event needs a test of its default and of its override."""
    stream = _service()["functions"]["alerts"]["events"][0]["stream"]
    used = {found[1] for value in stream.values() if (found := re.fullmatch(r"\$\{param:(\w+)\}", str(value)))}
    assert used == {*OVERRIDES, "functionResponseType"}


def test_every_parameter_says_in_its_line_what_turning_it_costs() -> None:
    """Each stream and function setting in serverless.yml has a comment beside it."""
    text = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    lines = text.partition("\n  default:\n")[2].partition("\n  dev:")[0].splitlines()
    for name in (
        *OVERRIDES,
        "functionResponseType",
        *FUNCTION_OVERRIDES,
        "logLevel",
        "deliveryConcurrency",
        "allowPrivateAddresses",
        "logRetentionInDays",
        "ledgerRetentionInDays",
        "ledgerPointInTimeRecovery",
        "givenUpRetentionInDays",
        "alarmFailures",
        "alarmGivenUp",
        "alarmUndelivered",
        "alarmErrors",
        "alarmThrottles",
        "alarmSilenceHours",
    ):
        (line,) = [line for line in lines if re.match(rf"    {name}:", line)]
        assert re.search(r" # \S.{10,}", line), f"{name} has no comment"


def _service() -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's short forms as text."""

    Loader.add_multi_constructor("!", lambda _loader, _tag, node: node.value)
    return dict(yaml.load((ROOT / "serverless.yml").read_text(encoding="utf-8"), Loader=Loader))  # noqa: S506 - it is safe


# A table that exists already


@pytest.mark.end_to_end
def test_with_a_stream_given_no_products_table_is_made(packaged: Packaged) -> None:
    """A template without the table cannot touch the user's."""
    package = packaged("dev", productsStreamArn=OWN_STREAM)
    assert set(package.of_type("AWS::DynamoDB::Table")) == {"LedgerTable"}
    assert "ProductsTable" not in package.template_file.read_text(encoding="utf-8").replace("ProductsTableName", "")


@pytest.mark.end_to_end
def test_with_a_stream_given_mapping_role_and_outputs_name_it(packaged: Packaged) -> None:
    """The service attaches to that stream, with all its settings."""
    package = packaged("dev", productsStreamArn=OWN_STREAM)
    assert package.mapping["EventSourceArn"] == OWN_STREAM
    assert {name: package.mapping[name] for name in DEFAULTS} == DEFAULTS
    (reading,) = [found for found in statements(package) if "dynamodb:GetRecords" in found["Action"]]
    assert reading["Resource"] == OWN_STREAM
    outputs = package.template["Outputs"]
    assert set(outputs) >= OUTPUTS
    assert outputs["ProductsStreamArn"]["Value"] == OWN_STREAM
    assert outputs["ProductsTableName"]["Value"] == "catalogue"
