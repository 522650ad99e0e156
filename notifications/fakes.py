"""In memory what the AWS side does for real; the same contract tests hold for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from notifications.alerts import Alert
from notifications.decide import Hour, Tally
from notifications.errors import ProductAlertsError
from notifications.failures import Parked
from notifications.ledger import BeforeCall, Entry, HourTally, Known, Question, RuleMemory, SentAlert, nothing
from notifications.memory import Memory
from notifications.message import Message
from notifications.publish import Outcome


class MemoryTopic:
    """A topic that keeps what it was given, and fails as it is told to."""

    def __init__(self, failure_of: Callable[[Message], ProductAlertsError | None] = lambda _: None) -> None:
        """Fail a message with what `failure_of` returns for it."""
        self.failure_of = failure_of
        self.published: list[Message] = []
        self.calls = 0

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Keep those messages that do not fail."""
        self.calls += 1
        outcomes = []
        for message in messages:
            error = self.failure_of(message)
            if error is None:
                self.published.append(message)
            outcomes.append(Outcome(message, "" if error else f"message-{len(self.published)}", error))
        return outcomes


class MemoryLedger:
    """A ledger that forgets nothing until the process ends."""

    def __init__(self) -> None:
        """Start empty."""
        self.alerts: dict[str, Alert] = {}
        self.memories: dict[str, dict[str, Memory]] = {}
        self.tallies: dict[Hour, Tally] = {}
        self.calls = 0

    def read(self, question: Question, before_call: BeforeCall = nothing) -> Known:
        """Look everything up."""
        before_call()
        self.calls += 1
        return Known(
            {alert_id for alert_id in question.alerts.values() if alert_id in self.alerts},
            {product: dict(self.memories[product]) for product in question.products if product in self.memories},
            {
                hour: Tally(set(self.tallies[hour].admitted), self.tallies[hour].summarised)
                for hour in question.hours
                if hour in self.tallies
            },
        )

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Keep everything."""
        before_call()
        self.calls += 1
        for entry in entries:
            match entry:
                case SentAlert(_, alert):
                    self.alerts[alert.id] = alert
                case RuleMemory(product, memories, _):
                    self.memories[product] = dict(memories)
                case HourTally(hour, admitted, summarised):
                    tally = self.tallies.setdefault(hour, Tally())
                    tally.admitted |= admitted
                    tally.summarised |= summarised


class MemoryFailures:
    """A failures queue that is a list."""

    def __init__(self) -> None:
        """Start empty."""
        self.parked: list[Parked] = []

    def park(self, parked: Parked) -> None:
        """Keep the record."""
        self.parked.append(parked)
