"""Metrics as CloudWatch would have them: by name and dimensions, in periods."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from scripts.pictures.shop import HOURS, START

PERIOD = 300  # seconds of a data point, as the dashboard has it
PERIODS = HOURS * 3600 // PERIOD

MetricKey = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions of a metric; values of dimensions are names in the stack, as in the dashboard."""


class EmittedMetrics:
    """What was emitted, by metric and by period."""

    def __init__(self) -> None:
        """Start empty."""
        self.values: dict[MetricKey, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, namespace: str, name: str, dimensions: Mapping[str, str], at: float, value: float) -> None:
        """Add a value that was emitted `at` a time."""
        period = min(int((at - START) // PERIOD), PERIODS - 1)
        self.values[namespace, name, frozenset(dimensions.items())][period].append(value)

    def add_line(self, line: str) -> None:
        """Read a line of the embedded metric format, as CloudWatch does."""
        read = json.loads(line)
        for directive in read["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                for metric in directive["Metrics"]:
                    dimensions = {name: read[name] for name in names}
                    at = read["_aws"]["Timestamp"] / 1000
                    self.add(directive["Namespace"], metric["Name"], dimensions, at, read[metric["Name"]])
