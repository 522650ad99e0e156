"""What `sls package` makes of receivers.toml: a queue a receiver, one function with least privilege, and no more."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notifications.bootstrap_delivery import build_delivery
from notifications.delivery.handling.digests import LONGEST_FLUSH
from tests.packaging import Package, copy_of_project, package_project, sls
from tests.template.expected import listed

pytestmark = pytest.mark.end_to_end

RECEIVERS = """
[[receivers]]
name = "everyone"
kind = "text"

[[receivers]]
name = "merch"
kind = "mail"
to = ["merch@shop.example"]
from = "alerts@shop.example"
only = { type = ["product.price_dropped"], severity = ["warning", "critical"] }
digest = "08:15 Asia/Kathmandu"
quiet = "22:00-07:30 Europe/Berlin"

[[receivers]]
name = "buyers"
kind = "slack"
secret = "buyers-slack"

[[receivers]]
name = "night-shift"
kind = "chatbot"

[[receivers]]
name = "erp"
kind = "webhook"
url = "https://erp.shop.example/hook"
secret = "erp-key"
"""
NAMES = {
    "everyone": "Everyone",
    "merch": "Merch",
    "buyers": "Buyers",
    "night-shift": "NightShift",
    "erp": "Erp",
}
DELIVERY = {"Fn::GetAtt": ["DeliveryLambdaFunction", "Arn"]}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Package a receiver of each sort."""
    return package_project(copy_of_project(tmp_path_factory.mktemp("receivers") / "project", RECEIVERS))


def test_the_template_is_clean(package: Package) -> None:
    """cfn-lint finds nothing, warnings included."""
    command = [str(Path(sys.executable).parent / "cfn-lint"), str(package.template_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_each_receiver_has_a_queue_of_its_own(package: Package, name: str) -> None:
    """Encrypted, kept for 14 days, hidden for six times as long as the function runs, with `undelivered` behind it."""
    queue = package.properties(f"{NAMES[name]}ReceiverQueue")
    timeout = package.properties("DeliveryLambdaFunction")["Timeout"]
    assert queue["QueueName"] == f"product-alerts-dev-to-{name}"
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["UndeliveredQueue", "Arn"]}
    assert queue["RedrivePolicy"]["maxReceiveCount"] > 100


@pytest.mark.parametrize("name", NAMES)
def test_only_the_alerts_topic_may_send_to_it(package: Package, name: str) -> None:
    """The queue's policy names the topic."""
    policy = package.properties(f"{NAMES[name]}ReceiverQueuePolicy")
    (statement,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert policy["Queues"] == [{"Ref": f"{NAMES[name]}ReceiverQueue"}]
    assert statement["Resource"] == {"Fn::GetAtt": [f"{NAMES[name]}ReceiverQueue", "Arn"]}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "AlertsTopic"}}}
    assert (statement["Action"], statement["Principal"]) == ("sqs:SendMessage", {"Service": "sns.amazonaws.com"})


@pytest.mark.parametrize("name", NAMES)
def test_the_subscription_filters_by_only_and_hands_the_alert_on_as_it_is(package: Package, name: str) -> None:
    """Without `only` there is no filter."""
    subscription = package.properties(f"{NAMES[name]}ReceiverSubscription")
    assert subscription["RawMessageDelivery"] is True
    assert subscription["TopicArn"] == {"Ref": "AlertsTopic"}
    assert subscription["Endpoint"] == {"Fn::GetAtt": [f"{NAMES[name]}ReceiverQueue", "Arn"]}
    wanted = {"type": ["product.price_dropped"], "severity": ["warning", "critical"]} if name == "merch" else None
    assert subscription.get("FilterPolicy") == wanted
    assert subscription.get("FilterPolicyScope") == ("MessageAttributes" if wanted else None)


@pytest.mark.parametrize("name", NAMES)
def test_the_mapping_reports_partial_failures_and_is_capped(package: Package, name: str) -> None:
    """One bad message harms nobody else, and a burst does not throttle the function."""
    queue = {"Fn::GetAtt": [f"{NAMES[name]}ReceiverQueue", "Arn"]}
    mappings = [each["Properties"] for each in package.of_type("AWS::Lambda::EventSourceMapping").values()]
    (mapping,) = [each for each in mappings if each["EventSourceArn"] == queue]
    assert mapping["FunctionName"] == DELIVERY
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert mapping["Enabled"] is True


def test_a_digest_and_quiet_hours_are_looked_after_every_hour(package: Package) -> None:
    """At their minutes, in their zones, through the receiver's own queue; the others may have had one before."""
    schedules = [each["Properties"] for each in package.of_type("AWS::Scheduler::Schedule").values()]
    assert {
        (
            json.loads(each["Target"]["Input"])["flush"],
            each["ScheduleExpression"],
            each["ScheduleExpressionTimezone"],
        )
        for each in schedules
    } == {
        ("merch", "cron(15 * * * ? *)", "Asia/Kathmandu"),
        ("merch", "cron(30 * * * ? *)", "Europe/Berlin"),
        *((name, "cron(0 * * * ? *)", "UTC") for name in NAMES if name != "merch"),
    }
    for each in schedules:
        name = json.loads(each["Target"]["Input"]).pop("flush")
        assert each["Target"]["Arn"] == {"Fn::GetAtt": [f"{NAMES[name]}ReceiverQueue", "Arn"]}
        assert json.loads(each["Target"]["Input"]) == {"flush": name}
        assert each["FlexibleTimeWindow"] == {"Mode": "OFF"}


def test_a_flush_has_its_outbox_for_longer_than_the_function_may_run(package: Package) -> None:
    """So only one that was killed leaves it taken, and its message, which the queue then gives again, finds it free."""
    seconds = package.properties("DeliveryLambdaFunction")["Timeout"]
    visibility = package.properties("MerchReceiverQueue")["VisibilityTimeout"]
    assert seconds < LONGEST_FLUSH < visibility


def statements(package: Package, role: str) -> Iterator[dict[str, Any]]:
    """Give what a role may do."""
    for policy in package.properties(role)["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def allowed(package: Package, role: str) -> set[tuple[str, str]]:
    """Give each action with its resource."""
    return {
        (action, json.dumps(resource))
        for statement in statements(package, role)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def test_the_role_allows_what_the_receivers_need_and_nothing_else(package: Package) -> None:
    """No wildcard; in the ledger only the delivery's own keys."""
    arn = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
    ledger, undelivered = '{"Fn::GetAtt": ["LedgerTable", "Arn"]}', '{"Fn::GetAtt": ["UndeliveredQueue", "Arn"]}'
    logs = '{"Fn::GetAtt": ["DeliveryLogGroup", "Arn"]}'
    queues = [json.dumps({"Fn::GetAtt": [f"{name}ReceiverQueue", "Arn"]}) for name in NAMES.values()]
    takes = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ChangeMessageVisibility")
    assert allowed(package, "DeliveryRole") == {
        *((f"sqs:{action}", queue) for action in takes for queue in queues),
        ("sqs:SendMessage", undelivered),
        *(
            (f"dynamodb:{action}", ledger)
            for action in ("BatchGetItem", "BatchWriteItem", "PutItem", "Query", "UpdateItem")
        ),
        ("sns:Publish", '{"Ref": "PeopleTopic"}'),
        ("sns:Publish", '{"Ref": "NightShiftChatTopic"}'),
        *(
            ("ses:SendRawEmail", json.dumps({"Fn::Sub": arn % ("ses", name)}))
            for name in (
                "identity/alerts@shop.example",
                "identity/shop.example",
                "configuration-set/product-alerts-dev",
            )
        ),
        *(
            ("ssm:GetParameter", json.dumps({"Fn::Sub": arn % ("ssm", f"parameter/product-alerts/dev/{name}")}))
            for name in ("buyers-slack", "erp-key")
        ),
        ("logs:CreateLogStream", logs),
        ("logs:PutLogEvents", logs),
    }
    (remembers,) = [each for each in statements(package, "DeliveryRole") if each["Sid"] == "RememberDeliveries"]
    assert remembers["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["delivery#*", "outbox#*"]}}


def test_the_schedules_may_send_to_the_receivers_queues_alone(package: Package) -> None:
    """And only on behalf of this account."""
    queues = [json.dumps({"Fn::GetAtt": [f"{name}ReceiverQueue", "Arn"]}) for name in NAMES.values()]
    assert allowed(package, "FlushRole") == {("sqs:SendMessage", queue) for queue in queues}
    (trust,) = package.properties("FlushRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_mails_leave_out_addresses_that_bounced(package: Package) -> None:
    """The configuration set is named where the function looks for it."""
    suppressed = package.properties("MailConfigurationSet")["SuppressionOptions"]["SuppressedReasons"]
    assert suppressed == ["BOUNCE", "COMPLAINT"]
    variables = package.properties("DeliveryLambdaFunction")["Environment"]["Variables"]
    assert variables["CONFIGURATION_SET"] == {"Ref": "MailConfigurationSet"}


def test_what_is_undelivered_is_encrypted_and_kept_for_14_days(package: Package) -> None:
    """For as long as SQS keeps anything."""
    queue = package.properties("UndeliveredQueue")
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_function_starts_with_the_variables_that_the_template_gives_it(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every receiver finds what it needs."""
    for name in ("REGION", "DEFAULT_REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "us-east-1")
    function = package.properties("DeliveryLambdaFunction")
    assert (function["Handler"], function["Architectures"]) == ("handler.handle_delivery", ["arm64"])
    assert "ReservedConcurrentExecutions" not in function
    variables = {name: str(value) for name, value in function["Environment"]["Variables"].items()}
    assert build_delivery(variables, package.folder.parent)


def test_the_functions_start_from_the_artifact_alone(package: Package, tmp_path: Path) -> None:
    """Unpacked into an empty place, with the standard library and nothing else; the stream's imports no delivery."""
    with zipfile.ZipFile(package.artifact) as artifact:
        artifact.extractall(tmp_path)
    variables = package.properties("DeliveryLambdaFunction")["Environment"]["Variables"]
    code = "import handler; print(handler.handle_delivery({'Records': []}, None))"
    assert _run(code, tmp_path, {name: str(value) for name, value in variables.items()}) == "{'batchItemFailures': []}"
    code = "import handler, sys; print([name for name in sys.modules if 'delivery' in name or 'jinja2' in name])"
    assert _run(code, tmp_path, {"PRINT_ALERTS": "true"}) == "[]"


def _run(code: str, folder: Path, environment: dict[str, str]) -> str:
    credentials = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "none")
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=folder,
        env={"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", **credentials, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_receivers_there_is_no_resource(tmp_path: Path) -> None:
    """No function, no role, no queue, no output: no cost."""
    package = package_project(copy_of_project(tmp_path / "project", receivers=""))
    assert set(package.of_type("AWS::Lambda::Function")) == {"AlertsLambdaFunction"}
    assert set(package.of_type("AWS::SQS::Queue")) == {"FailuresQueue"}
    assert set(package.of_type("AWS::IAM::Role")) == {"AlertsRole"}
    assert set(package.of_type("AWS::SNS::Topic")) == {"AlertsTopic", "OperationsTopic"}
    assert "DeliveryLambda" not in package.template_file.read_text(encoding="utf-8")
    assert "Undelivered" not in package.template_file.read_text(encoding="utf-8")


def test_a_mistake_in_the_receivers_fails_the_package_step(tmp_path: Path) -> None:
    """A bad file never deploys: the message has receiver, key and expectation, and no stack trace."""
    project = copy_of_project(tmp_path / "project", RECEIVERS.replace('kind = "text"', 'kind = "telegram"'))
    done = sls("package", "--stage", "dev", "--package", "out", folder=project)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert 'line 4, receiver "everyone", kind = "telegram"' in said
    assert "Traceback" not in said
