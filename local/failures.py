"""What the failures queue received, looked at without taking it away."""

import json
import time
from typing import Any

from local.aws import LocalAws
from local.deployment import Deployment

_HIDDEN_SECONDS = 1  # while it is looked at


class FailuresQueue:
    """The deployed failures queue."""

    def __init__(self, aws: LocalAws, deployment: Deployment) -> None:
        self._sqs = aws.client("sqs")
        self._queue_url = deployment.failures_queue_url

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Wait for something to be there; the bodies of up to ten messages, or none in time."""
        deadline = time.monotonic() + seconds
        while True:
            found = self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                VisibilityTimeout=_HIDDEN_SECONDS,
            ).get("Messages", [])
            if found or time.monotonic() > deadline:
                return [json.loads(message["Body"]) for message in found]
