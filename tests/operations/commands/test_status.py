"""`python -m operations status`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from notifications.text.formatting import rfc3339
from operations.activity.activity_log import ActivityLog
from operations.deployed.running import Running
from operations.health import health
from operations.health.difference import differences
from operations.health.health import read_health
from operations.ledger.mutes import mute
from tests.aws_in_memory import LEDGER, aws_in_memory, client_of, make_ledger
from tests.builders import ROOT
from tests.operations.health.test_difference import package
from tests.operations.stage import KEY, FakeStack, Operate

FUNCTION = "product-alerts-dev-alerts"
DELIVERY = "product-alerts-dev-delivery"


class FakeLambda:
    """A lambda client that knows the function and its mapping."""

    def get_function(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        """Describe it; nothing answers at its package's address."""
        assert FunctionName == FUNCTION
        variables = {"CODE_VERSION": "0.1.0"}
        configuration = {
            "LastModified": "2026-11-21T09:00:00Z",
            "State": "Active",
            "Environment": {"Variables": variables},
        }
        return {"Configuration": configuration, "Code": {"Location": "http://127.0.0.1:9/package"}}

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        """Describe the delivery function."""
        assert FunctionName == DELIVERY
        return {"Environment": {"Variables": {"RECEIVERS_FILE": "receivers.toml"}}}

    def list_event_source_mappings(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        """Describe its mapping."""
        assert FunctionName == FUNCTION
        return {"EventSourceMappings": [{"UUID": "u-1", "State": "Enabled", "LastProcessingResult": "OK"}]}


class Deployed(FakeStack):
    """A stage in an AWS in memory."""

    stage = "dev"

    def __init__(self) -> None:
        """Make what `status` looks at."""
        made = {name: client_of(name) for name in ("cloudwatch", "sqs", "sns", "s3")}
        super().__init__(**made, dynamodb=make_ledger(), **{"lambda": FakeLambda()})
        self.cloudwatch, self.sqs, self.sns, self.s3 = made.values()
        self.s3.create_bucket(Bucket="bucket")
        rule = {"ID": "forget", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
        self.s3.put_bucket_lifecycle_configuration(Bucket="bucket", LifecycleConfiguration={"Rules": [rule]})
        topic = self.sns.create_topic(Name="alerts")["TopicArn"]
        queue = self.sqs.create_queue(QueueName="failures")["QueueUrl"]
        self.outputs = {  # type: ignore[misc]
            "AlertsFunctionName": FUNCTION,
            "AlertsTopicArn": topic,
            "FailuresQueueUrl": queue,
            "GivenUpBucketName": "bucket",
            "LedgerTableName": LEDGER,
        }

    def metric(self, namespace: str, name: str, value: float, ago: int = 60, **dimensions: str) -> None:
        """Let CloudWatch know a value."""
        named = [{"Name": each, "Value": text} for each, text in dimensions.items()]
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=ago)
        data = {"MetricName": name, "Dimensions": named, "Timestamp": at, "Value": value}
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[data])


@pytest.fixture
def stage() -> Iterator[Deployed]:
    """Deploy into memory."""
    with aws_in_memory():
        yield Deployed()


def test_a_stage_that_is_well_waits_for_nobody(stage: Deployed, operate: Operate) -> None:
    """Exit code 0, and every line says so."""
    done = operate("status", stack=stage)
    assert (done.code, done.err) == (0, "")
    assert "failures        nothing waits" in done.lines
    assert "mapping         u-1: Enabled, OK" in done.lines
    assert "deployed        version 0.1.0, 2026-11-21T09:00:00Z" in done.lines


def test_what_waits_is_counted_without_being_taken(stage: Deployed, operate: Operate) -> None:
    """Messages and batches, and until when each is kept; exit code 1."""
    stage.sqs.send_message(QueueUrl=stage.outputs["FailuresQueueUrl"], MessageBody="{}")
    stage.metric("AWS/SQS", "ApproximateAgeOfOldestMessage", 86_400, QueueName="failures")
    stage.s3.put_object(Bucket="bucket", Key=f"{KEY}a", Body=b"{}")
    done = operate("status", "--json", stack=stage)
    assert done.code == 1
    assert done.json["failures"]["waiting"] == 1
    until = datetime.fromisoformat(done.json["failures"]["firstUntil"])
    now = datetime.now(UTC)
    assert abs(until - now - timedelta(days=13)) < timedelta(minutes=2)
    (batch,) = done.json["givenUp"]
    assert batch["batch"] == f"{KEY}a"
    assert abs(datetime.fromisoformat(batch["until"]) - now - timedelta(days=30)) < timedelta(minutes=2)
    received = stage.sqs.receive_message(QueueUrl=stage.outputs["FailuresQueueUrl"])
    assert len(received["Messages"]) == 1
    assert operate("status", stack=stage).code == 1


def test_alerts_are_counted_by_rule_in_the_hour_and_the_day(stage: Deployed) -> None:
    """Of this function alone."""
    for rule, count, ago in (("drop", 3, 60), ("drop", 4, 7200), ("new", 5, 80_000), ("new", 9, 100_000)):
        stage.metric("ProductAlerts", "Alerts", count, ago, FunctionName=FUNCTION, Rule=rule, Type="t")
    stage.metric("ProductAlerts", "Alerts", 99, FunctionName=FUNCTION)
    stage.metric("ProductAlerts", "Alerts", 99, FunctionName="another", Rule="drop", Type="t")
    stage.metric("ProductAlerts", "Suppressed", 2, FunctionName=FUNCTION, Reason="cool-down")
    found = read_health(stage)  # type: ignore[arg-type]
    assert found["alerts"] == {"hour": {"drop": 3}, "day": {"drop": 7, "new": 5}}
    assert found["suppressed"] == {"hour": {"cool-down": 2}, "day": {"cool-down": 2}}


def test_invocations_that_ended_badly_are_counted_by_function(stage: Deployed, operate: Operate) -> None:
    """Of this stage's functions alone; none is no line."""
    assert not any(line.startswith("errors") for line in operate("status", stack=stage).lines)
    for count, ago in ((3, 60), (4, 7200), (9, 100_000)):
        stage.metric("AWS/Lambda", "Errors", count, ago, FunctionName=FUNCTION)
    stage.metric("AWS/Lambda", "Errors", 9, FunctionName="another")
    assert read_health(stage)["errors"] == {"hour": {"alerts": 3}, "day": {"alerts": 7}}  # type: ignore[arg-type]
    assert "errors          alerts 3 (7 in 24 h)" in operate("status", stack=stage).lines


def test_it_says_by_how_long_the_function_is_behind_and_when_it_ran(stage: Deployed, operate: Operate) -> None:
    """The latest value counts."""
    stage.metric("AWS/Lambda", "IteratorAge", 7_200_000, 700, FunctionName=FUNCTION)
    stage.metric("AWS/Lambda", "IteratorAge", 90_000, 60, FunctionName=FUNCTION)
    stage.metric("AWS/Lambda", "Invocations", 1, 60, FunctionName=FUNCTION)
    done = operate("status", stack=stage)
    assert "behind by       1 minute 30 seconds" in done.lines
    assert not [line for line in done.lines if "not in the last 24 h" in line]


def test_stage_local_is_told_by_what_npm_start_notes(
    stage: Deployed, operate: Operate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its CloudWatch knows no metrics and its mapping is served from outside: neither is passed off as quiet."""
    moment = datetime(2026, 11, 21, 9, 2, 5, 600_000, tzinfo=UTC).timestamp()
    log = ActivityLog(tmp_path, now=lambda: moment)
    stage.stage, stage.endpoint_url = "local", "http://127.0.0.1:4566"  # type: ignore[attr-defined]
    running = Running("http://127.0.0.1:4566", "a-table", directory=tmp_path)
    monkeypatch.setattr("operations.health.health.find_running", lambda: running)
    done = operate("status", stack=stage)
    assert "last invocation not so far" in done.lines
    log.invoking([{"dynamodb": {"ApproximateCreationDateTime": moment - 90}}])
    log.invoked(["1"], [], "")
    done = operate("status", stack=stage)
    assert "last invocation 2026-11-21T09:02:05Z" in done.lines
    assert "behind by       1 minute 30 seconds" in done.lines
    assert "mapping         u-1: served by npm start, OK" in done.lines
    assert "the local AWS keeps no metrics" in done.out
    assert "CloudWatch" not in done.out
    log.invoked(["1"], [], "Crash: out of memory")
    assert "mapping         u-1: served by npm start, Crash: out of memory" in operate("status", stack=stage).lines
    log.close()


@pytest.mark.parametrize("written", ["2026-11-21T17:26:51.914+0000", "2026-11-21T17:26:51Z"])
def test_the_time_of_the_deploy_has_one_form(
    written: str, stage: Deployed, operate: Operate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local AWS gives another after an update."""
    describe = FakeLambda.get_function

    def updated(client: FakeLambda, **given: Any) -> dict[str, Any]:
        found = describe(client, **given)
        found["Configuration"]["LastModified"] = written
        return found

    monkeypatch.setattr(FakeLambda, "get_function", updated)
    assert "deployed        version 0.1.0, 2026-11-21T17:26:51Z" in operate("status", stack=stage).lines


def test_an_alarm_is_shown_with_its_section_of_the_runbook(stage: Deployed, operate: Operate) -> None:
    """Those of this stage alone; exit code 1."""
    for name in ("product-alerts-dev-behind", "product-alerts-prod-behind"):
        stage.cloudwatch.put_metric_alarm(
            AlarmName=name, AlarmDescription="Late. docs/runbook.md#iteratorage-grows", MetricName="m",
            Namespace="n", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
            Statistic="Sum",
        )  # fmt: skip
        stage.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="r")
    done = operate("status", stack=stage)
    assert done.code == 1
    assert [line for line in done.lines if line.startswith("alarm")] == [
        "alarm           product-alerts-dev-behind: Late. docs/runbook.md#iteratorage-grows"
    ]


def test_subscribers_are_listed_with_their_filters(stage: Deployed, operate: Operate) -> None:
    """And whether they have confirmed."""
    policy = json.dumps({"severity": ["critical"]})
    queue = "arn:aws:sqs:us-east-1:123456789012:receiver"
    stage.sns.subscribe(
        TopicArn=stage.outputs["AlertsTopicArn"], Protocol="sqs", Endpoint=queue, Attributes={"FilterPolicy": policy}
    )
    done = operate("status", stack=stage)
    assert f"subscriber      alerts: sqs {queue}, filter {policy}" in done.lines


def with_receivers(stage: Deployed) -> None:
    """Deploy receivers "buyers" and "everyone", too."""
    for name, attributes in (("everyone", {}), ("buyers", {"FilterPolicy": json.dumps({"severity": ["critical"]})})):
        url = stage.sqs.create_queue(QueueName=f"product-alerts-dev-to-{name}")["QueueUrl"]
        queue = stage.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = stage.outputs["AlertsTopicArn"]
        stage.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)
    people = stage.sns.create_topic(Name="people")["TopicArn"]
    stage.sns.subscribe(TopicArn=people, Protocol="email", Endpoint="anna@shop.example")
    undelivered = stage.sqs.create_queue(QueueName="undelivered")["QueueUrl"]
    stage.outputs |= {  # type: ignore[misc]
        "DeliveryFunctionName": DELIVERY,
        "UndeliveredQueueUrl": undelivered,
        "PeopleTopicArn": people,
    }


def test_receivers_are_listed_with_their_filters_and_queues(stage: Deployed, operate: Operate) -> None:
    """By their names; who subscribed by himself stands apart."""
    with_receivers(stage)
    stage.sqs.send_message(
        QueueUrl=stage.sqs.get_queue_url(QueueName="product-alerts-dev-to-buyers")["QueueUrl"], MessageBody="{}"
    )
    done = operate("status", stack=stage)
    assert [line for line in done.lines if line.startswith(("receiver ", "subscriber"))] == [
        'receiver        buyers: 1 in its queue, filter {"severity": ["critical"]}',
        "receiver        everyone: 0 in its queue",
        "subscriber      people: email anna@shop.example",
    ]
    assert done.code == 0


def test_what_is_undelivered_waits_for_the_operator(stage: Deployed, operate: Operate) -> None:
    """Exit code 1, and until when it is kept."""
    with_receivers(stage)
    stage.sqs.send_message(QueueUrl=stage.outputs["UndeliveredQueueUrl"], MessageBody="{}")
    stage.metric("AWS/SQS", "ApproximateAgeOfOldestMessage", 86_400, QueueName="undelivered")
    done = operate("status", "--json", stack=stage)
    assert done.code == 1
    until = datetime.fromisoformat(done.json["undelivered"]["firstUntil"])
    assert abs(until - datetime.now(UTC) - timedelta(days=13)) < timedelta(minutes=2)
    assert any(line.startswith("undelivered     1 in the queue") for line in operate("status", stack=stage).lines)


def test_deliveries_are_counted_by_receiver_and_outcome(stage: Deployed, operate: Operate) -> None:
    """Those of the delivery function."""
    with_receivers(stage)
    for outcome, count in (("delivered", 3), ("failing", 2)):
        dimensions = {"FunctionName": DELIVERY, "Receiver": "buyers", "Outcome": outcome}
        stage.metric("ProductAlerts", "Deliveries", count, 7200, **dimensions)
    stage.metric("ProductAlerts", "Deliveries", 9, FunctionName="another", Receiver="buyers", Outcome="delivered")
    done = operate("status", stack=stage)
    assert "deliveries      buyers delivered 0 (3 in 24 h), buyers failing 0 (2 in 24 h)" in done.lines


def test_what_is_muted_is_listed(stage: Deployed, operate: Operate) -> None:
    """Until when; it waits for nobody."""
    now = datetime.now(UTC).replace(microsecond=0)
    mute(stage, "price-drop", "prod-123", now + timedelta(hours=2), now)  # type: ignore[arg-type]
    done = operate("status", stack=stage)
    assert (
        f"muted           price-drop about prod-123, until {rfc3339(int((now + timedelta(hours=2)).timestamp()))}"
        in done.lines
    )
    assert done.code == 0
    (found,) = operate("status", "--json", stack=stage).json["mutes"]
    assert (found["rule"], found["product"]) == ("price-drop", "prod-123")


def test_rules_that_are_not_deployed_yet_are_named(
    stage: Deployed, operate: Operate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is the same is said to be the same."""
    with_receivers(stage)
    rules = (ROOT / "alerts.toml").read_text(encoding="utf-8")
    older = rules.replace('at_least = "10%"', 'at_least = "20%"').replace('name = "sold-out"', 'name = "gone"')
    files = {"alerts.toml": older, "receivers.toml": (ROOT / "receivers.toml").read_text(encoding="utf-8")}
    monkeypatch.setattr(health, "differences", partial(differences, fetch=lambda _: package(files)))
    lines = operate("status", stack=stage).lines
    assert "rules           not deployed yet: added sold-out; changed price-drop, price-rise; removed gone" in lines
    assert "receivers       as in the file here" in lines


def test_a_package_that_cannot_be_read_leaves_the_rest(stage: Deployed, operate: Operate) -> None:
    """Its address may be out of reach."""
    done = operate("status", stack=stage)
    assert (
        "rules           the deployed package could not be read: whether the rules here differ is unknown" in done.lines
    )
    assert "failures        nothing waits" in done.lines


@pytest.mark.parametrize("wrong", ["0", "x", "1e9", "nan"])
def test_a_watch_has_a_sensible_pace(wrong: str, operate: Operate, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the command line is wrong."""
    with pytest.raises(SystemExit) as raised:
        operate("status", "--watch", wrong)
    assert raised.value.code == 2
    assert f"expected 1 to 86400 seconds, got {wrong!r}" in capsys.readouterr().err
