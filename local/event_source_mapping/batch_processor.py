"""From a batch to all of its records done or given up: invoke, wait, retry, split, discard.

docs/event-source-mapping.md, "Retries", "Record age", "Bisection" and "On-failure destinations".
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .decisions import Outcome
from .errors import DestinationError, InvokeError, PayloadTooLargeError
from .failure_documents import RECORD_TOO_OLD, RETRIES_EXHAUSTED, GivenUp, failure_document
from .ports import FailureNotice, Invocation
from .records import StreamRecord
from .responses import Failed, InvokeResult, Partial, Succeeded, classify
from .responses import Outcome as Answer
from .retries import Acknowledge, Batch, Continue, GiveUp, Retry, Split, decide
from .session import Session
from .tasks import Perform, Sleep, Task
from .windows import TumblingWindow


class BatchProcessor:
    """Processes the batches of one lane, one after the other."""

    def __init__(
        self,
        session: Session,
        shard_id: str,
        *,
        done: Callable[[Sequence[StreamRecord]], None],
        number: Callable[[str], int | None],
        window: TumblingWindow | None = None,
    ) -> None:
        """`done` is told of records acknowledged or given up; `number` numbers them for the log."""
        self._session = session
        self._shard_id = shard_id
        self._done = done
        self._number = number
        self._window = window
        self._waits = 0  # failures in a row, which the wait before the next invocation grows with

    def process(self, records: tuple[StreamRecord, ...]) -> Task[None]:
        """Work on a batch until every record is done; returns early when the session stops."""
        began = self._session.clock.now()
        self._waits = 0
        waiting = [Batch(records)]  # the last one is next
        result: InvokeResult | None = None
        while waiting:
            batch = yield from self._cut_expired(waiting.pop(), began)
            if batch is None:
                continue
            if self._session.stopping:
                return
            try:
                result, answer = yield from self._invoke(batch)
            except InvokeError as error:
                waiting.append(batch)
                yield from self._wait_after_refusal(batch, error)
                continue
            waiting += yield from self._follow(batch, result, answer)

    def close_window(self, *, reason: str) -> Task[None]:
        """Invoke for the last time in a tumbling window, again and again until it succeeds."""
        window = self._window
        if window is None:
            return
        invocation = Invocation((), window.event_fields(final=True))
        attempts = 0
        while not self._session.stopping:
            attempts += 1
            self._decide(Outcome.INVOKING, f"final invocation: {reason}", (), attempts)
            try:
                result = yield from self._call(invocation)
                answer = classify(result, (), self._session.settings)
            except InvokeError as error:
                answer = Failed(str(error), splittable=False)
            if isinstance(answer, Succeeded):
                self._decide(Outcome.SUCCEEDED, "the window is closed", (), attempts)
                return
            self._session.metrics.Errors += 1
            self._decide(Outcome.FAILED, f"final invocation: {answer.reason}", (), attempts)
            yield from self._wait(attempts, None)

    def _invoke(self, batch: Batch) -> Task[tuple[InvokeResult, Answer]]:
        extra = self._window.event_fields(final=False) if self._window else {}
        self._decide(Outcome.INVOKING, "the batch is due", batch.records, batch.failures + 1)
        try:
            result = yield from self._call(Invocation(batch.records, extra))
        except PayloadTooLargeError as error:
            return InvokeResult(status_code=413), Failed(str(error), splittable=True)
        return result, classify(result, batch.records, self._session.settings)

    def _call(self, invocation: Invocation) -> Task[InvokeResult]:
        function = self._session.ports.function
        arn = self._session.settings.function_arn
        try:
            result: InvokeResult = yield Perform(partial(function.invoke, arn, invocation))
        except InvokeError:
            self._session.metrics.Throttles += 1
            raise
        metrics = self._session.metrics
        metrics.Invocations += 1
        metrics.InvokedEventCount += len(invocation.records)
        return result

    def _follow(self, batch: Batch, result: InvokeResult, answer: Answer) -> Task[list[Batch]]:
        """Act on what was decided; return the batches that wait now, the next one last."""
        self._report(batch, result, answer)
        verdict = decide(batch, answer, self._session.settings)
        if self._window and isinstance(verdict, Acknowledge | Continue):
            self._window.keep(answer.state if isinstance(answer, Succeeded | Partial) else {})
        match verdict:
            case Acknowledge():
                self._waits = 0
                self._done(batch.records)
                return []
            case Continue(done=done, rest=rest):
                self._done(done.records)
                yield from self._wait_for_new(rest, "the failed record and those behind it")
                return [rest]
            case Split(first=first, second=second):
                self._decide_split(batch, first, second)
                yield from self._wait_for_new(first, "the first half")
                return [second, first]
            case Retry(batch=again):
                self._waits += 1
                yield from self._wait(self._waits, again)
                return [again]
            case GiveUp(batch=spent):
                self._waits = 0
                yield from self._give_up(spent, RETRIES_EXHAUSTED, result)
                return []

    def _cut_expired(self, batch: Batch, began: float) -> Task[Batch | None]:
        """Discard the records at the front that are too old; what is left is a new batch."""
        lost = self._leading(batch, lambda record: self._is_lost(record, began))
        if lost:
            self._decide(Outcome.LOST, "the stream no longer holds these records", batch.records[:lost])
            self._done(batch.records[:lost])
            return Batch(batch.records[lost:]) if lost < len(batch.records) else None
        limit = self._session.settings.maximum_record_age
        now = self._session.clock.now()
        if limit < 0 or now - batch.records[0].created < limit:
            return batch
        cut = self._leading(batch, lambda record: now - record.created >= limit)
        expired = Batch(batch.records[:cut], batch.failures)
        self._waits = 0
        yield from self._give_up(expired, RECORD_TOO_OLD, None)
        return Batch(batch.records[cut:]) if cut < len(batch.records) else None

    @staticmethod
    def _leading(batch: Batch, holds: Callable[[StreamRecord], bool]) -> int:
        return next((at for at, record in enumerate(batch.records) if not holds(record)), len(batch.records))

    def _is_lost(self, record: StreamRecord, began: float) -> bool:
        """Whether a stream would have trimmed the record by now.

        A record that was past its retention when the batch began was readable all the same, so the
        stream keeps another clock: it is held for one retention from then.
        """
        retention = self._session.options.retention
        deadline = record.created + retention
        if deadline <= began:
            deadline = began + retention
        return self._session.clock.now() >= deadline

    def _give_up(self, batch: Batch, condition: str, result: InvokeResult | None) -> Task[None]:
        session, settings = self._session, self._session.settings
        given_up = GivenUp(
            records=batch.records,
            condition=condition,
            invocations=batch.failures,
            at=session.clock.now(),
            request_id=(result.request_id if result else "") or session.ports.new_id(),
            result=result,
        )
        self._decide(Outcome.GIVEN_UP, condition, batch.records, max(1, batch.failures))
        if settings.destination is None:
            session.metrics.DroppedEventCount += len(batch.records)
            self._decide(Outcome.DROPPED, "the mapping has no on-failure destination", batch.records)
        else:
            yield from self._deliver(settings.destination, given_up)
        self._done(batch.records)

    def _deliver(self, destination: str, given_up: GivenUp) -> Task[None]:
        session, records = self._session, tuple(given_up.records)
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
            Invocation(records, extra),
        )
        try:
            yield Perform(partial(session.ports.destination.send, destination, notice))
        except DestinationError as error:
            session.metrics.DestinationDeliveryFailures += 1
            session.metrics.DroppedEventCount += len(records)
            self._decide(Outcome.DELIVERY_FAILED, str(error), records, destination=destination)
            return
        session.metrics.OnFailureDestinationDeliveredEventCount += len(records)
        self._decide(
            Outcome.DELIVERED,
            given_up.condition,
            records,
            destination=destination,
            document=document,
        )

    def _wait_after_refusal(self, batch: Batch, error: InvokeError) -> Task[None]:
        self._waits += 1
        self._decide(Outcome.NOT_INVOKED, str(error), batch.records, batch.failures + 1)
        yield from self._wait(self._waits, batch)

    def _wait_for_new(self, batch: Batch, which: str) -> Task[None]:
        self._waits = 0
        yield from self._wait(1, batch, which)

    def _wait(self, failures: int, batch: Batch | None, which: str = "the same records") -> Task[None]:
        """Wait before the next invocation, but not past the moment the first record is too old."""
        now = self._session.clock.now()
        delay = self._session.options.retry.delay(failures)
        limit = self._session.settings.maximum_record_age
        if batch is not None:
            if limit > 0:
                left = batch.records[0].created + limit - now
                delay = min(delay, left) if left > 0 else 0.0
            self._decide(
                Outcome.RETRY,
                f"{which} in {delay:g} s",
                batch.records,
                batch.failures + 1,
                retryIn=delay,
            )
        if delay > 0 and not self._session.stopping:
            yield Sleep(now + delay, self._session.stopped)

    def _report(self, batch: Batch, result: InvokeResult, answer: Answer) -> None:
        metrics = self._session.metrics
        if isinstance(answer, Succeeded):
            outcome, reason = Outcome.SUCCEEDED, "no record failed"
        elif isinstance(answer, Partial):
            outcome, reason = Outcome.PARTIAL, answer.reason
            metrics.FailedInvokeEventCount += len(batch.records)
        else:
            outcome, reason = Outcome.FAILED, answer.reason
            metrics.FailedInvokeEventCount += len(batch.records)
            metrics.Errors += result.function_error is not None
        self._decide(outcome, reason, batch.records, batch.failures + 1, requestId=result.request_id)

    def _decide_split(self, batch: Batch, first: Batch, second: Batch) -> None:
        self._decide(
            Outcome.SPLIT,
            "the invocation failed and BisectBatchOnFunctionError is on",
            batch.records,
            batch.failures + 1,
            middleSequenceNumber=second.first,
            firstHalfEnd=self._number(first.last),
            middleRecord=self._number(second.first),
            firstHalf=len(first.records),
            secondHalf=len(second.records),
        )

    def _decide(
        self,
        outcome: Outcome,
        reason: str,
        records: Sequence[StreamRecord],
        attempt: int | None = None,
        **details: Any,
    ) -> None:
        numbers: dict[str, Any] = {}
        if records:
            numbers["firstRecord"] = self._number(records[0].sequence_number)
            numbers["lastRecord"] = self._number(records[-1].sequence_number)
        self._session.decide(
            outcome,
            reason,
            shard=self._shard_id,
            records=records,
            attempt=attempt,
            **numbers,
            **details,
        )
