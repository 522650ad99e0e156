"""Giving records up: tell the on-failure destination, count, go on.

docs/event-source-mapping.md, "On-failure destinations".
"""

from functools import partial

from .batch_log import BatchLog
from .decisions import Outcome
from .errors import DestinationError
from .failure_documents import GivenUp, failure_document
from .ports import FailureNotice, Invocation
from .responses import InvokeResult
from .retries import Batch
from .session import Session
from .tasks import Perform, Task
from .windows import TumblingWindow


class Discarder:
    """Discards one lane's batches."""

    def __init__(self, session: Session, shard_id: str, log: BatchLog, window: TumblingWindow | None) -> None:
        self._session = session
        self._shard_id = shard_id
        self._log = log
        self._window = window

    def give_up(self, batch: Batch, condition: str, result: InvokeResult | None) -> Task[None]:
        """Discard a batch; `result` is its last answer, None if it aged out."""
        session, destination = self._session, self._session.settings.destination
        self._log.decide(Outcome.GIVEN_UP, condition, batch.records, max(1, batch.failures))
        if destination is None:
            session.metrics.DroppedEventCount += len(batch.records)
            reason = "the mapping has no on-failure destination"
            self._log.decide(Outcome.DROPPED, reason, batch.records)
            return
        given_up = GivenUp(
            records=batch.records,
            condition=condition,
            invocations=batch.failures,
            at=session.clock.now(),
            request_id=(result.request_id if result else "") or session.ports.new_id(),
            result=result,
        )
        yield from self._deliver(destination, batch, given_up)

    def _deliver(self, destination: str, batch: Batch, given_up: GivenUp) -> Task[None]:
        session = self._session
        document = failure_document(
            given_up,
            function_arn=session.settings.function_arn,
            stream_arn=session.settings.stream_arn,
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
            self._log.decide(Outcome.DELIVERY_FAILED, str(error), batch.records, destination=destination)
            return
        session.metrics.OnFailureDestinationDeliveredEventCount += len(batch.records)
        self._log.decide(
            Outcome.DELIVERED,
            given_up.condition,
            batch.records,
            destination=destination,
            document=document,
        )
