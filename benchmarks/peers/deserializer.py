"""boto3's own deserializer on both images, the attributes that differ, one publish an alert.

After boto3's "DynamoDB customization reference", `boto3.dynamodb.types.TypeDeserializer`. Failures are reported
a record; what was sent is not remembered, so a batch that comes again alerts again.
"""

from __future__ import annotations

import json
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from benchmarks.peers import AT_LEAST_PERCENT, EventHandler


def build(sns: Any, topic_arn: str) -> EventHandler:
    """Give the handler."""
    deserializer = TypeDeserializer()

    def item(image: dict[str, Any]) -> dict[str, Any]:
        return {name: deserializer.deserialize(value) for name, value in image.items()}

    def handle(event: dict[str, Any]) -> dict[str, Any]:
        for record in event["Records"]:
            if record["eventName"] != "MODIFY":
                continue
            old, new = item(record["dynamodb"]["OldImage"]), item(record["dynamodb"]["NewImage"])
            changed: dict[str, tuple[Any, Any]] = {
                name: (old.get(name), new.get(name)) for name in {*old, *new} if old.get(name) != new.get(name)
            }
            if "price" not in changed:
                continue
            before, after = changed["price"]
            if after < before and (before - after) * 100 >= before * AT_LEAST_PERCENT:
                message = {"productId": new["productId"], "old": str(before), "new": str(after)}
                sns.publish(TopicArn=topic_arn, Subject="Price drop", Message=json.dumps(message))
        return {"batchItemFailures": []}

    return handle
