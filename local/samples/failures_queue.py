"""Shows what was given up, in the failures queue and the bucket of batches, without taking it away."""

from __future__ import annotations

import json
import time
from typing import Any

from local.samples.given_up_batches import GivenUpBatches
from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws

_HIDDEN_SECONDS = 1  # from other readers, while this one looks


class GivenUpReader:
    """Reads the failures queue of the deployed service, and the bucket of the batches that the mapping gave up."""

    def __init__(self, aws: LocalAws, deployment: Deployment) -> None:
        self._sqs = aws.client("sqs")
        self._queue_url = deployment.failures_queue_url
        self._bucket = GivenUpBatches(aws, deployment)

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
            batches = self._bucket.new()
            if found or batches or time.monotonic() > deadline:
                return [*(_read(message["Body"]) for message in found), *batches]


def _read(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
