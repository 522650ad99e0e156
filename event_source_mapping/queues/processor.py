"""From a batch of messages to each of them deleted, left to the queue, or let go.

docs/event-source-mapping.md, "What becomes of a message" and "Throttling".
"""

from __future__ import annotations

from collections.abc import Sequence

from event_source_mapping.batches.invoking import invoke
from event_source_mapping.batches.responses import Failed, InvokeOutcome, Partial, Succeeded, classify
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.session import Session
from event_source_mapping.model.errors import InvokeError, PayloadTooLargeError
from event_source_mapping.model.invocations import Invocation, InvokeResult
from event_source_mapping.model.messages import Message
from event_source_mapping.queues.deleting import MessageDeleter
from event_source_mapping.queues.message_log import MessageLog
from event_source_mapping.running.tasks import Sleep, Task

_HTTP_TOO_LARGE = 413
_REFUSED_PAUSE = 0.1  # seconds; without retry delay, a throttle would be answered by a flood

InvokeAnswer = tuple[InvokeResult, InvokeOutcome]


class MessageProcessor:
    """Processes batches of one queue."""

    def __init__(self, session: Session[QueueSettings], log: MessageLog, deleter: MessageDeleter) -> None:
        self._session = session
        self._log = log
        self._deleter = deleter

    def process(self, batch: Sequence[Message]) -> Task[Sequence[Message]]:
        """Invoke, and delete what is done; return the messages that stay in the queue."""
        attempt = 0
        while messages := self._invocable(batch):
            attempt += 1
            self._log.add(EventType.INVOKING, "the batch is due", messages, attempt)
            answer = yield from self._invoke(messages, attempt)
            if answer is not None:
                self._log.answered(messages, attempt, *answer)
                done = yield from self._finish(messages, self._kept(messages, answer[1]))
                return [message for message in batch if message not in done]
            if not (yield from self._wait(messages, attempt)):
                break
        return batch

    def _invocable(self, batch: Sequence[Message]) -> tuple[Message, ...]:
        """Give the messages that are still hidden from other receivers; of a group, none behind one that is not."""
        if self._session.stopping:
            reason = "no invocation starts any more"
            self._log.add(EventType.LET_GO, f"{reason}: they come again after their visibility timeout", batch)
            return ()
        now = self._session.clock.now()
        late = {message.group for message in batch if message.lease_end <= now and message.group is not None}
        gone = {message for message in batch if message.lease_end <= now or message.group in late}
        reason = "their visibility timeout has ended: the queue gives them out again"
        self._log.add(EventType.LET_GO, reason, list(gone))
        return tuple(message for message in batch if message not in gone)

    def _invoke(self, messages: tuple[Message, ...], attempt: int) -> Task[InvokeAnswer | None]:
        """Invoke once; None when the function was not reached."""
        metrics = self._session.metrics
        try:
            result = yield from invoke(self._session, Invocation(messages))
        except PayloadTooLargeError as error:
            return InvokeResult(status_code=_HTTP_TOO_LARGE), Failed(str(error), splittable=False)
        except InvokeError as error:
            metrics.InvokedEventCount += len(messages)
            metrics.FailedInvokeEventCount += len(messages)
            self._log.add(EventType.NOT_INVOKED, str(error), messages, attempt)
            return None
        return result, classify(result, messages, self._session.settings)

    def _kept(self, messages: Sequence[Message], outcome: InvokeOutcome) -> list[Message]:
        """Give the messages that failed: each stands for itself, wherever in the batch it is."""
        if isinstance(outcome, Succeeded):
            return []
        if isinstance(outcome, Partial):
            return [messages[index] for index in outcome.named]
        return list(messages)

    def _finish(self, messages: Sequence[Message], kept: Sequence[Message]) -> Task[set[Message]]:
        """Delete the messages that are done, and return them."""
        self._session.metrics.FailedInvokeEventCount += len(kept)
        if kept:
            wait = max(0.0, min(message.lease_end for message in kept) - self._session.clock.now())
            reason = (
                f"the queue gives them out again, or dead-letters them, after their visibility timeout: {wait:.3g} s"
            )
            self._log.add(EventType.RETRY, reason, kept, retryIn=wait)
        staying = set(kept)
        done = [message for message in messages if message not in staying]
        if done:
            yield from self._deleter.delete(done, "processed")
        return set(done)

    def _wait(self, messages: Sequence[Message], attempt: int) -> Task[bool]:
        """Wait before the same receipts are tried again; False when they would not last until then."""
        session = self._session
        now = session.clock.now()
        delay = max(_REFUSED_PAUSE, session.options.throttled.delay(attempt))
        if now + delay >= min(message.lease_end for message in messages):
            reason = "their visibility timeout ends before the next attempt: the queue gives them out again"
            self._log.add(EventType.LET_GO, reason, messages)
            return False
        self._log.add(EventType.RETRY, f"the same receipts in {delay:g} s", messages, attempt + 1, retryIn=delay)
        if not session.stopping:
            yield Sleep(now + delay, session.stopped)
        return True
