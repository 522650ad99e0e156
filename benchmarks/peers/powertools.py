"""Powertools for AWS Lambda: the batch processor, the stream record class, and the idempotency layer.

After its documentation, "Batch Processing" (DynamoDB Streams) and "Idempotency" (`idempotent_function`). The
idempotency layer stands around the publishing alone, which is the cheapest place that still keeps a batch that comes
again from alerting twice; around the record handler every record would cost two calls.
"""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord, DynamoDBRecordEventName
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from benchmarks.peers import AT_LEAST_PERCENT, EventHandler

TIMEOUT_MILLISECONDS = 60_000


class Context(LambdaContext):
    """What Lambda hands over beside the event, as far as the idempotency layer asks for it."""

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # theirs is typed as a property
        """Leave it all the time."""
        return TIMEOUT_MILLISECONDS


def build(sns: Any, topic_arn: str, dynamodb: Any, table_name: str) -> EventHandler:
    """Give the handler; the table has one key, `id`."""
    processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
    persistence = DynamoDBPersistenceLayer(table_name=table_name, boto3_client=dynamodb)
    config = IdempotencyConfig(event_key_jmespath="eventId")
    context = Context()

    @idempotent_function(data_keyword_argument="alert", config=config, persistence_store=persistence)  # type: ignore[untyped-decorator] # theirs
    def publish(alert: dict[str, str]) -> str:
        sns.publish(TopicArn=topic_arn, Subject="Price drop", Message=json.dumps(alert))
        return alert["productId"]

    def record_handler(record: DynamoDBRecord) -> None:
        stream_record = record.dynamodb
        if record.event_name is not DynamoDBRecordEventName.MODIFY or stream_record is None:
            return
        old, new = stream_record.old_image, stream_record.new_image
        changed: dict[str, tuple[Any, Any]] = {
            name: (old.get(name), new.get(name)) for name in {*old, *new} if old.get(name) != new.get(name)
        }
        if "price" not in changed:
            return
        before, after = changed["price"]
        if after < before and (before - after) * 100 >= before * AT_LEAST_PERCENT:
            alert = {"productId": new["productId"], "old": str(before), "new": str(after)}
            publish(alert={"eventId": record.event_id or "", **alert})

    def handle(event: dict[str, Any]) -> Any:
        config.register_lambda_context(context)
        return process_partial_response(
            event=event, record_handler=record_handler, processor=processor, context=context
        )

    return handle
