"""docs/monitoring.md: every field, metric, alarm and output stands there, and no other."""

from __future__ import annotations

import logging
import re

import pytest
import yaml

from notifications.delivery.handling.counted import DELIVERIES, GONE
from tests.builders import ROOT, added, rules
from tests.docs.markdown import first_cells, section
from tests.infrastructure.computed import resources_of
from tests.notifications.test_batch_report import NOISY, Reported, fields

RECEIVERS = (ROOT / "infrastructure" / "receivers.cjs").read_text(encoding="utf-8")
TEXT = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")


def listed(heading: str) -> set[str]:
    """Give the first cells of a section's table."""
    return {cell.strip("`") for cell in first_cells(section(TEXT, heading))}


def test_every_metric_is_listed() -> None:
    """Those that a batch emits."""
    service = Reported(loaded=rules(NOISY))
    service.handle(added())
    metrics = {metric["Name"] for line in service.metrics for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert listed("Metrics") == metrics | {DELIVERIES, GONE}
    assert len(service.metrics[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"]) == 8


def test_every_field_of_a_batch_is_listed(caplog: pytest.LogCaptureFixture) -> None:
    """Those that its line has beyond the fields of every line."""
    caplog.set_level(logging.INFO, logger="notifications")
    Reported().handle(added())
    (said,) = fields(caplog, "records 1")
    assert listed("Logs") == set(said) - set(vars(logging.makeLogRecord({}))) - {"message", "asctime"}


def test_every_alarm_is_listed_with_its_section() -> None:
    """By the end of its name."""
    alarms = [found["Properties"] for found in resources_of("alarms.cjs", alarmSilenceHours=1).values()]
    assert listed("Alarms") == {alarm["AlarmName"].removeprefix("product-alerts-dev-") for alarm in alarms}
    for alarm in alarms:
        (row,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{alarm['AlarmName'][19:]}` |")]
        assert alarm["AlarmDescription"].rpartition("docs/")[2] in row


def test_every_output_is_listed() -> None:
    """Those of all files of infrastructure/."""

    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's short forms as text."""

    Loader.add_multi_constructor("!", lambda _loader, _tag, node: node.value)
    outputs = {
        name
        for file in (ROOT / "infrastructure").glob("*.yml")
        if isinstance(document := yaml.load(file.read_text("utf-8"), Loader=Loader), dict)  # noqa: S506 - it is safe
        for name in document.get("Outputs", {})
    }
    outputs |= set(re.findall(r"^    (\w+): \{ Description:", RECEIVERS, re.MULTILINE))
    outputs |= set(re.findall(r"found\.(\w+) = \{ Description:", RECEIVERS))
    assert listed("Outputs") == outputs
