"""The scenarios of the rules once more, over the deployed function: real ledger, real topic, every batch twice."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from local.samples.subscriber import Subscriber
from notifications.publishing.messages import cloud_event
from operations.evaluation.verdicts import judge
from tests.builders import TABLE, rules
from tests.conftest import DeployedService
from tests.rules.scenario import HOUR, MINUTE, Shop, rule

FUNCTION = "rules-scenarios"
BATCH = 4
RULES = (
    '[product]\ncurrency = "currency"\noverrides = "alertRules"\n'
    + rule("low_stock", "threshold = 5\nrearm = 10", "flapping")
    + rule("price_drop", 'at_least = "10%"\nbaseline = "last_alert"', "adding-up")
    + rule("price_drop", 'below = "20"\ncooldown = "1h"', "target")
    + rule("price_drop", "all_time_low = true", "lowest")
    + rule("price_rise", 'at_least = "50%"', "rise")
    + rule("added", "max_per_hour = 5", "new")
)


def _changes() -> Shop:
    shop = Shop()
    shop.stocks(12, 4, 5, 4, 10, 4, product="flaps")
    shop.prices(100, 98, 96, 94, 92, 91, 89, 87, product="adds-up")
    shop.put("crosses", HOUR, price=25).put("crosses", HOUR, price=19).put("crosses", HOUR + MINUTE, price=21)
    shop.put("crosses", HOUR + 2 * MINUTE, price=18).put("crosses", 2 * HOUR, price=22).put(
        "crosses", 3 * HOUR, price=17
    )
    shop.prices(20, 15, 40, 16, "14.99", product="spikes")
    shop.put("picky", price=100, alertRules={"adding-up": {"at_least": "1%"}, "lowest": "mute"}).put("picky", price=98)
    shop.put("moves", price=30, currency="USD").put("moves", price=20, currency="EUR").put("moves", price=10)
    shop.prices(0, "0.01", 0, product="free")
    shop.prices("1234567890123456789012345678901234.5678", "1", product="wide")
    shop.put("vague", price=10, stock=7).put("vague", price="on request", stock=None).put("vague", price=5, stock=1)
    return shop


@pytest.fixture(scope="module")
def invoke(deployed_service: DeployedService) -> Callable[[list[Any]], Any]:
    """Deploy the service's own package with other rules in it, beside the service, and give a way to invoke it."""
    client = deployed_service.aws.client("lambda")
    deployed = client.get_function(FunctionName=deployed_service.outputs.alerts_function_name)
    with urllib.request.urlopen(deployed["Code"]["Location"]) as package:  # noqa: S310 - the local AWS
        original = zipfile.ZipFile(io.BytesIO(package.read()))
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as target:
        for entry in original.infolist():
            target.writestr(entry, RULES if entry.filename == "alerts.toml" else original.read(entry))
    settings = deployed["Configuration"]
    client.create_function(
        FunctionName=FUNCTION,
        Code={"ZipFile": changed.getvalue()},
        **{name: settings[name] for name in ("Runtime", "Handler", "Role", "Timeout", "MemorySize", "Environment")},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)

    def run(records: list[Any]) -> Any:
        answer = client.invoke(FunctionName=FUNCTION, Payload=json.dumps({"Records": records}).encode())
        return json.loads(answer["Payload"].read())

    return run


@pytest.mark.end_to_end
def test_the_deployed_function_alerts_as_explain_says_and_counts_every_change_once(
    deployed_service: DeployedService, invoke: Callable[[list[Any]], Any]
) -> None:
    """Batches of four, each delivered twice: every alert of `explain` arrives once, word for word, and no other."""
    subscriber = Subscriber(deployed_service.aws, deployed_service.outputs.alerts_topic_arn, queue_name="rules")
    records = _changes().records
    for start in range(0, len(records), BATCH):
        for _ in range(2):
            assert invoke(records[start : start + BATCH]) == {"batchItemFailures": []}
    received: list[dict[str, Any]] = []
    while arrived := subscriber.receive(wait_seconds=2):
        received += [alert.message for alert in arrived if alert.message.get("source") == TABLE]

    expected = [cloud_event(alert) for verdict in judge(rules(RULES), records) for alert in verdict.alerts]
    assert {alert["data"]["rule"] for alert in expected} == {
        "flapping", "adding-up", "target", "lowest", "rise", "new",
    }  # fmt: skip
    assert sorted(received, key=_identity) == sorted(expected, key=_identity)


def _identity(alert: dict[str, Any]) -> str:
    return str(alert["id"])
