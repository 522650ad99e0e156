"""What a run writes for programs."""

from __future__ import annotations

import json
from typing import cast

import pytest

from local.reports.json_report import JsonReport
from local.reports.report import RunSummary
from tests.local.reports.examples import ALERT, AWS, DEPLOYMENT, PRODUCT, SAMPLE


def test_programs_read_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Every line is a JSON object with its event, and an alert is there whole."""
    report = JsonReport()
    report.started(AWS, DEPLOYMENT)
    report.sample(3, SAMPLE)
    report.alert(ALERT, sample=3)
    report.summary(RunSummary(played=1, missing=[(3, SAMPLE, ["low-stock"])], unexpected=[ALERT]), "")
    report.watching(AWS, DEPLOYMENT, PRODUCT)
    report.failed("what went wrong", "more")

    lines = [cast(dict[str, object], json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == [
        "started",
        "sample",
        "alert",
        "summary",
        "watching",
        "error",
    ]
    assert lines[2]["message"] == ALERT.message
    assert lines[2]["messageAttributes"] == ALERT.attributes
    assert lines[3]["ok"] is False
    assert lines[3]["missing"] == [{"sample": 3, "kind": "low_stock", "rules": ["low-stock"]}]


def test_a_line_is_an_object_whatever_a_product_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """Separators and C1 controls are escaped, and read back as they were."""
    hostile = "é \x1b[2J\x9b31m \u2028 \u202e"
    JsonReport().failed(hostile, "")

    written = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\u2028", "\u202e"} & set(written)
    assert json.loads(written)["message"] == hostile
