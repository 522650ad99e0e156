"""One line of the CloudWatch embedded metric format: a log line that CloudWatch turns into metrics by itself.

Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

NAMESPACE = "ProductAlerts"
FUNCTION = "FunctionName"
COUNT, MILLISECONDS = "Count", "Milliseconds"
_LONGEST_DIMENSION = 250  # characters; the specification allows 1024, its schema references of 250


WriteLine = Callable[[str], object]


def document(namespace: str, metrics: Mapping[str, tuple[float, str]], dimensions: Mapping[str, str], at: float) -> str:
    """Return the line: each metric is a value and its unit, `at` is in epoch seconds.

    Every metric has all the dimensions. The text is ASCII: CloudWatch takes no other dimension values.
    """
    root: dict[str, Any] = {name: value for name, (value, _) in metrics.items()}
    root |= {name: _printable(value) for name, value in dimensions.items()}
    directive = {
        "Namespace": namespace,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in metrics.items()],
    }
    root["_aws"] = {"Timestamp": round(at * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps(root)


def _printable(value: str) -> str:
    """Return a dimension's value as CloudWatch takes it: ASCII, one character at the least."""
    return value.encode("ascii", "replace").decode()[:_LONGEST_DIMENSION].strip() or "-"
