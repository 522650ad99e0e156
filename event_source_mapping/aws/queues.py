"""The SQS API through boto3.

docs/event-source-mapping.md, "Receiving from a queue".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from event_source_mapping.aws.clients import ClientFactory, error_code, error_text
from event_source_mapping.model.errors import QueueNotFoundError, QueueUnavailableError
from event_source_mapping.model.messages import DeleteRefusal, QueueAttributes, ReceivedMessage

_GONE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}
_DENIED = {"AccessDenied", "AccessDeniedException", "AWS.SimpleQueueService.AccessDenied"}
_COUNTERS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_ACTIONS = {
    "get_queue_url": "ReceiveMessage",  # a queue that is gone is gone for every action
    "get_queue_attributes": "GetQueueAttributes",
    "receive_message": "ReceiveMessage",
    "delete_message_batch": "DeleteMessage",
}


class AwsQueues:
    """The actions of SQS that Lambda uses; every method raises a QueueError."""

    def __init__(self, clients: ClientFactory) -> None:
        """Make the client when it is first needed: a mapping of a stream needs none."""
        self._clients = clients
        self._client: Any = None
        self._urls: dict[str, str] = {}

    def attributes(self, queue_arn: str) -> QueueAttributes:
        """Give the queue's visibility timeout and how many messages it holds."""
        names = ["VisibilityTimeout", *_COUNTERS]
        answer = self._call("get_queue_attributes", queue_arn, AttributeNames=names).get("Attributes", {})
        return QueueAttributes(
            visibility_timeout=int(answer.get("VisibilityTimeout", 30)),
            messages=sum(int(answer.get(name, 0)) for name in _COUNTERS),
        )

    def receive(
        self, queue_arn: str, *, limit: int, wait: int, visibility_timeout: int | None
    ) -> Sequence[ReceivedMessage]:
        """Receive messages with all of their attributes."""
        own = {} if visibility_timeout is None else {"VisibilityTimeout": visibility_timeout}
        answer = self._call(
            "receive_message",
            queue_arn,
            MaxNumberOfMessages=limit,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
            **own,
        )
        return [_received(message) for message in answer.get("Messages") or ()]

    def delete(self, queue_arn: str, receipt_handles: Sequence[str]) -> Sequence[DeleteRefusal]:
        """Delete messages; the answer may refuse some of them."""
        entries = [{"Id": str(index), "ReceiptHandle": handle} for index, handle in enumerate(receipt_handles)]
        answer = self._call("delete_message_batch", queue_arn, Entries=entries)
        return [
            DeleteRefusal(
                receipt_handles[int(failed["Id"])],
                f"{failed.get('Code', '')}: {failed.get('Message', '')}",
                final=bool(failed.get("SenderFault")),
            )
            for failed in answer.get("Failed") or ()
        ]

    def _call(self, operation: str, queue_arn: str, **arguments: Any) -> Any:
        try:
            self._client = self._client or self._clients.client("sqs")
            if queue_arn not in self._urls:
                self._urls[queue_arn] = queue_url(self._client, queue_arn)
            return getattr(self._client, operation)(QueueUrl=self._urls[queue_arn], **arguments)
        except ClientError as error:
            code, action = error_code(error), _ACTIONS[operation]
            if code in _GONE:
                self._urls.pop(queue_arn, None)
                raise QueueNotFoundError(
                    f"Error occurred while {action}. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                    f"SQS Error Message: The specified queue does not exist: {queue_arn}"
                ) from error
            if code in _DENIED:
                raise QueueUnavailableError(
                    f"The function execution role does not have permissions to call {action} on SQS"
                ) from error
            raise QueueUnavailableError(error_text(error)) from error
        except BotoCoreError as error:
            raise QueueUnavailableError(str(error)) from error


def queue_url(client: Any, queue_arn: str) -> str:
    """Ask for the URL of a queue. Raises boto3's errors."""
    account, name = queue_arn.split(":")[4:6]
    return str(client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])


def _received(message: Mapping[str, Any]) -> ReceivedMessage:
    return ReceivedMessage(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=message.get("Body", ""),
        md5_of_body=message.get("MD5OfBody", ""),
        attributes=message.get("Attributes") or {},
        message_attributes=message.get("MessageAttributes") or {},
        md5_of_message_attributes=message.get("MD5OfMessageAttributes"),
    )
