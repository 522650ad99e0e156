"""On-failure destinations: a standard SQS queue, a standard SNS topic, an S3 bucket.

docs/event-source-mapping.md, "On-failure destinations".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from event_source_mapping.aws.clients import ClientFactory
from event_source_mapping.aws.queues import queue_url
from event_source_mapping.mapping.ports import FailureNotice
from event_source_mapping.model.errors import DestinationError

_ARN_PARTS = 6


class AwsDestinations:
    """Sends each document once to wherever its ARN points."""

    def __init__(self, clients: ClientFactory, unique: Callable[[], str] = lambda: str(uuid4())) -> None:
        """Take what makes clients, and what makes the end of an S3 object's key."""
        self._clients = clients
        self._unique = unique
        self._made: dict[str, Any] = {}
        self._queue_urls: dict[str, str] = {}

    def send(self, destination_arn: str, notice: FailureNotice) -> None:
        """Send the document. Raises DestinationError, also for a kind AWS does not support."""
        parts = destination_arn.split(":", 5)
        service = parts[2] if len(parts) == _ARN_PARTS else ""
        send = {"sqs": self._to_queue, "sns": self._to_topic, "s3": self._to_bucket}.get(service)
        if send is None:
            raise DestinationError(f"{destination_arn} is not an SQS queue, SNS topic or S3 bucket")
        if service != "s3" and destination_arn.endswith(".fifo"):
            raise DestinationError(f"{destination_arn} is FIFO, which destinations do not support")
        try:
            send(destination_arn, notice)
        except ClientError as error:
            details = error.response.get("Error", {})
            reason = f"{details.get('Code')}: {details.get('Message')}"
            raise DestinationError(f"{destination_arn} refused: {reason}") from error
        except BotoCoreError as error:
            raise DestinationError(f"{destination_arn} cannot be reached: {error}") from error

    def _to_queue(self, arn: str, notice: FailureNotice) -> None:
        queues = self._client("sqs")
        if arn not in self._queue_urls:
            self._queue_urls[arn] = queue_url(queues, arn)
        queues.send_message(QueueUrl=self._queue_urls[arn], MessageBody=_text(notice.document))

    def _to_topic(self, arn: str, notice: FailureNotice) -> None:
        self._client("sns").publish(TopicArn=arn, Message=_text(notice.document))

    def _to_bucket(self, arn: str, notice: FailureNotice) -> None:
        payload = notice.invocation.body().decode("utf-8", "surrogatepass")
        self._client("s3").put_object(
            Bucket=arn.rsplit(":::", maxsplit=1)[-1].split("/", maxsplit=1)[0],
            Key=object_key(notice.mapping, notice.shard_id, notice.at, self._unique()),
            Body=_text({**notice.document, "payload": payload}).encode(),
            ContentType="application/json",
        )

    def _client(self, service: str) -> Any:
        """Make each client when it is first needed: most mappings need one."""
        if service not in self._made:
            self._made[service] = self._clients.client(service)
        return self._made[service]


def _text(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def object_key(mapping: str, shard_id: str, epoch_seconds: float, unique: str) -> str:
    """Give the S3 key of a document; its date and time are the document's timestamp."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC)
    return f"aws/lambda/{mapping}/{shard_id}/{moment:%Y/%m/%d}/{moment:%Y-%m-%dT%H.%M.%S}-{unique}"
