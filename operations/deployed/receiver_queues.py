"""The queues of a stage's receivers, by the receivers' names."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from notifications.common.errors import ConfigurationError
from operations.deployed.stack import Stack
from operations.settings.project import stack_name

MISSING = "AWS.SimpleQueueService.NonExistentQueue"


class ReceiverQueues:
    """Sends messages to receivers."""

    def __init__(self, stack: Stack) -> None:
        """Use the queues of `stack`."""
        self._client = stack.client("sqs")
        self._prefix = f"{stack_name(stack.stage)}-to-"
        self._url = cache(self._find)

    def send(self, receiver: str, body: str) -> None:
        """Put an alert into a receiver's queue. Raises ConfigurationError if it has no queue."""
        self._client.send_message(QueueUrl=self._url(receiver), MessageBody=body)

    def check(self, receiver: str) -> None:
        """Raise ConfigurationError if the receiver has no queue."""
        self._url(receiver)

    def receiver_of(self, queue_arn: str) -> str:
        """Return whose queue it is."""
        return queue_arn.rpartition(":")[2].removeprefix(self._prefix)

    def _find(self, receiver: str) -> str:
        try:
            found: dict[str, Any] = self._client.get_queue_url(QueueName=self._prefix + receiver)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {MISSING, "QueueDoesNotExist"}:
                raise
            raise ConfigurationError(
                f'no receiver "{receiver}" is deployed to this stage; add it to receivers.toml, and deploy'
            ) from None
        return str(found["QueueUrl"])


def required_output(stack: Stack, name: str) -> str:
    """Return an output that only a stage with receivers has. Raises ConfigurationError."""
    if name not in stack.outputs:
        raise ConfigurationError("this stage has no receivers: name some in receivers.toml, and deploy it")
    return stack.outputs[name]
