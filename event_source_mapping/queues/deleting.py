"""Deleting messages that are done: ten at a time, and again what an outage kept.

docs/event-source-mapping.md, "Deleting".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.session import Session
from event_source_mapping.model.errors import QueueError
from event_source_mapping.model.messages import DeleteRefusal, Message
from event_source_mapping.model.retry_schedule import RetrySchedule
from event_source_mapping.queues.message_log import MessageLog
from event_source_mapping.running.tasks import Perform, Sleep, Task

_AT_ONCE = 10  # entries that DeleteMessageBatch takes
_TRIES = 3
_WAITS = RetrySchedule(first=0.1, factor=2.0, longest=1.0)


class MessageDeleter:
    """Deletes messages of one queue, also when the session is stopping: they are done."""

    def __init__(self, session: Session[QueueSettings], log: MessageLog) -> None:
        self._session = session
        self._log = log

    def delete(self, messages: Sequence[Message], reason: str) -> Task[None]:
        """Delete messages; what the queue refuses to delete comes again, and the log says so."""
        refused: dict[str, str] = {}
        for start in range(0, len(messages), _AT_ONCE):
            refused |= yield from self._delete(messages[start : start + _AT_ONCE])
        deleted = [message for message in messages if message.receipt_handle not in refused]
        self._session.metrics.DeletedEventCount += len(deleted)
        self._log.add(EventType.MESSAGES_DELETED, reason, deleted)
        for why in dict.fromkeys(refused.values()):
            kept = [message for message in messages if refused.get(message.receipt_handle) == why]
            self._log.add(EventType.DELETE_REFUSED, f"{why}: they come again", kept)
        self._log.numbers.forget(deleted)

    def _delete(self, messages: Sequence[Message]) -> Task[dict[str, str]]:
        """Give the reasons of what was not deleted, by receipt handle."""
        client, arn = self._session.ports.queue, self._session.settings.source_arn
        handles = [message.receipt_handle for message in messages]
        reasons: dict[str, str] = {}
        for attempt in range(1, _TRIES + 1):
            try:
                refusals: Sequence[DeleteRefusal] = yield Perform(partial(client.delete, arn, handles))
            except QueueError as error:
                refusals = [DeleteRefusal(handle, str(error), final=False) for handle in handles]
            reasons |= {refusal.receipt_handle: refusal.reason for refusal in refusals}
            again = [refusal.receipt_handle for refusal in refusals if not refusal.final]
            for handle in set(handles) - {refusal.receipt_handle for refusal in refusals}:
                reasons.pop(handle, None)
            handles = again
            if not handles:
                break
            if attempt < _TRIES:
                yield Sleep(self._session.clock.now() + _WAITS.delay(attempt))
        return reasons
