"""The alerts of a stage: those that the ledger has, and what became of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console.aws.stage import Stage
from console.sources.records import Records
from notifications.alerts.alert import Alert
from notifications.config.receiver import Receivers
from notifications.publishing.messages import to_message
from operations.ledger.alert_history import PastAlert, all_past_alerts, past_alerts_of
from operations.ledger.deliveries import deliveries_of_alert
from operations.ledger.reading import LeftOut

_FRESH_SECONDS = {True: 1.0, False: 60.0}
_MOST_PAGES = {True: 50, False: 20}
"""Of the ledger: what a page shows on AWS may cost 20 MB read, and no more."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the Alerts page is asked for; "" is any."""

    product: str = ""
    """The id as it is: what the ledger has of it is read by it, and `admit` need not look."""
    rule: str = ""
    type: str = ""
    severity: str = ""
    since: str = ""
    """RFC 3339; texts of it sort as the times do."""
    until: str = ""

    def admit(self, alert: PastAlert) -> bool:
        """Tell whether an alert is asked for."""
        when = alert.time or alert.published_at
        return (
            self.rule in {"", alert.rule}
            and self.type in {"", alert.type}
            and self.severity in {"", alert.severity}
            and (not self.since or when >= self.since)
            and (not self.until or when < self.until)
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an alert."""

    deliveries: list[dict[str, Any]]
    """As `operations deliveries` has them, with `receiver`, `status`, `attempts`, `at` and `error`."""
    body: str
    """The CloudEvent, JSON; "" where nobody has it any more."""


class Alerts:
    """The alerts of a stage."""

    def __init__(self, stage: Stage, records: Records) -> None:
        """Read the ledger of `stage`; `records` know the alerts that have just been made."""
        self._stage = stage
        self._records = records
        self._lock = threading.Lock()
        self._all: list[PastAlert] = []
        self._read_at = 0.0
        self.whole = True
        """Whether the last list has all that the ledger has."""
        self.left_out = LeftOut()
        """What of the ledger could not be read for the last list."""
        self._left_out_of_all = self.left_out

    def all(self) -> list[PastAlert]:
        """List the alerts, the latest first: a list that may be a moment old."""
        with self._lock:
            local = self._stage.is_local
            if not self._read_at or time.monotonic() - self._read_at > _FRESH_SECONDS[local]:
                left_out = LeftOut()
                self._all, self.whole = all_past_alerts(self._stage.stack(), _MOST_PAGES[local], left_out)
                self._left_out_of_all = left_out
                self._read_at = time.monotonic()
            self.left_out = self._left_out_of_all
            return self._all

    def matching(self, filters: Filters) -> list[PastAlert]:
        """List what the filters admit, the latest first. Of one product, its part of the ledger is read as it is."""
        if filters.product:
            left_out = LeftOut()
            found: Iterable[PastAlert] = reversed(list(past_alerts_of(self._stage.stack(), filters.product, left_out)))
            self.whole, self.left_out = True, left_out
        else:
            found = self.all()
        return [alert for alert in found if filters.admit(alert)]

    def of_record(self, product_id: str, number: str) -> list[PastAlert]:
        """List the alerts about one record that went out."""
        if not product_id:
            return []
        found = past_alerts_of(self._stage.stack(), product_id)
        return [alert for alert in found if alert.sequence_number == number.lstrip("0")]

    def product_of(self, number: str) -> str:
        """Return the id of the product that a record is about, if it raised an alert; "" where the list has none.

        And "" on the laptop: there the record itself is seen in a moment, and says more than its alerts.
        """
        if self._stage.is_local:
            return ""
        wanted = number.lstrip("0")
        return next((alert.product_id for alert in self.all() if alert.sequence_number == wanted), "")

    def outcome(self, alert_id: str, receivers: Receivers) -> Outcome:
        """Say what became of an alert, and give it as it was published."""
        found, body = deliveries_of_alert(self._stage.stack(), alert_id, [receiver.name for receiver in receivers.all])
        if not body and (made := self._records.alert(alert_id)):
            body = body_of(made[1])
        return Outcome(found, body)


def body_of(alert: Alert) -> str:
    """Write an alert as it is published."""
    return to_message(alert).body
