"""What every way to send has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, rendered for a receiver."""

    id: str
    """The alert's id, or that of a digest: the same for each attempt."""
    subject: str
    """One line; empty where the channel has no subjects."""
    body: bytes
    """As the channel takes it: a whole mail, or JSON, in UTF-8."""
    content_type: str = "application/json"
    """Of a body that is posted."""


class Sender(Protocol):
    """One channel to one receiver."""

    def send(self, outgoing: Outgoing) -> None:
        """Send it; to return means that the receiver has taken it.

        Raises RetryableError (DeliveryFailedError where the receiver says when to come back) or PermanentError.
        """
