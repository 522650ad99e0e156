"""The template of each stage as it ships."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
from typing import Any

import pytest

from tests.builders import ROOT
from tests.infrastructure.computed import resources_of
from tests.infrastructure.policies import OF_LAMBDA, allowed, calls_of_the_function, denied
from tests.notifications.test_batch_report import NOISY
from tests.packaging import Packaged
from tests.template.expected import DEFAULTS, OUTPUTS, OWN_STREAM, STAGES, listed, statements

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


@pytest.mark.parametrize(
    "source", ["", pytest.param(OWN_STREAM, marks=pytest.mark.end_to_end)], ids=["own table", "a table that exists"]
)
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


def test_the_role_is_sufficient_and_each_of_its_grants_is_necessary(packaged: Packaged) -> None:
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
