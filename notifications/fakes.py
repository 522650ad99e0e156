"""In memory what the AWS side does for real; the same contract tests hold for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from notifications.alerts import Alert
from notifications.errors import ProductAlertsError
from notifications.failures import Parked
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

    def sent(self, alerts: Sequence[Alert]) -> set[str]:
        """Look the alerts up."""
        return {alert.id for alert in alerts if alert.id in self.alerts}

    def record(self, alerts: Sequence[Alert]) -> None:
        """Remember the alerts."""
        self.alerts.update({alert.id: alert for alert in alerts})


class MemoryFailures:
    """A failures queue that is a list."""

    def __init__(self) -> None:
        """Start empty."""
        self.parked: list[Parked] = []

    def park(self, parked: Parked) -> None:
        """Keep the record."""
        self.parked.append(parked)
