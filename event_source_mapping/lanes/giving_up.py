"""Giving records up: send the failure document, count, go on.

docs/event-source-mapping.md, "On-failure destinations".
"""

from __future__ import annotations

from functools import partial

from event_source_mapping.batches.batch_log import BatchLog
from event_source_mapping.lanes.failure_documents import DiscardedRecords, failure_document
from event_source_mapping.lanes.retries import Batch
from event_source_mapping.lanes.windows import TumblingWindow
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.ports import FailureNotice
from event_source_mapping.mapping.session import Session
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.errors import DestinationError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.running.tasks import Perform, Task


class Discarder:
    """Discards one lane's batches."""

    def __init__(
        self, session: Session[StreamSettings], shard_id: str, log: BatchLog, window: TumblingWindow | None
    ) -> None:
        self._session = session
        self._shard_id = shard_id
        self._log = log
        self._window = window

    def give_up(self, batch: Batch, condition: str, result: InvokeResult | None) -> Task[None]:
        """Discard a batch; `result` is its last answer, None if it aged out."""
        session, destination = self._session, self._session.settings.destination
        self._log.add(EventType.GIVEN_UP, condition, batch.records, max(1, batch.failures))
        if destination is None:
            session.metrics.DroppedEventCount += len(batch.records)
            reason = "the mapping has no on-failure destination"
            self._log.add(EventType.DROPPED, reason, batch.records)
            return
        given_up = DiscardedRecords(
            records=batch.records,
            condition=condition,
            invocations=batch.failures,
            at=session.clock.now(),
            request_id=(result.request_id if result else "") or session.ports.new_id(),
            result=result,
        )
        yield from self._deliver(destination, batch, given_up)

    def _deliver(self, destination: str, batch: Batch, given_up: DiscardedRecords) -> Task[None]:
        session = self._session
        document = failure_document(
            given_up,
            function_arn=session.settings.function_arn,
            stream_arn=session.settings.source_arn,
            shard_id=self._shard_id,
        )
        extra = self._window.event_fields(final=False) if self._window else {}
        notice = FailureNotice(
            session.settings.uuid,
            self._shard_id,
            given_up.at,
            document,
            Invocation(batch.records, extra),
        )
        try:
            yield Perform(partial(session.ports.destination.send, destination, notice))
        except DestinationError as error:
            session.metrics.DestinationDeliveryFailures += 1
            session.metrics.DroppedEventCount += len(batch.records)
            self._log.add(EventType.DELIVERY_FAILED, str(error), batch.records, destination=destination)
            return
        session.metrics.OnFailureDestinationDeliveredEventCount += len(batch.records)
        self._log.add(
            EventType.DELIVERED,
            given_up.condition,
            batch.records,
            destination=destination,
            document=document,
        )
