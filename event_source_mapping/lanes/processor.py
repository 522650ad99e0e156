"""From a batch to all of its records done or given up: invoke, wait, retry, split, discard.

docs/event-source-mapping.md, "Retries", "Record age" and "Bisection".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from event_source_mapping.batches.batch_log import BatchLog
from event_source_mapping.batches.invoking import invoke
from event_source_mapping.batches.responses import Failed, InvokeOutcome, Partial, Succeeded, classify
from event_source_mapping.lanes.closing import close_window
from event_source_mapping.lanes.failure_documents import RECORD_TOO_OLD, RETRIES_EXHAUSTED
from event_source_mapping.lanes.giving_up import Discarder
from event_source_mapping.lanes.retries import Acknowledge, Batch, Continue, GiveUp, Retry, Split, next_step
from event_source_mapping.lanes.windows import TumblingWindow
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.session import Session
from event_source_mapping.mapping.stream_settings import StreamSettings
from event_source_mapping.model.errors import InvokeError, PayloadTooLargeError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.stream_records import StreamRecord
from event_source_mapping.running.tasks import Sleep, Task

_HTTP_TOO_LARGE = 413
_REFUSED_PAUSE = 0.1  # seconds; without retry delay, a throttle would be answered by a flood


class BatchProcessor:
    """Processes the batches of one lane, one after the other."""

    def __init__(
        self,
        session: Session[StreamSettings],
        shard_id: str,
        *,
        done: Callable[[Sequence[StreamRecord]], None],
        number: Callable[[str], int | None],
        window: TumblingWindow | None = None,
    ) -> None:
        """Call `done` with records acknowledged or given up; `number` numbers them for the log."""
        self._session = session
        self._done = done
        self._window = window
        self._log = BatchLog(session, shard_id, number)
        self._discarder = Discarder(session, shard_id, self._log, window)
        self._failures = 0  # in a row: the wait before the next invocation grows with them

    def process(self, records: tuple[StreamRecord, ...]) -> Task[None]:
        """Work on a batch until every record is done; return early when the session stops."""
        began = self._session.clock.now()
        self._failures = 0
        waiting = [Batch(records)]  # the last one is next
        while waiting:
            batch = yield from self._cut_expired(waiting.pop(), began)
            if batch is None:
                continue
            if self._session.stopping:
                return
            try:
                result, outcome = yield from self._invoke(batch)
            except InvokeError as error:
                self._about(batch, EventType.NOT_INVOKED, str(error))
                yield from self._wait_again(batch, at_least=_REFUSED_PAUSE)
                waiting.append(batch)
            else:
                waiting += yield from self._follow(batch, result, outcome)

    def close_window(self, *, reason: str) -> Task[bool]:
        """Make the tumbling window's final invocation; say whether it succeeded."""
        if self._window is None:
            return False
        return (yield from close_window(self._session, self._log, self._window, reason=reason))

    def _invoke(self, batch: Batch) -> Task[tuple[InvokeResult, InvokeOutcome]]:
        extra = self._window.event_fields(final=False) if self._window else {}
        self._about(batch, EventType.INVOKING, "the batch is due")
        try:
            result = yield from invoke(self._session, Invocation(batch.records, extra))
        except PayloadTooLargeError as error:
            return InvokeResult(status_code=_HTTP_TOO_LARGE), Failed(str(error), splittable=True)
        return result, classify(result, batch.records, self._session.settings)

    def _follow(self, batch: Batch, result: InvokeResult, outcome: InvokeOutcome) -> Task[list[Batch]]:
        """Take the next step after an invocation; return the batches that wait, the next one last."""
        self._log.answered(batch.records, batch.failures + 1, result, outcome)
        if not isinstance(outcome, Succeeded):
            self._session.metrics.FailedInvokeEventCount += len(batch.records)
        step = next_step(batch, outcome, self._session.settings)
        if self._window and isinstance(step, Acknowledge | Continue):
            self._window.keep(outcome.state if isinstance(outcome, Succeeded | Partial) else {})
        match step:
            case Acknowledge():
                self._failures = 0
                self._done(batch.records)
                return []
            case Continue(done=done, rest=rest):
                self._done(done.records)
                yield from self._wait_first(rest, "the failed record and those behind it")
                return [rest]
            case Split(first=first, second=second):
                self._log_split(batch, first, second)
                yield from self._wait_first(first, "the first half")
                return [second, first]
            case Retry(batch=again):
                yield from self._wait_again(again)
                return [again]
            case GiveUp(batch=spent):
                self._failures = 0
                yield from self._discarder.give_up(spent, RETRIES_EXHAUSTED, result)
                self._done(spent.records)
                return []

    def _cut_expired(self, batch: Batch, began: float) -> Task[Batch | None]:
        """Discard the records at the front that are too old; what is left is a new batch."""
        now = self._session.clock.now()
        lost = _leading(batch, lambda record: now >= self._lost_at(record, began))
        if lost:
            gone = batch.records[:lost]
            self._log.add(EventType.LOST, "the stream no longer holds these records", gone)
            self._done(gone)
            return _rest(batch, lost)
        limit = self._session.settings.maximum_record_age
        expired = _leading(batch, lambda record: 0 <= limit <= now - record.created)
        if not expired:
            return batch
        self._failures = 0
        cut = Batch(batch.records[:expired], batch.failures)
        yield from self._discarder.give_up(cut, RECORD_TOO_OLD, None)
        self._done(cut.records)
        return _rest(batch, expired)

    def _lost_at(self, record: StreamRecord, began: float) -> float:
        """Say when the stream will have trimmed the record.

        A record that was past its retention when the batch began was readable all the same, so the
        stream keeps another clock: it is held for one retention from then.
        """
        retention = self._session.options.retention
        trimmed_at = record.created + retention
        return trimmed_at if trimmed_at > began else began + retention

    def _about(self, batch: Batch, event_type: EventType, reason: str, **details: Any) -> None:
        """Log an event of a batch, with its attempt: 1 is the first invocation."""
        self._log.add(event_type, reason, batch.records, batch.failures + 1, **details)

    def _log_split(self, batch: Batch, first: Batch, second: Batch) -> None:
        """Log a split, with where the second half begins."""
        self._about(
            batch,
            EventType.SPLIT,
            "the invocation failed and BisectBatchOnFunctionError is on",
            middleSequenceNumber=second.first,
            firstHalfEnd=self._log.number(first.records[-1]),
            middleRecord=self._log.number(second.records[0]),
            firstHalf=len(first.records),
            secondHalf=len(second.records),
        )

    def _wait_again(self, batch: Batch, *, at_least: float = 0.0) -> Task[None]:
        self._failures += 1
        yield from self._wait(batch, "the same records", at_least)

    def _wait_first(self, batch: Batch, which: str) -> Task[None]:
        """Wait before a new batch that a failure made."""
        self._failures = 1
        yield from self._wait(batch, which)
        self._failures = 0

    def _wait(self, batch: Batch, which: str, at_least: float = 0.0) -> Task[None]:
        """Wait before the next invocation, but not past the moment the first record is too old."""
        now = self._session.clock.now()
        delay = max(at_least, self._session.options.retry.delay(self._failures))
        limit = self._session.settings.maximum_record_age
        if limit > 0:
            delay = max(0.0, min(delay, batch.records[0].created + limit - now))
        self._about(batch, EventType.RETRY, f"{which} in {delay:g} s", retryIn=delay)
        if delay > 0 and not self._session.stopping:
            yield Sleep(now + delay, self._session.stopped)


def _leading(batch: Batch, holds: Callable[[StreamRecord], bool]) -> int:
    """Count the records at the front for which something holds."""
    for position, record in enumerate(batch.records):
        if not holds(record):
            return position
    return len(batch.records)


def _rest(batch: Batch, cut: int) -> Batch | None:
    """Make a new batch of what is left after a cut."""
    return Batch(batch.records[cut:]) if cut < len(batch.records) else None
