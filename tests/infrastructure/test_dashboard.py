"""The dashboard's definition."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from notifications.common.embedded_metrics import NAMESPACE
from notifications.common.errors import ReceiverGoneError
from tests.builders import added, priced, rules
from tests.infrastructure.computed import resources_of
from tests.notifications.delivery.handling.test_counted import Counted
from tests.notifications.delivery.handling.test_delivery import body
from tests.notifications.test_batch_report import NOISY, Reported

BODY = resources_of("dashboard.cjs")["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
WIDGETS = json.loads(BODY)["widgets"]


def _shown(widget: dict[str, Any]) -> list[Any]:
    return [metric for metric in widget["properties"]["metrics"] if isinstance(metric[0], str)]


def test_every_line_has_a_label_in_words() -> None:
    """What is not visible is computed with, by one that is."""
    for widget in WIDGETS:
        others = [metric[0] for metric in widget["properties"]["metrics"] if isinstance(metric[0], dict)]
        computed = " ".join(each["expression"] for each in others)
        for metric in _shown(widget):
            options = metric[-1]
            assert options.get("label") or (options["visible"] is False and f"{options['id']}/1000" in computed)


def test_widgets_do_not_overlap_and_each_shows_something() -> None:
    """Three a row, 24 columns wide."""
    places = [(widget["x"], widget["y"]) for widget in WIDGETS]
    assert len(set(places)) == len(places)
    assert all(widget["x"] + widget["width"] <= 24 and widget["properties"]["metrics"] for widget in WIDGETS)


def test_it_shows_the_metrics_that_the_function_emits_and_no_others() -> None:
    """A metric that is renamed is missed here."""
    service = Reported(loaded=rules(NOISY))
    service.handle(*(added(f"p{n}", n) for n in range(5)), priced(9, 8, "mug", 7), priced(8, 7, "mug", 8))
    delivery = Counted()
    delivery.fail(ReceiverGoneError("answered 410"))
    delivery.receive(body())
    lines = [*service.metrics, *map(json.loads, delivery.lines)]
    emitted = {metric["Name"] for line in lines for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    shown = {metric[1] for widget in WIDGETS for metric in _shown(widget) if metric[0] == NAMESPACE}
    searched = re.findall(r"SEARCH\('\{(.+?)\} MetricName=\"(\w+)\"", json.dumps(WIDGETS).replace('\\"', '"'))
    assert shown | {name for _, name in searched} == emitted
    dimensions = {",".join([NAMESPACE, *line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]]) for line in lines}
    assert {schema for schema, _ in searched} == dimensions - {f"{NAMESPACE},FunctionName"}


def test_every_name_that_is_filled_in_is_one_of_the_stack() -> None:
    """Fn::Sub refuses any other."""
    assert set(re.findall(r"\$\{([\w:.]+)\}", BODY)) == {
        "AWS::Region",
        "AlertsLambdaFunction",
        "AlertsEventSourceMapping",
        "DeliveryLambdaFunction",
        "UndeliveredQueue.QueueName",
        "FailuresQueue.QueueName",
        "LedgerTable",
        "AlertsTopic.TopicName",
    }


def test_without_receivers_nothing_of_deliveries_is_shown(tmp_path: Path) -> None:
    """There is no such function."""
    file = tmp_path / "receivers.toml"
    file.write_text("", encoding="utf-8")
    shown = resources_of("dashboard.cjs", receiversFile=str(file))["Dashboard"]["Properties"]["DashboardBody"][
        "Fn::Sub"
    ]
    assert "Delivery" not in re.sub("DestinationDelivery", "", shown)
    assert len(json.loads(shown)["widgets"]) < len(WIDGETS)
