"""The service as it is packaged: what `sls package` compiles, refuses and puts into the artifact."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from local.stack.local_aws import local_aws
from operations.deployed.running import Running, claim_directory
from tests.builders import ROOT
from tests.docs.markdown import code_in, section
from tests.infrastructure.computed import resources_of
from tests.infrastructure.policies import OF_LAMBDA, allowed, calls_of_the_function, denied
from tests.infrastructure.provider_schemas import create_only_properties
from tests.notifications.test_batch_report import NOISY
from tests.packaging import Package, Packaged, environment, sls

STAGES = ("dev", "staging", "prod")
DEAD = "http://127.0.0.1:9"
OWN_STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/catalogue/stream/2026-01-01T00:00:00.000"
LARGEST_ARTIFACT = 3 * 1024 * 1024

DEFAULTS = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 1,
    "ParallelizationFactor": 1,
    "StartingPosition": "TRIM_HORIZON",
    "MaximumRetryAttempts": 50,
    "MaximumRecordAgeInSeconds": 21600,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "Enabled": True,
}
OVERRIDES = {
    "batchSize": ("250", "BatchSize", 250),
    "batchWindow": ("7", "MaximumBatchingWindowInSeconds", 7),
    "parallelizationFactor": ("4", "ParallelizationFactor", 4),
    "startingPosition": ("LATEST", "StartingPosition", "LATEST"),
    "maximumRetryAttempts": ("9", "MaximumRetryAttempts", 9),
    "maximumRecordAgeInSeconds": ("3600", "MaximumRecordAgeInSeconds", 3600),
    "bisectBatchOnFunctionError": ("false", "BisectBatchOnFunctionError", False),
    "enabled": ("false", "Enabled", False),
}
FUNCTION_OVERRIDES = {
    "timeout": ("90", "Timeout", 90),
    "memorySize": ("1024", "MemorySize", 1024),
    "tracing": ("Active", "TracingConfig", {"Mode": "Active"}),
}
# Every other parameter with another value, but for those that name another file, server or table.
MORE_OVERRIDES = {
    "productsStreamViewType": "NEW_IMAGE",
    "kmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "productsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/66666666-2222-3333-4444-555555555555",
    "deletionProtection": "true",
    "logLevel": "DEBUG",
    "logRetentionInDays": "60",
    "givenUpRetentionInDays": "20",
    "deliveryConcurrency": "7",
    "allowPrivateAddresses": "true",
    "ledgerRetentionInDays": "40",
    "ledgerPointInTimeRecovery": "true",
    "alarmFailures": "2",
    "alarmGivenUp": "2",
    "alarmUndelivered": "2",
    "alarmErrors": "5",
    "alarmThrottles": "11",
    "alarmSilenceHours": "3",
}
OUTPUTS = {
    "ProductsTableName",
    "ProductsStreamArn",
    "AlertsFunctionName",
    "AlertsTopicArn",
    "FailuresQueueUrl",
    "LedgerTableName",
    "DeliveryFunctionName",
    "UndeliveredQueueUrl",
    "PeopleTopicArn",
    "GivenUpBucketName",
    "OperationsTopicArn",
}


def every_override() -> dict[str, str]:
    """Give every parameter a value that is not its default."""
    return {name: value for name, (value, _, _) in {**OVERRIDES, **FUNCTION_OVERRIDES}.items()} | MORE_OVERRIDES


# The mapping


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("setting", DEFAULTS)
def test_the_mapping_carries_each_stream_setting_with_its_default(packaged: Packaged, stage: str, setting: str) -> None:
    """What the stream event sets reaches the compiled mapping."""
    assert packaged(stage).mapping[setting] == DEFAULTS[setting]


@pytest.mark.parametrize("stage", STAGES)
def test_what_the_mapping_gives_up_goes_whole_to_the_bucket(packaged: Packaged, stage: str) -> None:
    """The on-failure destination is one that takes the payload, too."""
    destination = packaged(stage).mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["GivenUpBucket", "Arn"]}


def test_the_bucket_is_private_encrypted_and_forgets(packaged: Packaged) -> None:
    """Only over TLS, never public, emptied after 30 days; kept when the stack goes, unless its making failed."""
    package = packaged()
    resource = package.resource("GivenUpBucket")
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    bucket = resource["Properties"]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (forget,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (forget["Status"], forget["ExpirationInDays"]) == ("Enabled", 30)
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (denied,) = package.resource("GivenUpBucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("destination", "actions"),
    [
        ({"type": "s3", "arn": {"Fn::GetAtt": ["GivenUpBucket", "Arn"]}}, ["s3:PutObject", "s3:ListBucket"]),
        ({"type": "sqs", "arn": {"Fn::GetAtt": ["FailuresQueue", "Arn"]}}, ["sqs:SendMessage"]),
        ({"type": "sns", "arn": {"Ref": "OwnTopic"}}, ["sns:Publish"]),
        ({"arn": "arn:aws:sns:us-east-1:123456789012:given-up"}, ["sns:Publish"]),
        ("arn:aws:sqs:us-east-1:123456789012:given-up", ["sqs:SendMessage"]),
    ],
    ids=str,
)
def test_the_role_may_write_to_the_destination_that_is_named(destination: Any, actions: list[str]) -> None:
    """A bucket, a queue or a topic, in each form that osls takes."""
    code = (
        "require('./infrastructure/given-up.cjs')({ resolveVariable: () => JSON.parse(process.argv[1]) })"
        ".then(({ policy }) => console.log(JSON.stringify(policy.PolicyDocument.Statement)))"
    )
    done = subprocess.run(
        ["node", "-e", code, json.dumps(destination)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    arn = destination if isinstance(destination, str) else destination["arn"]
    found = json.loads(done.stdout)
    assert [statement["Action"] for statement in found] == actions
    assert found[-1]["Resource"] == arn


@pytest.mark.parametrize("param", OVERRIDES)
def test_each_stream_parameter_reaches_the_mapping(packaged: Packaged, param: str) -> None:
    """`--param` turns each setting for one deploy."""
    _, setting, expected = OVERRIDES[param]
    assert packaged("dev", **every_override()).mapping[setting] == expected
    assert DEFAULTS[setting] != expected


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


@pytest.mark.parametrize("source", ["", OWN_STREAM], ids=["own table", "a table that exists"])
def test_the_mapping_has_one_name_and_counts_what_it_drops(packaged: Packaged, source: str) -> None:
    """Whatever table it reads: alarms and dashboard name it, and another stream is an update of it."""
    package = packaged("dev", productsStreamArn=source) if source else packaged("dev")
    mappings = package.of_type("AWS::Lambda::EventSourceMapping")
    assert [name for name in mappings if "ReceiverQueue" not in name] == ["AlertsEventSourceMapping"]
    assert package.mapping["MetricsConfig"] == {"Metrics": ["EventCount"]}


@pytest.mark.parametrize("stage", STAGES)
def test_alarms_and_dashboard_are_deployed(packaged: Packaged, stage: str) -> None:
    """What tests/infrastructure/ holds about them holds of the template."""
    package = packaged(stage)
    assert package.of_type("AWS::CloudWatch::Alarm") == resources_of("alarms.cjs", stage)
    assert package.of_type("AWS::CloudWatch::Dashboard") == resources_of("dashboard.cjs", stage)


# The function


@pytest.mark.parametrize("stage", STAGES)
def test_the_function_runs_the_handler_on_arm_and_python_3_13(packaged: Packaged, stage: str) -> None:
    """The deployed runtime is fixed, whatever Python packages."""
    function = packaged(stage).properties("AlertsLambdaFunction")
    assert function["Handler"] == "handler.handle_stream"
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["FunctionName"] == f"product-alerts-{stage}-alerts"
    assert "VpcConfig" not in function


def test_the_function_gets_every_variable_that_it_reads(packaged: Packaged) -> None:
    """What bootstrap reads stands in the template, and nothing else does."""
    source = (ROOT / "notifications" / "bootstrap.py").read_text(encoding="utf-8")
    named = set(re.findall(r'environ(?:\.get\(|, )"([A-Z_]+)"', source)) - {"PRINT_ALERTS"}
    named = {name for name in named if not name.startswith("AWS_LAMBDA_")}  # Lambda's own
    assert set(packaged().properties("AlertsLambdaFunction")["Environment"]["Variables"]) == named
    assert named


# What it writes to


@pytest.mark.parametrize("stage", STAGES)
def test_the_outputs_are_those_that_others_look_up(packaged: Packaged, stage: str) -> None:
    """The names are a contract; osls adds only that of its deployment bucket."""
    outputs = packaged(stage).template["Outputs"]
    assert {name for name in outputs if not name.startswith("Serverless")} == OUTPUTS


def test_the_outputs_point_to_what_they_are_named_after(packaged: Packaged) -> None:
    """Each output is the reference that its reader needs."""
    outputs = {name: found["Value"] for name, found in packaged().template["Outputs"].items() if name in OUTPUTS}
    assert outputs == {
        "ProductsTableName": {"Ref": "ProductsTable"},
        "ProductsStreamArn": {"Fn::GetAtt": ["ProductsTable", "StreamArn"]},
        "AlertsFunctionName": {"Ref": "AlertsLambdaFunction"},
        "AlertsTopicArn": {"Ref": "AlertsTopic"},
        "FailuresQueueUrl": {"Ref": "FailuresQueue"},
        "LedgerTableName": {"Ref": "LedgerTable"},
        "DeliveryFunctionName": {"Ref": "DeliveryLambdaFunction"},
        "UndeliveredQueueUrl": {"Ref": "UndeliveredQueue"},
        "PeopleTopicArn": {"Ref": "PeopleTopic"},
        "GivenUpBucketName": {"Ref": "GivenUpBucket"},
        "OperationsTopicArn": {"Ref": "OperationsTopic"},
    }


@pytest.mark.parametrize("stage", STAGES)
def test_the_failures_queue_is_encrypted_and_keeps_14_days(packaged: Packaged, stage: str) -> None:
    """What was given up is kept for as long as SQS keeps anything."""
    queue = packaged(stage).properties("FailuresQueue")
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("stage", STAGES)
def test_the_products_table_is_safe_to_keep(packaged: Packaged, stage: str) -> None:
    """On demand, with both images, point-in-time recovery and encryption, and kept when the stack goes."""
    table = packaged(stage).resource("ProductsTable")
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = table["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["KeySchema"] == [{"AttributeName": "productId", "KeyType": "HASH"}]
    assert properties["AttributeDefinitions"] == [{"AttributeName": "productId", "AttributeType": "S"}]
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}


def test_the_ledger_forgets_by_itself_and_has_the_key_that_the_code_writes(packaged: Packaged) -> None:
    """Its key and its time to live are the attributes of `notifications.publishing.ledger`."""
    table = packaged().resource("LedgerTable")["Properties"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["product", "alert"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("stage", STAGES)
def test_logs_are_json_by_lambdas_own_configuration(packaged: Packaged, stage: str) -> None:
    """Lambda escapes what it logs, and filters by level."""
    functions = packaged(stage).of_type("AWS::Lambda::Function")
    assert set(functions) == {"AlertsLambdaFunction", "DeliveryLambdaFunction"}
    for function in functions.values():
        assert function["Properties"]["LoggingConfig"] == {"ApplicationLogLevel": "INFO", "LogFormat": "JSON"}


@pytest.mark.parametrize(("stage", "days"), [("dev", 14), ("staging", 30), ("prod", 90)])
def test_logs_are_kept_for_as_long_as_the_stage_is_asked_about(packaged: Packaged, stage: str, days: int) -> None:
    """Logs cost storage; two weeks are for looking back."""
    group = packaged(stage).properties("AlertsLogGroup")
    assert group["RetentionInDays"] == packaged(stage).properties("DeliveryLogGroup")["RetentionInDays"] == days
    assert group["LogGroupName"] == f"/aws/lambda/product-alerts-{stage}-alerts"


# The role


def statements(package: Package) -> Iterator[dict[str, Any]]:
    """Give what the function's role may do."""
    for policy in package.properties("AlertsRole")["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    """Give a list, where CloudFormation takes one entry bare."""
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("stage", STAGES)
def test_the_role_has_no_wildcard(packaged: Packaged, stage: str) -> None:
    """No action and no resource is left open, but the streams of its log group and the objects of its bucket."""
    for statement in statements(packaged(stage)):
        assert statement["Effect"] == "Allow"
        assert all("*" not in action for action in listed(statement["Action"]))
        for resource in listed(statement["Resource"]):
            text = json.dumps(resource)
            inside = {"WriteLogs": ":*", "GiveUp": "/*"}.get(statement["Sid"])
            assert "*" not in text or (inside and text.count("*") == 1 and inside in text)


def test_the_role_allows_what_the_code_calls_and_nothing_else(packaged: Packaged) -> None:
    """Each action has its own resource."""
    allowed = {
        (action, json.dumps(resource))
        for statement in statements(packaged())
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    stream, ledger = ('{"Fn::GetAtt": ["ProductsTable", "StreamArn"]}', '{"Fn::GetAtt": ["LedgerTable", "Arn"]}')
    logs = '{"Fn::GetAtt": ["AlertsLogGroup", "Arn"]}'
    assert allowed == {
        ("dynamodb:DescribeStream", stream),
        ("dynamodb:GetRecords", stream),
        ("dynamodb:GetShardIterator", stream),
        ("dynamodb:ListStreams", stream),
        ("sns:Publish", '{"Ref": "AlertsTopic"}'),
        ("sqs:SendMessage", '{"Fn::GetAtt": ["FailuresQueue", "Arn"]}'),
        ("dynamodb:BatchGetItem", ledger),
        ("dynamodb:BatchWriteItem", ledger),
        ("dynamodb:PutItem", ledger),
        ("dynamodb:UpdateItem", ledger),
        ("logs:CreateLogStream", logs),
        ("logs:PutLogEvents", logs),
        ("s3:PutObject", '{"Fn::Join": ["", [{"Fn::GetAtt": ["GivenUpBucket", "Arn"]}, "/*"]]}'),
        ("s3:ListBucket", '{"Fn::GetAtt": ["GivenUpBucket", "Arn"]}'),
    }


def test_10_39_the_role_is_sufficient_and_each_of_its_grants_is_necessary(packaged: Packaged) -> None:
    """Every call that the code and Lambda make is allowed; without any one grant some call is denied."""
    calls = calls_of_the_function(NOISY) | OF_LAMBDA
    grants = allowed(statements(packaged()))
    assert denied(calls, grants) == set()
    for grant in grants:
        assert denied(calls, grants - {grant}), f"nothing needs {grant}"


@pytest.mark.parametrize("stage", STAGES)
def test_nobody_speaks_in_plain_text(packaged: Packaged, stage: str) -> None:
    """Each topic, queue and bucket has a policy that denies it."""
    package = packaged(stage)
    kinds = {"AWS::SNS::Topic": "Topics", "AWS::SQS::Queue": "Queues", "AWS::S3::Bucket": "Bucket"}
    ours = {(kind, name) for kind in kinds for name in package.of_type(kind) if not name.startswith("Serverless")}
    covered = set()
    for kind, key in kinds.items():
        for policy in package.of_type(f"{kind}Policy").values():
            for statement in listed(policy["Properties"]["PolicyDocument"]["Statement"]):
                if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
                    covered |= {(kind, each["Ref"]) for each in listed(policy["Properties"][key]) if "Ref" in each}
    assert ours <= covered


@pytest.mark.parametrize(("stage", "protected"), [("dev", False), ("staging", False), ("prod", True)])
def test_in_prod_the_products_table_cannot_be_deleted(packaged: Packaged, stage: str, protected: bool) -> None:
    """By a slip of the console, either."""
    assert packaged(stage).resource("ProductsTable")["Properties"]["DeletionProtectionEnabled"] is protected


# A table that exists already


def test_with_a_stream_given_no_products_table_is_made(packaged: Packaged) -> None:
    """A template without the table cannot touch the user's."""
    package = packaged("dev", productsStreamArn=OWN_STREAM)
    assert set(package.of_type("AWS::DynamoDB::Table")) == {"LedgerTable"}
    assert "ProductsTable" not in package.template_file.read_text(encoding="utf-8").replace("ProductsTableName", "")


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


# Lint, snapshot and artifact


@pytest.mark.parametrize("stage", STAGES)
def test_the_template_is_the_reviewed_one(packaged: Packaged, stage: str) -> None:
    """What a change of serverless.yml or osls does to the template is seen in review: UPDATE_SNAPSHOTS=1 writes it."""
    template = copy.deepcopy(packaged(stage).template)
    dashboard = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    dashboard["Fn::Sub"] = json.loads(dashboard["Fn::Sub"])  # one line of text is hard to review
    text = json.dumps(template, indent=1, sort_keys=True) + "\n"
    text = re.sub(r"/\d{13}-[\d-]+T[\d:.]+Z/", "/TIME/", text)
    text = re.sub(r'("DEPLOYMENT": )"[0-9a-f-]+"', r'\1"DEPLOYMENT"', text)
    snapshot = ROOT / "tests" / "snapshots" / f"{stage}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.write_text(text, encoding="utf-8")
    reviewed = snapshot.read_text(encoding="utf-8")
    assert json.loads(text) == json.loads(reviewed), (
        "look at the difference, then UPDATE_SNAPSHOTS=1 npm test -- -k reviewed"
    )
    assert text == reviewed


def names_in(package: Package) -> set[str]:
    """List the files in the artifact."""
    with zipfile.ZipFile(package.artifact) as artifact:
        return set(artifact.namelist())


@pytest.mark.parametrize("stage", STAGES)
def test_the_artifact_holds_the_code_the_rules_and_nothing_of_ours_besides(packaged: Packaged, stage: str) -> None:
    """Handler, rules and `notifications` as they are in the repository; no tests, operations or local AWS."""
    names = names_in(packaged(stage))
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "notifications").rglob("*.py")}
    ours.add("notifications/delivery/templates/mail.html")
    assert {"handler.py", "alerts.toml", "receivers.toml", *ours} <= names
    assert not [name for name in names if name.endswith(".mjml") or name.startswith("mjml")]
    tops = {name.split("/")[0] for name in names}
    foreign = {
        "tests",
        "operations",
        "event_source_mapping",
        "local",
        "benchmarks",
        "infrastructure",
        "events",
        "docs",
        "schemas",
        "scripts",
    }
    assert not tops & foreign
    assert not tops & {"node_modules", ".venv", "serverless.yml", "package.json", "pytest", "moto", "ministack"}


def test_the_artifact_holds_the_pinned_boto3_and_what_it_needs(packaged: Packaged) -> None:
    """What runs on AWS is what was tested here, with the services that the functions call."""
    names = names_in(packaged())
    (pin,) = re.findall(r"^boto3==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"boto3-{pin}.dist-info/METADATA" in names
    data = {name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert data == {"sns", "sqs", "dynamodb", "ses", "ssm"}
    assert {"botocore/data/endpoints.json", "botocore/data/_retry.json"} <= names


def test_the_artifact_is_small(packaged: Packaged) -> None:
    """At most 3 MB, and no bytecode of the machine that packaged it."""
    package = packaged()
    assert package.artifact.stat().st_size <= LARGEST_ARTIFACT
    assert not [name for name in names_in(package) if name.endswith(".pyc") or "__pycache__" in name]


def test_the_function_starts_from_the_artifact_alone(packaged: Packaged, tmp_path: Path) -> None:
    """Unpacked into an empty place, the handler imports, builds its clients and answers."""
    with zipfile.ZipFile(packaged().artifact) as artifact:
        artifact.extractall(tmp_path)
    code = (
        f"import handler, boto3; assert boto3.__file__.startswith({str(tmp_path)!r}), boto3.__file__; "
        "print(handler.handle_stream({'Records': []}, None))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env={
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
            "FAILURES_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/failures",
            "LEDGER_TABLE_NAME": "ledger",
            "LEDGER_RETENTION_DAYS": "90",
            "FUNCTION_TIMEOUT_SECONDS": "60",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "{'batchItemFailures': []}", done.stderr


# Refusals and local runs


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


@contextmanager
def _endpoint() -> Iterator[tuple[str, list[str]]]:
    """Refuse every request; give the address, and what was asked for: the headers, and the body."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode(errors="replace")
            asked.append(f"{self.headers} {body}")
            self.send_response(400)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def test_10_7_sls_finds_the_running_stack_as_operations_does(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an export, and whatever the user's own proxy is, stage `local` is what `npm start` runs."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with _endpoint() as (address, asked), claim_directory(project / ".local") as claim:
        claim.announce(Running(address, "a-table"))
        sls("info", "--stage", "local", "--region", "eu-west-1", folder=project)
    assert asked
    assert all("/us-east-1/" in request for request in asked)


@pytest.mark.parametrize(("stage", "advice"), [("local", "found without it"), ("dev", "on AWS")])
def test_10_7_a_dead_endpoint_is_said_with_the_way_out(stage: str, advice: str) -> None:
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


def test_10_40_the_stream_function_is_meant_where_none_is_named(project: Path) -> None:
    """`sls invoke local -p` and `sls logs` need no -f; one that is given counts."""
    done = sls("invoke", "local", "-p", "events/price-drop.json", "--stage", "local", folder=project)
    assert "product.price_dropped" in done.stdout, done.stdout + done.stderr
    with _endpoint() as (address, asked), claim_directory(project / ".local") as claim:
        claim.announce(Running(address, "a-table"))
        sls("logs", "--stage", "local", folder=project)
        done = sls("logs", "--stage", "local", "-f", "another", folder=project)
    assert any("/aws/lambda/product-alerts-local-alerts" in request for request in asked)
    assert 'Function "another"' in done.stdout + done.stderr


_DELIVERED_TO = """
const Plugin = require("./infrastructure/plugin.cjs");
const delivery = { environment: { HTTP_ENDPOINT_URL: process.argv[1] } };
const service = { provider: { stage: "local" }, functions: { delivery } };
const processedInput = { commands: ["deploy"], options: {} };
const plugin = new Plugin({ serviceDir: ".", processedInput, service }, {});
plugin.prepare().then(() => console.log(delivery.environment.HTTP_ENDPOINT_URL));
"""


@pytest.mark.parametrize("exported", [True, False])
def test_a_deploy_beside_npm_start_keeps_its_test_server(project: Path, *, exported: bool) -> None:
    """HTTP deliveries go on to the server that `npm start` gave; one that is named goes before it."""

    def delivered_to(given: str) -> str:
        done = subprocess.run(
            ["node", "-e", _DELIVERED_TO, given], cwd=project, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    with _endpoint() as (address, _), claim_directory(project / ".local") as claim:
        env = environment() | ({"AWS_ENDPOINT_URL": address} if exported else {})
        claim.announce(Running(address, "a-table", "http://127.0.0.1:4711"))
        assert delivered_to("") == "http://127.0.0.1:4711"
        assert delivered_to("http://127.0.0.1:4712") == "http://127.0.0.1:4712"


def test_a_deploy_elsewhere_takes_no_test_server(project: Path) -> None:
    """Another local AWS than the one that runs has another test server, or has none."""
    with _endpoint() as (address, _), claim_directory(project / ".local") as claim:
        claim.announce(Running(DEAD, "a-table", "http://127.0.0.1:4711"))
        env = environment() | {"AWS_ENDPOINT_URL": address}
        done = subprocess.run(
            ["node", "-e", _DELIVERED_TO, ""], cwd=project, env=env, capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == ""


def test_10_40_a_delivery_function_is_invoked_with_what_npm_start_runs(project: Path) -> None:
    """`sls invoke local -f delivery` asks the running stack for its topics and queues, and AWS for nothing."""
    given = ("invoke", "local", "-f", "delivery", "-p", "events/price-drop.json", "--stage", "local")
    done = sls(*given, folder=project)
    assert "start it with `npm start`" in done.stdout + done.stderr
    with _endpoint() as (address, asked), claim_directory(project / ".local") as claim:
        claim.announce(Running(address, "a-table"))
        done = sls(*given, folder=project)
    assert any("/us-east-1/cloudformation/" in request for request in asked), done.stdout + done.stderr


def test_10_10_npx_fetches_no_other_package_called_sls(tmp_path: Path) -> None:
    """Before the set-up `npx sls` ends with a refusal instead of fetching whatever has that name."""
    for name in (".npmrc", "package.json"):
        shutil.copy(ROOT / name, tmp_path)
    asked = ["npm", "config", "get", "yes"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "false"


def test_10_10_the_sdks_plans_do_not_push_a_message_off_the_screen() -> None:
    """What the AWS SDK says of Node versions to come stays away; every other warning stays."""
    code = (
        "const Plugin = require('./infrastructure/plugin.cjs');"
        "new Plugin({serviceDir: '.', processedInput: {commands: [], options: {}}}, {});"
        "process.emitWarning('NodeDeprecationWarning: The AWS SDK for JavaScript (v3) will no longer support it');"
        "process.emitWarning('another warning');"
    )
    env = {name: value for name, value in os.environ.items() if name != "NODE_NO_WARNINGS"}
    done = subprocess.run(["node", "-e", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert "another warning" in done.stderr
    assert "AWS SDK" not in done.stderr


CACHE_LOCATION = (
    "require('./infrastructure/requirements-cache.cjs')({resolveVariable: async () => process.argv.slice(1)})"
    ".then(({location}) => console.log(location))"
)


def test_10_38_the_cache_of_requirements_is_keyed_by_what_is_left_out_too(project: Path) -> None:
    """Another slim.yml, or another platform, is another cache; the same is the same, and serverless.yml asks for it."""

    def location(*pip: str) -> str:
        done = subprocess.run(
            ["node", "-e", CACHE_LOCATION, *pip], cwd=project, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    before = location("a")
    assert before == location("a") != location("b")
    assert before.startswith(".cache/")
    with (project / "infrastructure" / "slim.yml").open("a", encoding="utf-8") as slim:
        slim.write('- "**/*.md"\n')
    assert location("a") != before
    config = yaml.safe_load((ROOT / "serverless.yml").read_text("utf-8").replace("!", ""))["custom"]
    assert config["pythonRequirements"]["cacheLocation"] == "${file(./infrastructure/requirements-cache.cjs):location}"


@pytest.mark.end_to_end
def test_10_35_a_first_deploy_that_is_rolled_back_leaves_no_table(packaged: Packaged, tmp_path: Path) -> None:
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
