"""How the stage is: the figures of `operations status`, and the alerts by rule and hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.aws.stage import Stage
from console.sources.alerts import Alerts
from operations.health.health import read_health

_FRESH_SECONDS = {True: 2.0, False: 60.0}


class Health:
    """The health of a stage."""

    def __init__(self, stage: Stage, alerts: Alerts) -> None:
        """Ask `stage`; `alerts` have the history."""
        self._stage = stage
        self._alerts = alerts
        self._lock = threading.Lock()
        self._figures: dict[str, Any] = {}
        self._read_at = 0.0

    def figures(self, now: datetime) -> Mapping[str, Any]:
        """Read what `status` reads, as of `now`; it may be a moment old."""
        with self._lock:
            if not self._figures or time.monotonic() - self._read_at > _FRESH_SECONDS[self._stage.is_local]:
                self._figures = read_health(self._stage.stack(), now)
                self._read_at = time.monotonic()
            return self._figures

    def by_hour(self, rules: list[str]) -> dict[str, dict[str, int]]:
        """Count the alerts in the ledger by rule and hour of publishing ("2026-11-21T09", UTC)."""
        counts: dict[str, dict[str, int]] = {rule: {} for rule in rules}
        for alert in self._alerts.all():
            if alert.muted_until:
                continue
            of_rule = counts.setdefault(alert.rule, {})
            hour = alert.published_at[:13]
            of_rule[hour] = of_rule.get(hour, 0) + 1
        return counts
