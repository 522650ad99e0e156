"""The loop of the tutorials: print each record, look at its typed values, publish what matters.

After "Tutorial: Process New Items with DynamoDB Streams and Lambda", Amazon DynamoDB Developer Guide, and
"Process DynamoDB records with Lambda", AWS Lambda Developer Guide. No retry, no memory of what was sent.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from benchmarks.peers import AT_LEAST_PERCENT, EventHandler


def build(sns: Any, topic_arn: str) -> EventHandler:
    """Give the handler."""

    def handle(event: dict[str, Any]) -> str:
        for record in event["Records"]:
            print(record["eventID"])
            print(record["eventName"])
            if record["eventName"] == "MODIFY":
                old_image, new_image = record["dynamodb"]["OldImage"], record["dynamodb"]["NewImage"]
                old, new = Decimal(old_image["price"]["N"]), Decimal(new_image["price"]["N"])
                if (old - new) * 100 >= old * AT_LEAST_PERCENT and new < old:
                    message = {"productId": new_image["productId"]["S"], "old": str(old), "new": str(new)}
                    sns.publish(TopicArn=topic_arn, Subject="Price drop", Message=json.dumps(message))
        return f"Successfully processed {len(event['Records'])} records."

    return handle
