"""The dashboard's definition."""

from __future__ import annotations

import json
import re
from typing import Any

from notifications.batch_report import NAMESPACE
from tests.builders import added, priced, rules
from tests.infrastructure.computed import resources_of
from tests.notifications.test_batch_report import NOISY, Reported

BODY = resources_of("dashboard.cjs")["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
WIDGETS = json.loads(BODY)["widgets"]


def _shown(widget: dict[str, Any]) -> list[Any]:
    return [metric for metric in widget["properties"]["metrics"] if isinstance(metric[0], str)]


def test_widgets_do_not_overlap_and_each_shows_something() -> None:
    """Three a row, 24 columns wide."""
    places = [(widget["x"], widget["y"]) for widget in WIDGETS]
    assert len(set(places)) == len(places)
    assert all(widget["x"] + widget["width"] <= 24 and widget["properties"]["metrics"] for widget in WIDGETS)


def test_it_shows_the_metrics_that_the_function_emits_and_no_others() -> None:
    """A metric that is renamed is missed here."""
    service = Reported(loaded=rules(NOISY))
    service.handle(*(added(f"p{n}", n) for n in range(5)), priced(9, 8, "mug", 7), priced(8, 7, "mug", 8))
    emitted = {metric["Name"] for line in service.metrics for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    shown = {metric[1] for widget in WIDGETS for metric in _shown(widget) if metric[0] == NAMESPACE}
    searched = re.findall(r"SEARCH\('\{(.+?)\} MetricName=\"(\w+)\"", json.dumps(WIDGETS).replace('\\"', '"'))
    assert shown | {name for _, name in searched} == emitted
    dimensions = {
        ",".join([NAMESPACE, *line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]]) for line in service.metrics
    }
    assert {schema for schema, _ in searched} == dimensions - {f"{NAMESPACE},FunctionName"}


def test_every_name_that_is_filled_in_is_one_of_the_stack() -> None:
    """Fn::Sub refuses any other."""
    assert set(re.findall(r"\$\{([\w:.]+)\}", BODY)) == {
        "AWS::Region",
        "AlertsLambdaFunction",
        "AlertsEventSourceMapping",
        "FailuresQueue.QueueName",
        "LedgerTable",
        "AlertsTopic.TopicName",
    }
