"""In memory what the AWS side does for real; the same contract tests hold for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from notifications.alerts.alert import Alert
from notifications.common.errors import ProductAlertsError, RefusedAlertError
from notifications.publishing.failures import Parked
from notifications.publishing.ledger import (
    BeforeCall,
    Entry,
    LedgerQuery,
    LedgerSnapshot,
    Reservation,
    RuleMemory,
    SentAlert,
    nothing,
)
from notifications.publishing.messages import AlertMessage
from notifications.publishing.topic import PublishResult
from notifications.rules.memory import Hour, HourlyCount, Memory
from notifications.rules.mutes import NO_MUTES, Mutes


class MemoryTopic:
    """A topic that keeps what it was given, and fails as it is told to."""

    def __init__(self, failure_of: Callable[[AlertMessage], ProductAlertsError | None] = lambda _: None) -> None:
        """Fail a message with what `failure_of` returns for it."""
        self.failure_of = failure_of
        self.published: list[AlertMessage] = []
        self.calls = 0

    def publish(self, messages: Sequence[AlertMessage]) -> list[PublishResult]:
        """Keep those messages that do not fail."""
        self.calls += 1
        results = []
        for message in messages:
            error = self.failure_of(message)
            if error is None:
                self.published.append(message)
            results.append(PublishResult(message, "" if error else f"message-{len(self.published)}", error))
        return results


class MemoryLedger:
    """A ledger that forgets nothing until the process ends."""

    def __init__(self) -> None:
        """Start empty."""
        self.alerts: dict[str, Alert] = {}
        self.memories: dict[str, dict[str, Memory]] = {}
        self.hourly_counts: dict[Hour, HourlyCount] = {}
        self.mutes: Mutes = NO_MUTES
        self.muted: dict[str, float] = {}
        """By the alert's id, until when it was muted."""
        self._lock = Lock()
        self.calls = 0

    def read(self, query: LedgerQuery, before_call: BeforeCall = nothing) -> LedgerSnapshot:
        """Look everything up."""
        before_call()
        self.calls += 1
        return LedgerSnapshot(
            {alert_id for _, _, alert_id in query.alerts if alert_id in self.alerts},
            {product: dict(self.memories[product]) for product in query.products if product in self.memories},
            {
                hour: HourlyCount(set(self.hourly_counts[hour].admitted), self.hourly_counts[hour].summary)
                for hour in query.hours
                if hour in self.hourly_counts
            },
            self.mutes if query.mutes else NO_MUTES,
        )

    def write(self, entries: Sequence[Entry], before_call: BeforeCall = nothing) -> None:
        """Keep everything."""
        before_call()
        self.calls += 1
        for entry in entries:
            match entry:
                case SentAlert(_, alert, _, muted_until):
                    self.alerts[alert.id] = alert
                    if muted_until is not None:
                        self.muted[alert.id] = muted_until
                case RuleMemory(product, memories, _):
                    self.memories[product] = dict(memories)

    def record(self, alerts: Sequence[SentAlert], before_call: BeforeCall = nothing) -> None:
        """Keep everything."""
        self.write(alerts, before_call)

    def reserve(self, wanted: Reservation, before_call: BeforeCall = nothing) -> HourlyCount:
        """Take what is left."""
        before_call()
        self.calls += 1
        if len(set(wanted.alerts)) < len(wanted.alerts):
            raise RefusedAlertError("a set of DynamoDB has nothing twice")
        with self._lock:
            count = self.hourly_counts.setdefault(wanted.hour, HourlyCount())
            for alert_id in wanted.alerts:
                count.admits(alert_id, wanted.limit)
            if count.admitted.issuperset(wanted.alerts):
                count.summary = count.summary or wanted.summary
            return HourlyCount(set(count.admitted), count.summary)


class MemoryFailures:
    """A failures queue that is a list."""

    def __init__(self) -> None:
        """Start empty."""
        self.parked: list[Parked] = []

    def park(self, parked: Parked) -> None:
        """Keep the record."""
        self.parked.append(parked)
