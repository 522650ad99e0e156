"""What CloudWatch knows of a deployed stage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from notifications.common.embedded_metrics import FUNCTION, NAMESPACE
from notifications.text.formatting import rfc3339
from operations.deployed.stack import Stack

PERIOD = 300  # seconds of a data point
DAY, HOUR = 86_400, 3600


class CloudWatchMetrics:
    """The metrics of the last day."""

    def __init__(self, stack: Stack, now: datetime) -> None:
        """Ask CloudWatch as of `now`."""
        self._client = stack.client("cloudwatch")
        self._function = {"Name": FUNCTION, "Value": stack.outputs["AlertsFunctionName"]}
        self._now = now

    def behind(self) -> float | None:
        """Return how old the records were that the function got last, in seconds; None after a while without any."""
        found = self._latest("AWS/Lambda", "IteratorAge", self._function, "Maximum", 3 * PERIOD)
        return found["Maximum"] / 1000 if found else None

    def last_invocation(self) -> str | None:
        """Return the beginning of the last period with an invocation."""
        found = self._latest("AWS/Lambda", "Invocations", self._function, "Sum", DAY)
        return rfc3339(found["Timestamp"].timestamp()) if found else None

    def oldest_message(self, queue_url: str) -> float:
        """Return the age of the oldest message in a queue, in seconds; 0 where CloudWatch does not know it."""
        queue = {"Name": "QueueName", "Value": queue_url.rpartition("/")[2]}
        found = self._latest("AWS/SQS", "ApproximateAgeOfOldestMessage", queue, "Maximum", 3 * PERIOD)
        return float(found["Maximum"]) if found else 0

    def errors(self, function_name: str, seconds: int) -> int:
        """Count the invocations of a function that crashed or ran out of time, over the last `seconds`."""
        points = self._points("AWS/Lambda", "Errors", [{"Name": FUNCTION, "Value": function_name}], "Sum", seconds)
        return round(sum(float(point["Sum"]) for point in points))

    def by(self, dimensions: Sequence[str], name: str, seconds: int, function_name: str = "") -> dict[str, int]:
        """Add one of a function's own metrics up by dimensions, over the last `seconds`; by default the stream's."""
        function = {"Name": FUNCTION, "Value": function_name} if function_name else self._function
        sums: dict[str, int] = {}
        found: dict[str, list[dict[str, str]]] = {}
        pages = self._client.get_paginator("list_metrics").paginate(
            Namespace=NAMESPACE, MetricName=name, Dimensions=[function]
        )
        for metric in (metric for page in pages for metric in page["Metrics"]):
            named = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            if named.keys() >= set(dimensions):
                found[json.dumps(named, sort_keys=True)] = metric["Dimensions"]  # each once
        for key, all_of_them in found.items():
            value = " ".join(json.loads(key)[dimension] for dimension in dimensions)
            points = self._points(NAMESPACE, name, all_of_them, "Sum", seconds)
            sums[value] = sums.get(value, 0) + round(sum(point["Sum"] for point in points))
        return {value: count for value, count in sorted(sums.items()) if count}

    def _latest(
        self, namespace: str, name: str, dimension: Mapping[str, str], statistic: str, seconds: int
    ) -> dict[str, Any] | None:
        points = self._points(namespace, name, [dimension], statistic, seconds)
        points = [point for point in points if statistic != "Sum" or point["Sum"] > 0]
        return max(points, key=lambda point: point["Timestamp"], default=None)

    def _points(self, namespace: str, name: str, dimensions: Any, statistic: str, seconds: int) -> list[dict[str, Any]]:
        found = self._client.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=dimensions,
            StartTime=self._now - timedelta(seconds=seconds),
            EndTime=self._now,
            Period=PERIOD,
            Statistics=[statistic],
        )
        return list(found["Datapoints"])
