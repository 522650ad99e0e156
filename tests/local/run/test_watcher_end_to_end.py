"""What `npm start` does while it watches, against the local AWS. The tests share one stack, in their order."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from event_source_mapping import EventType, LogEvent
from local.change import change
from local.reports.report import Reasons
from local.run.watcher import Watcher
from local.samples.expected import Expected
from local.samples.sample_product import SampleProduct
from local.samples.subscriber import Notification, Subscriber
from local.stack import deployment as deployment_module
from local.stack.deployment import Deployment, deploy, one_package_at_a_time, until_removed
from local.stack.errors import RemovedError
from local.stack.local_aws import LocalAws, local_aws
from local.stack.local_table import LocalTable
from local.stack.rules_deployment import DeployedRules
from local.stack.served_mapping import served_mapping
from operations.__main__ import main as operations
from operations.deployed.running import Running, claim_directory, find_running
from operations.evaluation.verdicts import Verdict
from tests.builders import ROOT
from tests.infrastructure.identity_policies import denied_of, policy_under
from tests.infrastructure.sls_calls import calls_in, recording

pytestmark = pytest.mark.end_to_end
REQUESTS = "requests.jsonl"
WITHIN_SECONDS = 90  # a bound for a test that fails, not a promise


class FakeReport:
    """A report that keeps everything."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []
        self.alerts: list[Notification] = []
        self.quiet: dict[str, dict[str, str]] = {}
        self.log: list[str] = []
        self.tables: list[str] = []
        self.hints: list[str] = []
        self.rules: list[int] = []
        self.refused: list[str] = []

    def mapping_log(self, events: list[LogEvent]) -> None:
        """Keep the events."""
        self.events += events

    def alert(self, alert: Notification, sample: int | None) -> None:
        """Keep the alert."""
        assert sample is None
        self.alerts.append(alert)

    def quiet_change(self, verdict: Verdict, reasons: Reasons) -> None:
        """Keep the reasons, by product."""
        self.quiet[verdict.subject] = dict(reasons)

    def function_log(self, lines: list[str]) -> None:
        """Keep the lines."""
        self.log += lines

    def table_changed(self, deployment: Deployment, product: SampleProduct) -> None:
        """Keep the name, and how a product of the table is named."""
        self.hints = product.hints("prod-456")
        self.tables.append(deployment.products_table_name)

    def rules_deployed(self, rules: DeployedRules) -> None:
        """Keep their count."""
        self.rules.append(len(rules.ruleset.rules))

    def rules_refused(self, message: str, details: str) -> None:
        """Keep the mistakes."""
        self.refused.append(f"{message}\n{details}")


@dataclass
class Laptop:
    """A service that is watched."""

    aws: LocalAws
    deployment: Deployment
    watcher: Watcher
    report: FakeReport
    rules: Path
    home: Path

    def until(self, what: Callable[[], Any]) -> None:
        """Watch until something is there."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while not what():
            assert time.monotonic() < deadline, [(e.outcome.value, e.reason[:90]) for e in self.report.events]
            self.watcher.look()

    def change(self, *words: str) -> None:
        """Run `npm run change`."""
        running = find_running(self.home)
        assert running
        change(LocalTable(self.aws.client("dynamodb"), running.products_table_name), words, {}, delete=False)

    def titles(self) -> list[str]:
        """List the titles of the alerts."""
        return [str(alert.data["title"]) for alert in self.report.alerts]

    def sls(self, *arguments: str) -> str:
        """Run `sls` as a user does in another terminal; returns what it printed."""
        command = [str(ROOT / "node_modules" / ".bin" / "sls"), *arguments, "--stage", "local"]
        with one_package_at_a_time():
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.aws.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
        return output


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """Deploy the service, and watch it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in recording(home / REQUESTS).items():
            patch.setenv(name, value)
        yield from _watched(home)


def _watched(home: Path) -> Iterator[Laptop]:
    rules = home / "alerts.toml"
    rules.write_bytes((ROOT / "alerts.toml").read_bytes())
    with claim_directory(home) as claim, local_aws(claim.directory) as aws:
        deployment = deploy(aws)
        with served_mapping(aws) as mapping:
            deployed = DeployedRules(aws, deployment.alerts_function_name, rules, rules.read_bytes())
            claim.announce(Running(aws.endpoint_url, deployment.products_table_name))
            report = FakeReport()
            watcher = Watcher(
                aws,
                deployment,
                claim=claim,
                subscriber=Subscriber(aws, deployment.alerts_topic_arn),
                mapping=mapping,
                rules=deployed,
                expected=Expected(deployed.ruleset),
                report=report,  # type: ignore[arg-type]
            )
            yield Laptop(aws, deployment, watcher, report, rules, home)


def test_a_change_without_an_alert_says_why(laptop: Laptop) -> None:
    """The reason of each rule is there, and a change with an alert has none."""
    laptop.change("p1", "name=Lamp", "price=49.90")
    laptop.until(lambda: laptop.report.alerts)
    assert not laptop.report.quiet

    laptop.change("p1", "price=47.90")
    laptop.until(lambda: laptop.report.quiet)

    assert set(laptop.report.quiet) == {"p1"}
    assert "4.0%" in laptop.report.quiet["p1"]["price-drop"]


def test_edited_rules_are_taken_up_and_a_mistake_leaves_the_old_ones(laptop: Laptop) -> None:
    """A saved file is deployed; one with a mistake is refused with its line, once, and the rules before it run on."""
    text = laptop.rules.read_text() + '\n[[rules]]\nname = "seen"\nwhen = "changed"\nattributes = ["views"]\n'
    laptop.rules.write_text(text)
    laptop.until(lambda: laptop.report.rules)
    laptop.change("p1", "views=1")
    laptop.until(lambda: any("views" in title for title in laptop.titles()))

    laptop.rules.write_text(text.replace('"changed"\nattributes = ["views"]', '"chnaged"\nattributes = ["views"]'))
    laptop.until(lambda: laptop.report.refused)
    before = len(laptop.report.alerts)
    laptop.change("p1", "views=2")
    laptop.until(lambda: len(laptop.report.alerts) > before)

    assert len(laptop.report.refused) == 1
    assert 'rule "seen", when = "chnaged"' in laptop.report.refused[0]
    assert "the old ones still run" in laptop.report.refused[0]
    assert len(laptop.report.rules) == 1


def test_a_change_that_is_muted_says_so(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mute` and `unmute` in another terminal count from the next change on."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", laptop.aws.endpoint_url)
    laptop.change("p4", "name=Rug", "price=50")
    laptop.until(lambda: "New product: Rug" in laptop.titles())
    about = ["--rule", "price-drop", "--product", "p4", "--stage", "local"]
    assert operations(["mute", *about, "--until", "1h"]) == 0
    laptop.change("p4", "price=40")
    laptop.until(lambda: "p4" in laptop.report.quiet)
    assert "20.0%" in laptop.report.quiet["p4"]["price-drop"]
    assert "; muted until " in laptop.report.quiet["p4"]["price-drop"]
    assert operations(["unmute", *about]) == 0
    laptop.change("p4", "price=30")
    laptop.until(lambda: any(title.startswith("Rug: 30") for title in laptop.titles()))
    assert not any(title.startswith("Rug: 40") for title in laptop.titles())


def test_new_settings_are_taken_up(laptop: Laptop) -> None:
    """A deploy with another parameter changes the mapping that is served, and alerts go on."""
    laptop.sls("deploy", "--param", "batchSize=10")
    laptop.until(lambda: any("batches of 10," in event.reason for event in laptop.report.events))

    laptop.change("p2", "name=Chair", "price=20")
    laptop.until(lambda: "New product: Chair" in laptop.titles())

    assert EventType.PAUSED not in {event.outcome for event in laptop.report.events}


def test_a_deleted_topic_is_named_where_the_failure_is_seen(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While watching, and in `redrive`, the function's own reason stands beside the failure."""
    attributes = {"RawMessageDelivery": "false"}
    sns = laptop.aws.client("sns")
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=laptop.deployment.alerts_topic_arn)["Subscriptions"]
    sns.delete_topic(TopicArn=laptop.deployment.alerts_topic_arn)
    laptop.change("p3", "name=Desk", "price=20")
    laptop.until(lambda: any("Topic does not exist" in line for line in laptop.report.log))
    laptop.until(lambda: any(event.outcome is EventType.GIVEN_UP for event in laptop.report.events))
    laptop.until(lambda: any(event.outcome is EventType.DELIVERED for event in laptop.report.events))

    monkeypatch.setenv("AWS_ENDPOINT_URL", laptop.aws.endpoint_url)
    assert operations(["redrive", "--stage", "local"]) == 1

    assert "Topic does not exist" in capsys.readouterr().out
    created = sns.create_topic(Name=laptop.deployment.alerts_topic_arn.rsplit(":", 1)[1])["TopicArn"]
    for subscription in subscriptions:
        sns.subscribe(TopicArn=created, Protocol="sqs", Endpoint=subscription["Endpoint"], Attributes=attributes)


def test_another_stream_is_served_and_its_alerts_are_shown(laptop: Laptop) -> None:
    """A deploy with the stream of another table, here with a composite key, moves the watching and `change` there."""
    dynamodb = laptop.aws.client("dynamodb")
    made = dynamodb.create_table(
        TableName="catalogue",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "shop", "AttributeType": "S"},
            {"AttributeName": "sku", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "shop", "KeyType": "HASH"}, {"AttributeName": "sku", "KeyType": "RANGE"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    laptop.sls("deploy", "--param", f"productsStreamArn={made['LatestStreamArn']}")
    laptop.until(lambda: laptop.report.tables)

    laptop.change("shop=berlin", "sku=7", "name=Shelf", "price=30")
    laptop.until(lambda: "New product: Shelf" in laptop.titles())

    assert laptop.report.tables == ["catalogue"]
    assert laptop.report.hints[-1] == "shop=prod-456 sku=1 --delete"
    assert laptop.report.alerts[-1].message["subject"] == "berlin/7"
    assert deploy(laptop.aws).products_table_name == "catalogue", "as when receivers are edited"


def test_removal_ends_the_watching_with_one_line(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `sls remove` the watching ends with the reason, and not before that command is through."""
    monkeypatch.setattr(deployment_module, "LAST_LOOK_SECONDS", 0)
    laptop.sls("remove")

    with pytest.raises(RemovedError, match=r"^The service was removed from the local AWS\.$"):
        laptop.until(lambda: False)

    until_removed(laptop.aws)
    assert laptop.aws.client("cloudformation").list_stacks()


def test_whatever_sls_called_a_deployer_may(laptop: Laptop) -> None:
    """The policy of docs/deploying.md allows it: a first deploy, an update, and a removal."""
    called = set(calls_in(laptop.home / REQUESTS))
    assert {"CreateStack", "UpdateStack"} <= {action.partition(":")[2] for action, _ in called}
    # It asks whether there are container images, and goes on where it is told that it may not
    unasked = {("ecr:DescribeRepositories", "*")}
    assert denied_of(called, policy_under("A deployer's policy")) - unasked == set()
