"""A receiver: who gets alerts, where, which of them, and when. An entry of `receivers.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Digest:
    """When what came in is sent as one message."""

    at: time | None = None
    """The time of day, on the clock of `zone`; None: at every full hour."""
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which only critical alerts are sent: from `start` to before `end`, which may be on the next day."""

    start: time
    end: time
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets alerts, checked."""

    name: str
    """Lower-case letters, digits and hyphens: it is part of the names of queues."""
    kind: str
    """text, mail, slack, teams, discord, webhook or chatbot."""
    to: tuple[str, ...] = ()
    """Addresses of a mail."""
    sender: str = ""
    """The address that a mail comes from: `from` in the file."""
    url: str = ""
    """Of a webhook."""
    secret: str = ""
    """The last part of the name of an SSM SecureString: /product-alerts/STAGE/…"""
    only: Mapping[str, Any] | None = None
    """The filter policy of the subscription, as SNS takes it; None: every alert."""
    digest: Digest | None = None
    quiet: Quiet | None = None
    language: str = "en"
    """How numbers and dates are written."""
    most_products: int = 20
    """Named in a digest."""
    template: str = ""
    """The owner's template of a mail, a path beside receivers.toml; "": the project's own."""

    @property
    def zone(self) -> tzinfo:
        """The zone that times are written in: that of the digest or of the quiet hours, else UTC."""
        named = (self.digest and self.digest.zone) or (self.quiet and self.quiet.zone)
        return named or UTC


@dataclass(frozen=True, slots=True)
class Receivers:
    """All receivers, in the order of the file."""

    all: tuple[Receiver, ...]

    def named(self, name: str) -> Receiver | None:
        """Find a receiver by its name."""
        return next((receiver for receiver in self.all if receiver.name == name), None)
