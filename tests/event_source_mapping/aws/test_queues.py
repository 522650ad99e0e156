"""What SQS answers: errors by their codes, deletions refused one by one."""

from __future__ import annotations

import pytest

from event_source_mapping.aws.queues import AwsQueues
from event_source_mapping.model.errors import EventSourceMappingError, QueueNotFoundError, QueueUnavailableError
from event_source_mapping.testing.builders import QUEUE_ARN
from tests.event_source_mapping.aws.stubbed import Stubbed, failing

URL = {"QueueUrl": "http://127.0.0.1:4566/123456789012/orders"}


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue", QueueNotFoundError, "AWS.SimpleQueueService.NonExistentQueue"),
        ("QueueDoesNotExist", QueueNotFoundError, "Error occurred while ReceiveMessage"),
        ("AccessDenied", QueueUnavailableError, "does not have permissions to call ReceiveMessage on SQS"),
        ("RequestThrottled", QueueUnavailableError, "RequestThrottled: words"),
    ],
)
def test_queue_errors_by_code(code: str, kind: type[EventSourceMappingError], words: str) -> None:
    """Gone, not permitted, or to be asked again [Receiving from a queue]."""
    queues = AwsQueues(failing("sqs", "get_queue_url", code))
    with pytest.raises(kind, match=words):
        queues.receive(QUEUE_ARN, limit=1, wait=0, visibility_timeout=None)


def test_a_deletion_may_be_refused_in_part() -> None:
    """HTTP 200, and one entry failed: asked again only where SQS was at fault [Deleting]."""
    stubbed = Stubbed("sqs")
    stubbed.stubber.add_response("get_queue_url", URL)
    failed = {"Id": "1", "SenderFault": False, "Code": "InternalError", "Message": "later"}
    stubbed.stubber.add_response("delete_message_batch", {"Successful": [{"Id": "0"}], "Failed": [failed]})
    (refusal,) = AwsQueues(stubbed).delete(QUEUE_ARN, ["first", "second"])
    assert (refusal.receipt_handle, refusal.reason, refusal.final) == ("second", "InternalError: later", False)
