"""Whether an alarm fires, as CloudWatch decides it.

Source: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms": "Evaluating an alarm", "Configuring how
CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Metrics = Mapping[tuple[str, str], Sequence[float | None]]
"""By namespace and name: what an alarm's statistic is in each of the last periods; None without data."""

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def fires(alarm: Mapping[str, Any], metrics: Metrics) -> bool:
    """Evaluate the last periods: enough of them breach."""
    periods = alarm["EvaluationPeriods"]
    seen = [*metrics.get((alarm["Namespace"], alarm["MetricName"]), ())][-periods:]
    points = [*[None] * (periods - len(seen)), *seen]
    breaches = _COMPARE[alarm["ComparisonOperator"]]
    missing = {"breaching": True, "notBreaching": False}[alarm["TreatMissingData"]]
    breaching = sum(missing if point is None else breaches(point, alarm["Threshold"]) for point in points)
    return bool(breaching >= alarm.get("DatapointsToAlarm", periods))
