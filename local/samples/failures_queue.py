"""Shows what the failures queue received, without taking it off the queue."""

import json
import time
from typing import Any

from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws

_HIDDEN_SECONDS = 1  # from other readers, while this one looks


class FailuresQueue:
    """The failures queue of the deployed service."""

    def __init__(self, aws: LocalAws, deployment: Deployment) -> None:
        self._sqs = aws.client("sqs")
        self._queue_url = deployment.failures_queue_url

    def wait(self, seconds: float) -> list[Any]:
        """Wait for messages and return the bodies of up to ten, read as JSON; an empty list if the time runs out.

        What is not JSON is returned as its text.
        """
        deadline = time.monotonic() + seconds
        while True:
            found = self._sqs.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                VisibilityTimeout=_HIDDEN_SECONDS,
            ).get("Messages", [])
            if found or time.monotonic() > deadline:
                return [_read(message["Body"]) for message in found]


def _read(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
