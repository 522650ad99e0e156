"""How a deployed stage is: read through CloudWatch, Lambda, SNS, SQS and S3, never as one more reader of the stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from notifications.batch_report import FUNCTION, NAMESPACE, REASON, RULE
from notifications.text.formatting import rfc3339
from operations.deployed.given_up import PREFIX
from operations.deployed.stack import Stack
from operations.settings.project import stack_name

PERIOD = 300  # seconds of a data point
DAY, HOUR = 86_400, 3600
_SECONDS_OF_QUEUE = 14 * DAY


def read_health(stack: Stack, now: datetime | None = None) -> dict[str, Any]:
    """Read it all; times are RFC 3339, durations are seconds, and None is what AWS does not say."""
    now = now or datetime.now(UTC)
    metrics = Metrics(stack, now)
    return {
        "stage": stack.stage,
        "at": rfc3339(now.timestamp()),
        "behindSeconds": metrics.behind(),
        "lastInvocation": metrics.last_invocation(),
        "function": _function(stack),
        "mappings": _mappings(stack),
        "alarms": _alarms(stack),
        "failures": _failures(stack, metrics, now),
        "givenUp": _given_up(stack),
        "alerts": {"hour": metrics.by(RULE, "Alerts", HOUR), "day": metrics.by(RULE, "Alerts", DAY)},
        "suppressed": {"hour": metrics.by(REASON, "Suppressed", HOUR), "day": metrics.by(REASON, "Suppressed", DAY)},
        "subscribers": _subscribers(stack),
    }


class Metrics:
    """The metrics of the last day."""

    def __init__(self, stack: Stack, now: datetime) -> None:
        """Ask CloudWatch as of `now`."""
        self._client = stack.client("cloudwatch")
        self._function = {"Name": FUNCTION, "Value": stack.outputs["AlertsFunctionName"]}
        self._queue = {"Name": "QueueName", "Value": stack.outputs["FailuresQueueUrl"].rpartition("/")[2]}
        self._now = now

    def behind(self) -> float | None:
        """Return how old the records were that the function got last, in seconds; None if it got none for a while."""
        found = self._latest("AWS/Lambda", "IteratorAge", self._function, "Maximum", 3 * PERIOD)
        return found["Maximum"] / 1000 if found else None

    def last_invocation(self) -> str | None:
        """Return the beginning of the last period with an invocation."""
        found = self._latest("AWS/Lambda", "Invocations", self._function, "Sum", DAY)
        return rfc3339(found["Timestamp"].timestamp()) if found else None

    def oldest_failure(self) -> float:
        """Return the age of the oldest message in the failures queue, in seconds."""
        found = self._latest("AWS/SQS", "ApproximateAgeOfOldestMessage", self._queue, "Maximum", 3 * PERIOD)
        return float(found["Maximum"]) if found else 0

    def by(self, dimension: str, name: str, seconds: int) -> dict[str, int]:
        """Add one of the function's own metrics up by a dimension, over the last `seconds`."""
        sums: dict[str, int] = {}
        found: dict[str, list[dict[str, str]]] = {}
        pages = self._client.get_paginator("list_metrics").paginate(
            Namespace=NAMESPACE, MetricName=name, Dimensions=[self._function]
        )
        for metric in (metric for page in pages for metric in page["Metrics"]):
            named = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            if dimension in named:
                found[json.dumps(named, sort_keys=True)] = metric["Dimensions"]  # each once
        for key, dimensions in found.items():
            value = json.loads(key)[dimension]
            points = self._points(NAMESPACE, name, dimensions, "Sum", seconds)
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


def _function(stack: Stack) -> dict[str, Any]:
    found = stack.client("lambda").get_function_configuration(FunctionName=stack.outputs["AlertsFunctionName"])
    variables = found.get("Environment", {}).get("Variables", {})
    return {
        "version": variables.get("CODE_VERSION"),
        "deployed": found.get("LastModified"),
        "state": found.get("State"),
    }


def _mappings(stack: Stack) -> list[dict[str, Any]]:
    found = stack.client("lambda").list_event_source_mappings(FunctionName=stack.outputs["AlertsFunctionName"])
    return [
        {"uuid": each["UUID"], "state": each.get("State"), "lastResult": each.get("LastProcessingResult")}
        for each in found["EventSourceMappings"]
    ]


def _alarms(stack: Stack) -> list[dict[str, Any]]:
    found = stack.client("cloudwatch").describe_alarms(
        AlarmNamePrefix=f"{stack_name(stack.stage)}-", StateValue="ALARM"
    )
    return [
        {"name": each["AlarmName"], "description": each.get("AlarmDescription", "")} for each in found["MetricAlarms"]
    ]


def _failures(stack: Stack, metrics: Metrics, now: datetime) -> dict[str, Any]:
    """Count the messages, without receiving one; until when the oldest is kept, where CloudWatch knows its age."""
    waiting = _messages_in(stack, stack.outputs["FailuresQueueUrl"])
    until = now + timedelta(seconds=_SECONDS_OF_QUEUE - metrics.oldest_failure()) if waiting else None
    return {"waiting": waiting, "firstUntil": rfc3339(until.timestamp()) if until else None}


def _messages_in(stack: Stack, queue: str) -> int:
    asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=asked)["Attributes"]
    return sum(int(found.get(name, 0)) for name in asked)


def count_waiting(stack: Stack) -> int:
    """Count what was given up, in the queue and in the first thousand objects of the bucket, and receive nothing."""
    bucket = stack.outputs.get("GivenUpBucketName")
    listed = stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=PREFIX).get("Contents", []) if bucket else []
    return _messages_in(stack, stack.outputs["FailuresQueueUrl"]) + len(listed)


def count_undelivered(stack: Stack) -> int:
    """Count what could not be delivered, and receive nothing; 0 for a stage without receivers."""
    queue = stack.outputs.get("UndeliveredQueueUrl")
    return _messages_in(stack, queue) if queue else 0


def _given_up(stack: Stack) -> list[dict[str, Any]]:
    """List the batches in the bucket, and until when each can be played again."""
    bucket = stack.outputs.get("GivenUpBucketName")
    if not bucket:
        return []
    client = stack.client("s3")
    kept = _kept_for(client, bucket)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    return [
        {"batch": each["Key"], "until": rfc3339((each["LastModified"] + kept).timestamp()) if kept else None}
        for page in pages
        for each in page.get("Contents", [])
    ]


def _kept_for(client: Any, bucket: str) -> timedelta | None:
    """Return how long the bucket keeps an object; None: for good, such as on the local AWS, which sets no lifecycle."""
    try:
        rules = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        return None
    days = [rule["Expiration"]["Days"] for rule in rules if "Days" in rule.get("Expiration", {})]
    return timedelta(days=min(days)) if days else None


def _subscribers(stack: Stack) -> list[dict[str, Any]]:
    """List who gets the alerts, with their filters; who has not confirmed yet has none."""
    client = stack.client("sns")
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=stack.outputs["AlertsTopicArn"])
    found = []
    for each in (subscription for page in pages for subscription in page["Subscriptions"]):
        arn = each["SubscriptionArn"]
        confirmed = arn.startswith("arn:")
        attributes = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"] if confirmed else {}
        found.append(
            {
                "protocol": each["Protocol"],
                "endpoint": each["Endpoint"],
                "confirmed": confirmed,
                "filter": attributes.get("FilterPolicy"),
            }
        )
    return found
