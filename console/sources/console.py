"""All that the pages work with, put together once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from console.aws.logs import Logs
from console.aws.mutes import CurrentMutes
from console.aws.stage import Stage
from console.safety.launch import Launch
from console.sources.alerts import Alerts
from console.sources.failures import Failures
from console.sources.health import Health
from console.sources.jobs import Jobs
from console.sources.products import Products
from console.sources.receivers import receivers_of
from console.sources.records import Records, current_rules
from console.sources.seen import SeenRecord
from console.sources.settings import Settings
from console.sources.ways import Ways
from notifications.config.receiver import Receivers
from notifications.rules.ruleset import Ruleset

_FRESH_SECONDS = 2.0


@dataclass
class Console:
    """A console: the stage, what was read of it, and what the launch lets a browser do."""

    stage: Stage
    launch: Launch
    records: Records
    products: Products
    alerts: Alerts
    ways: Ways
    jobs: Jobs
    failures: Failures
    settings: Settings
    health: Health
    logs: Logs
    mutes: CurrentMutes
    now: Callable[[], float] = time.time
    """The time, epoch seconds."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when it ends."""
    _receivers: Receivers = field(default_factory=lambda: Receivers(()))
    _rules: Ruleset = field(default_factory=lambda: Ruleset(()))
    _read_at: float = -_FRESH_SECONDS

    @classmethod
    def of(cls, stage: Stage, launch: Launch) -> Console:
        """Put one together."""
        records = Records(stage.running)
        products = Products(stage)
        alerts = Alerts(stage, records)
        logs = Logs(stage)

        def take(seen: SeenRecord) -> None:
            change = next((verdict.change for verdict in seen.verdicts if verdict.change), None)
            if change:
                products.take(change.new_image, change.keys)

        records.on_record = take
        mutes = CurrentMutes(stage)
        records.mutes = mutes.read
        jobs = Jobs()
        return cls(
            stage,
            launch,
            records,
            products,
            alerts,
            Ways(records, alerts, logs),
            jobs,
            Failures(stage, jobs),
            Settings(stage, records),
            Health(stage, alerts),
            logs,
            mutes,
        )

    @property
    def receivers(self) -> Receivers:
        """The receivers of the stage, as the files say."""
        self._read_files()
        return self._receivers

    @property
    def rules(self) -> Ruleset:
        """The rules: on the laptop those that run, elsewhere those of the file."""
        if self.stage.is_local:
            return self.records.ruleset
        self._read_files()
        return self._rules

    def _read_files(self) -> None:
        if time.monotonic() - self._read_at >= _FRESH_SECONDS:
            self._receivers = receivers_of(self.stage.name)
            self._rules = current_rules()
            self._read_at = time.monotonic()
