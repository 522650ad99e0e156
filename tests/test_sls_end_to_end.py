"""What `sls` refuses, finds and runs, as a user types it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.stack.local_aws import local_aws
from operations.deployed.running import Running, claim_directory
from tests.builders import ROOT
from tests.infrastructure.endpoint import refusing_endpoint
from tests.packaging import Packaged, environment, sls
from tests.template.expected import OWN_STREAM

pytestmark = pytest.mark.end_to_end


DEAD = "http://127.0.0.1:9"


def test_a_mistake_in_the_rules_fails_the_package_step(project: Path) -> None:
    """A bad file never deploys: the message has rule, key and expectation, and no stack trace."""
    rules = project / "alerts.toml"
    rules.write_text(rules.read_text(encoding="utf-8").replace('at_least = "10%"', 'at_least = "ten"', 1), "utf-8")
    done = sls("package", "--stage", "dev", "--package", "out", folder=project)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert 'rule "price-drop", at_least = "ten": expected a percentage such as "10%"' in said
    assert "Traceback" not in said
    assert not re.search(r"^\s+at \S+ \(", said, re.MULTILINE), said
    assert not (project / "out").exists()


def test_a_mistake_in_the_receivers_fails_the_package_step(project: Path) -> None:
    """As a mistake in the rules does; a secret in the file is not repeated."""
    with (project / "receivers.toml").open("a", encoding="utf-8") as receivers:
        receivers.write('[[receivers]]\nname = "buyers"\nkind = "slack"\nsecret = "xoxb-1234567890"\n')
    done = sls("package", "--stage", "dev", "--package", "out", folder=project)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert 'receiver "buyers", secret: expected the name of an SSM SecureString' in said
    assert "xoxb-1234567890" not in said
    assert "Traceback" not in said
    assert not (project / "out").exists()


def test_a_mistake_in_the_receivers_of_the_laptop_is_said_as_clearly(project: Path) -> None:
    """In the few lines of any other stage, and by the name of the file that stage local has."""
    with (project / "local" / "receivers.toml").open("a", encoding="utf-8") as receivers:
        receivers.write('[[receivers]]\nname = "other"\nkind = "slak"\n')
    done = sls("package", "--stage", "local", "--package", "out", folder=project)
    said = (done.stdout + done.stderr).strip()
    assert done.returncode != 0
    assert "local/receivers.toml: 1 mistake" in said
    assert 'receiver "other", kind = "slak": expected one of' in said
    assert "Variables resolution" not in said
    assert len(said.splitlines()) < 12, said


def test_a_stream_of_another_region_fails_the_package_step(project: Path) -> None:
    """No mapping could read it, so nothing is packaged; it is not the rules that do not fit."""
    given = f"--param=productsStreamArn={OWN_STREAM}"
    done = sls("package", "--stage", "dev", "--package", os.devnull, given, "--region", "us-east-1", folder=project)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "the stream is in eu-west-1, and the function would be in us-east-1" in said
    assert "does not fit the rules" not in said


def test_a_stream_that_is_none_fails_the_package_step(project: Path) -> None:
    """A table's ARN in the place of its stream's is told before anything is deployed."""
    given = f"--param=productsStreamArn={OWN_STREAM.partition('/stream/')[0]}"
    done = sls("package", "--stage", "dev", "--package", os.devnull, given, folder=project)
    assert done.returncode != 0
    assert "is not the ARN of a table's stream" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("price-drop.json", ["product.price_dropped", "Wireless Mouse: 19.99 USD, was 25.99"]),
        ("poison-record.json", ["parked", "dynamodb.NewImage: expected a map, got str"]),
    ],
)
def test_invoke_local_prints_alerts_and_response(event: str, expected: list[str], project: Path) -> None:
    """Without an account, credentials or anything running, a user sees what would be sent."""
    done = sls("invoke", "local", "-f", "alerts", "-p", f"events/{event}", "--stage", "local", folder=project)
    assert done.returncode == 0, done.stdout + done.stderr
    for text in (*expected, '"batchItemFailures": []'):
        assert text in done.stdout


@pytest.mark.parametrize("command", ["deploy", "remove"])
def test_stage_local_is_kept_away_from_aws(command: str, project: Path) -> None:
    """While no `npm start` runs the stage `local` is refused, with what to do instead."""
    done = sls(command, "--stage", "local", folder=project)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "npm start" in said
    assert "it does not run" in said


def test_sls_finds_the_running_stack_as_operations_does(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an export, and whatever the user's own proxy is, stage `local` is what `npm start` runs."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with refusing_endpoint() as (address, asked), claim_directory(project / ".local") as claim:
        claim.announce(Running(address, "a-table"))
        sls("info", "--stage", "local", "--region", "eu-west-1", folder=project)
    assert asked
    assert all("/us-east-1/" in request for request in asked)


@pytest.mark.parametrize(("stage", "advice"), [("local", "found without it"), ("dev", "on AWS")])
def test_a_dead_endpoint_is_said_with_the_way_out(stage: str, advice: str) -> None:
    """An endpoint that was exported for a run that has ended gets advice about the export, not about the network."""
    done = subprocess.run(
        ["npx", "--no", "--", "sls", "info", "--stage", stage],
        cwd=ROOT,
        env=environment() | {"AWS_ENDPOINT_URL": DEAD},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"Nothing answers at {DEAD}" in said
    assert "unset AWS_ENDPOINT_URL" in said
    assert advice in said


@pytest.mark.parametrize("command", ["deploy", "remove", "info"])
def test_missing_credentials_are_said_before_anything_is_packaged(command: str, project: Path) -> None:
    """In the words of `operations`: where they come from, and that stage local needs none."""
    env = environment() | {"AWS_EC2_METADATA_DISABLED": "true"}
    done = sls(command, "--stage", "dev", folder=project, env=env)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    for text in ("No credentials were found", "AWS_PROFILE", "`aws configure`", "npm start"):
        assert text in said, said
    assert not (project / ".serverless").exists()


def test_the_stream_function_is_meant_where_none_is_named(project: Path) -> None:
    """`sls invoke local -p` and `sls logs` need no -f; one that is given counts."""
    done = sls("invoke", "local", "-p", "events/price-drop.json", "--stage", "local", folder=project)
    assert "product.price_dropped" in done.stdout, done.stdout + done.stderr
    with refusing_endpoint() as (address, asked), claim_directory(project / ".local") as claim:
        claim.announce(Running(address, "a-table"))
        sls("logs", "--stage", "local", folder=project)
        done = sls("logs", "--stage", "local", "-f", "another", folder=project)
    assert any("/aws/lambda/product-alerts-local-alerts" in request for request in asked)
    assert 'Function "another"' in done.stdout + done.stderr


def test_a_delivery_function_is_invoked_with_what_npm_start_runs(project: Path) -> None:
    """`sls invoke local -f delivery` asks the running stack for its topics and queues, and AWS for nothing."""
    given = ("invoke", "local", "-f", "delivery", "-p", "events/price-drop.json", "--stage", "local")
    done = sls(*given, folder=project)
    assert "start it with `npm start`" in done.stdout + done.stderr
    with refusing_endpoint() as (address, asked), claim_directory(project / ".local") as claim:
        claim.announce(Running(address, "a-table"))
        done = sls(*given, folder=project)
    assert any("/us-east-1/cloudformation/" in request for request in asked), done.stdout + done.stderr


def test_a_first_deploy_that_is_rolled_back_leaves_no_table(packaged: Packaged, tmp_path: Path) -> None:
    """A table made by a deploy that fails goes with it, so that the next try can make it; one that stands is kept."""
    table = packaged("dev").resource("ProductsTable")
    broken = {
        "Type": "AWS::SNS::Subscription",
        "DependsOn": "ProductsTable",
        "Properties": {"Protocol": "sqs", "TopicArn": {"Fn::GetAtt": ["ProductsTable", "NoSuchAttribute"]}},
    }
    with local_aws(tmp_path) as aws:
        cloudformation, dynamodb = aws.client("cloudformation"), aws.client("dynamodb")

        def deploy(name: str, resources: dict[str, Any]) -> str:
            cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
            return _settled(cloudformation, name)

        assert deploy("first", {"ProductsTable": table, "Broken": broken}).startswith("ROLLBACK")
        assert dynamodb.list_tables()["TableNames"] == []
        assert deploy("second", {"ProductsTable": table}) == "CREATE_COMPLETE"
        cloudformation.delete_stack(StackName="second")
        assert _settled(cloudformation, "second") in {"", "DELETE_COMPLETE"}
        assert dynamodb.list_tables()["TableNames"] == ["product-alerts-dev-products"]


def _settled(cloudformation: Any, name: str) -> str:
    """Wait until a stack's operation is over; gives its status, or "" once there is no stack."""
    for _ in range(300):
        try:
            status: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError:
            return ""
        if "IN_PROGRESS" not in status:
            return status
        time.sleep(0.1)
    raise AssertionError(status)
