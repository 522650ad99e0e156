"""What waits for an operator: failures, what is undelivered, and the batches that were given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from notifications.text.formatting import rfc3339
from operations.deployed.given_up import PREFIX
from operations.deployed.stack import Stack
from operations.health.metrics import DAY, CloudWatchMetrics

_SECONDS_OF_QUEUE = 14 * DAY
_COUNTED = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]


def in_queue(stack: Stack, queue_url: str) -> int:
    """Count the messages, without receiving one."""
    found = stack.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=_COUNTED)["Attributes"]
    return sum(int(found.get(name, 0)) for name in _COUNTED)


def waiting(stack: Stack, output: str, metrics: CloudWatchMetrics, now: datetime) -> dict[str, Any]:
    """Count what is in the queue of an output; until when the oldest is kept, where CloudWatch knows its age."""
    queue = stack.outputs.get(output)
    count = in_queue(stack, queue) if queue else 0
    if not queue or not count:
        return {"waiting": 0, "firstUntil": None}
    until = now + timedelta(seconds=_SECONDS_OF_QUEUE - metrics.oldest_message(queue))
    return {"waiting": count, "firstUntil": rfc3339(until.timestamp())}


def given_up(stack: Stack) -> list[dict[str, Any]]:
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


def count_waiting(stack: Stack) -> int:
    """Count what was given up, in the queue and in the first thousand objects of the bucket, and receive nothing."""
    bucket = stack.outputs.get("GivenUpBucketName")
    listed = stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=PREFIX).get("Contents", []) if bucket else []
    return in_queue(stack, stack.outputs["FailuresQueueUrl"]) + len(listed)


def count_undelivered(stack: Stack) -> int:
    """Count what could not be delivered, and receive nothing; 0 for a stage without receivers."""
    queue = stack.outputs.get("UndeliveredQueueUrl")
    return in_queue(stack, queue) if queue else 0


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
