"""The embedded metric format, against the schema in the CloudWatch User Guide."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from notifications.common.embedded_metrics import COUNT, MILLISECONDS, document
from tests.builders import ROOT

SCHEMA = Draft202012Validator(json.loads((ROOT / "tests" / "embedded_metric_format.schema.json").read_text("utf-8")))


def test_a_metric_and_its_dimensions_stand_at_the_root() -> None:
    """CloudWatch finds each name of the directive beside it."""
    line = document("N", {"Age": (1.5, MILLISECONDS), "Count": (3, COUNT)}, {"Rule": "drop"}, 1795251720.0004)
    assert json.loads(line) == {
        "Age": 1.5,
        "Count": 3,
        "Rule": "drop",
        "_aws": {
            "Timestamp": 1795251720000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "N",
                    "Dimensions": [["Rule"]],
                    "Metrics": [{"Name": "Age", "Unit": "Milliseconds"}, {"Name": "Count", "Unit": "Count"}],
                }
            ],
        },
    }


@given(st.text(max_size=300), st.floats(0, 1e12), st.floats(0, 4e9))
def test_whatever_a_dimension_says_the_line_is_valid(value: str, number: float, at: float) -> None:
    """One line of ASCII that the schema accepts, with a dimension of 1 to 250 characters."""
    line = document("ProductAlerts", {"Alerts": (number, COUNT)}, {"Rule": value}, at)
    assert line.isascii()
    assert "\n" not in line
    read = json.loads(line)
    SCHEMA.validate(read)
    assert 1 <= len(read["Rule"]) <= 250


@pytest.mark.parametrize("spoilt", ['{"_aws": {}}', '{"_aws": {"Timestamp": "x", "CloudWatchMetrics": []}}', "{}"])
def test_the_schema_refuses_what_is_not_the_format(spoilt: str) -> None:
    """The comparison can fail."""
    assert not SCHEMA.is_valid(json.loads(spoilt))
