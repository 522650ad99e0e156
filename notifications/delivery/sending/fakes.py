"""In memory what sends for real; the same contract tests hold for both."""

from __future__ import annotations

from collections.abc import Callable

from notifications.common.errors import ProductAlertsError
from notifications.delivery.sending.sender import Outgoing


class MemorySender:
    """A sender that keeps what it was given, and fails as it is told to."""

    def __init__(self, failure_of: Callable[[Outgoing], ProductAlertsError | None] = lambda _: None) -> None:
        """Fail a message with what `failure_of` returns for it."""
        self.failure_of = failure_of
        self.sent: list[Outgoing] = []
        self.calls = 0

    def send(self, outgoing: Outgoing) -> None:
        """Keep the message, unless it is to fail."""
        self.calls += 1
        error = self.failure_of(outgoing)
        if error:
            raise error
        self.sent.append(outgoing)


class MemorySecrets:
    """Secrets in a dictionary."""

    def __init__(self, **values: str) -> None:
        """Keep `values`."""
        self.values = values
        self.forgotten: list[str] = []

    def get(self, name: str) -> str:
        """Return the value."""
        return self.values[name]

    def forget(self, name: str) -> None:
        """Note that it would be read anew."""
        self.forgotten.append(name)
