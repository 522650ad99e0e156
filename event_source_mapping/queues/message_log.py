"""Logging messages: by their IDs, and numbered in the order in which a run first received them.

docs/event-source-mapping.md, "The decision log".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from event_source_mapping.batches.batch_log import BatchLog
from event_source_mapping.batches.responses import InvokeOutcome
from event_source_mapping.log.events import EventType
from event_source_mapping.mapping.queue_settings import QueueSettings
from event_source_mapping.mapping.session import Session
from event_source_mapping.model.invocations import InvokeResult
from event_source_mapping.model.messages import Message

_REMEMBERED = 100_000  # messages; those that the queue moved to its dead-letter queue are never forgotten otherwise


class MessageNumbers:
    """Which message of the run an ID is: the same number however often it is received."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._count = 0

    def number(self, message_id: str) -> int:
        """Give the number; a new ID gets the next one."""
        if message_id not in self._numbers:
            self._count += 1
            self._numbers[message_id] = self._count
            if len(self._numbers) > _REMEMBERED:
                del self._numbers[next(iter(self._numbers))]
        return self._numbers[message_id]

    def forget(self, messages: Iterable[Message]) -> None:
        """Drop messages that are gone for good."""
        for message in messages:
            self._numbers.pop(message.identifier, None)


class MessageLog:
    """Logs the events of one queue's messages."""

    def __init__(self, session: Session[QueueSettings], numbers: MessageNumbers) -> None:
        self.numbers = numbers
        self._log = BatchLog(session, None, numbers.number)

    def add(
        self,
        event_type: EventType,
        reason: str,
        messages: Sequence[Message],
        attempt: int | None = None,
        **details: Any,
    ) -> None:
        """Log an event of some messages; of no message, nothing."""
        if messages:
            self._log.add(event_type, reason, self._in_order(messages), attempt, **details)

    def answered(self, messages: Sequence[Message], attempt: int, result: InvokeResult, outcome: InvokeOutcome) -> None:
        """Log what an invocation came to."""
        self._log.answered(self._in_order(messages), attempt, result, outcome)

    def _in_order(self, messages: Sequence[Message]) -> list[Message]:
        return sorted(messages, key=lambda message: self.numbers.number(message.identifier))
