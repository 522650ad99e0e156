"""The two files that users edit: checked while they are typed, tried on records, and saved."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.aws.stage import Stage
from console.sources.records import Records
from notifications.alerts.alert import Alert
from notifications.common.errors import ConfigurationError, Problem, SettingsFileError
from notifications.config import rules_file
from notifications.config.receiver import Receivers
from notifications.rules.ruleset import Ruleset
from operations.activity.activity_log import RECEIVERS, RULES
from operations.evaluation.history import PastDifference, judge_history
from operations.evaluation.preview import in_stream_order, preview
from operations.evaluation.receivers_check import parse_receivers
from operations.evaluation.recorded_events import files_of, records_in
from operations.ledger.deliveries import delivered_alerts
from operations.products.products_table import ProductsTable, table_name
from operations.settings.compatibility import mismatches
from operations.settings.editing import EditedFile, read_settings, save_settings
from operations.settings.project import PROJECT
from operations.settings.service_file import read_service

PASSED, RECORDED, HISTORY = "passed", "recorded", "history"
"""What the rules are tried on: the records that have passed on the laptop, those of events/, or what went out."""
HISTORY_DAYS = 7
MOST_LISTED = 30
_FRESH_SECONDS = 60.0  # of a history, which is read once for many a key that is pressed


@dataclass(frozen=True, slots=True)
class Checked:
    """What is to be said of a text."""

    problems: tuple[Problem, ...] = ()
    count: int = 0
    """Rules or receivers, where there is no mistake."""
    warnings: tuple[str, ...] = ()
    """Settings of serverless.yml that do not suit the rules."""
    ruleset: Ruleset | None = None
    receivers: Receivers | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What would be another with the rules of a text."""

    records: int
    added: Sequence[Alert]
    gone: Sequence[Alert]
    by_rule: Sequence[tuple[str, int | None, int | None]]
    """Each rule with its alerts now and then; None where it is not in the file."""


class Settings:
    """The files of a stage."""

    def __init__(self, stage: Stage, records: Records) -> None:
        """Edit the files that `stage` is deployed with; `records` are those that have passed."""
        self._stage = stage
        self._records = records
        self._one_at_a_time = threading.Lock()
        self._bodies: tuple[list[str], bool] = ([], True)
        self._key_types: dict[str, str] = {}
        self._read_at = -_FRESH_SECONDS

    def path(self, which: str) -> Path:
        """Return where a file lies."""
        if which == RULES:
            return PROJECT / "alerts.toml"
        return PROJECT / read_service(PROJECT, self._stage.name, {}).receivers_file

    def read(self, which: str) -> EditedFile:
        """Read a file. Raises ConfigurationError."""
        return read_settings(self.path(which))

    def check(self, which: str, text: str) -> Checked:
        """Say what is wrong with a text: all of it at once, with lines."""
        path = self.path(which)
        try:
            if which == RECEIVERS:
                plain_http = read_service(PROJECT, self._stage.name, {}).plain_http
                receivers = parse_receivers(text, path, self._current(), PROJECT, plain_http=plain_http)
                return Checked(count=len(receivers.all), receivers=receivers)
            ruleset = rules_file.parse(text, path.name)
        except SettingsFileError as error:
            return Checked(error.problems)
        return Checked(count=len(ruleset.rules), warnings=tuple(self._warnings(ruleset)), ruleset=ruleset)

    def difference(self, tried: Ruleset, source: str) -> Difference:
        """Say which alerts would come and which would go. Raises ConfigurationError."""
        records = self.records(source)
        then, now = preview((tried, self._current() or Ruleset(())), records)
        rules = dict.fromkeys((*then.by_rule, *now.by_rule))
        return Difference(
            len(records),
            then.not_in(now),
            now.not_in(then),
            [(rule, now.by_rule.get(rule), then.by_rule.get(rule)) for rule in rules],
        )

    def history(self, tried: Ruleset, receivers: Receivers) -> tuple[PastDifference, bool]:
        """Say which alerts of the last days would not go out any more, and whether those are all alerts of the time.

        Only what a receiver was sent is kept whole. Raises ConfigurationError.
        """
        stack = self._stage.stack()
        table = ProductsTable(stack.client("dynamodb"), table_name(stack.outputs))
        with self._one_at_a_time:
            if time.monotonic() - self._read_at > _FRESH_SECONDS:
                names = [receiver.name for receiver in receivers.all]
                start = datetime.now(UTC) - timedelta(days=HISTORY_DAYS)
                self._bodies, self._key_types = delivered_alerts(stack, names, start), table.key_types
                self._read_at = time.monotonic()
            (bodies, whole), key_types = self._bodies, self._key_types
        current = self._current() or Ruleset(())
        return judge_history(tried, current, bodies, stack.outputs["ProductsStreamArn"], key_types), whole

    def records(self, source: str) -> list[Any]:
        """List what rules can be tried on."""
        if source == PASSED:
            return list(self._records.raw())
        folder = PROJECT / "events"
        recorded: Iterable[Any] = (record for file in files_of(folder) for record in records_in(file))
        return in_stream_order(recorded)

    def save(self, which: str, text: str, version: str) -> EditedFile:
        """Write a text that has no mistake. Raises ConfigurationError, SettingsFileError for a mistake."""
        with self._one_at_a_time:
            path = self.path(which)
            found = self.check(which, text)
            if found.problems:
                raise SettingsFileError(path.name, found.problems)
            return save_settings(path, text, version)

    def _current(self) -> Ruleset | None:
        try:
            return rules_file.load(self.path(RULES))
        except SettingsFileError:
            return None

    def _warnings(self, ruleset: Ruleset) -> list[str]:
        try:
            found = mismatches(ruleset, read_service(PROJECT, self._stage.name, {}))
        except ConfigurationError as error:
            return [str(error)]
        return [f"{mismatch.key}: {mismatch.message}" for mismatch in found]
