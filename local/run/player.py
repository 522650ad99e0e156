"""Makes the sample changes, and compares the alerts that arrive with those that the rules ask for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from event_source_mapping import LogEvent
from local.reports.report import Report, RunSummary
from local.samples.expected import Expected, reasons
from local.samples.failures_queue import GivenUpReader
from local.samples.samples import Sample
from local.samples.subscriber import Notification, Subscriber
from local.stack.served_mapping import ServedMapping
from operations.evaluation.verdicts import Verdict

FIRST_ALERT_WITHIN_SECONDS = 45  # the function starts for the first time, and the machine may be busy
NEXT_ALERT_WITHIN_SECONDS = 30
AFTER_A_MISS_SECONDS = 5  # something is wrong: better to report it soon than to wait as long for every sample
QUIET_SECONDS = 1
QUIET_TRIES = 5
LOOK_SECONDS = 0.1


class Player:
    """Makes the sample changes one by one, each after the alerts of the one before."""

    def __init__(
        self,
        expected: Expected,
        subscriber: Subscriber,
        mapping: ServedMapping,
        failures: GivenUpReader,
        report: Report,
    ) -> None:
        self._expected = expected
        self._subscriber = subscriber
        self._mapping = mapping
        self._failures = failures
        self._report = report
        self._due: dict[str, tuple[int, Sample, str]] = {}  # alert id to the sample and rule that it is of
        self._early: dict[str, Notification] = {}  # alerts received before their record was judged
        self._seen: set[str] = set()
        self._summary = RunSummary()

    def play(self, samples: Sequence[Sample]) -> RunSummary:
        """Make all the changes, report each as it happens, and return the summary."""
        summary = self._summary
        patience = FIRST_ALERT_WITHIN_SECONDS
        for number, sample in enumerate(samples, start=1):
            self._report.sample(number, sample)
            summary.played += 1
            _drop(self._mapping.log_events())  # those of the samples before
            direct = sample.make()
            if sample.gives_up:
                self._give_up(number, sample)
            verdicts = self._judged(number, sample, direct, patience)
            self._expect(number, sample, verdicts)
            self._await(number, patience)
            trouble = self._due or summary.not_processed
            patience = AFTER_A_MISS_SECONDS if trouble else NEXT_ALERT_WITHIN_SECONDS
        self._receive(len(samples), QUIET_SECONDS)  # what comes late, or twice
        missing: dict[int, tuple[Sample, list[str]]] = {}
        for number, sample, rule in self._due.values():
            missing.setdefault(number, (sample, []))[1].append(rule)
        summary.missing = [(number, sample, list(dict.fromkeys(rules))) for number, (sample, rules) in missing.items()]
        summary.unexpected += self._early.values()
        return summary

    def _judged(self, number: int, sample: Sample, direct: Any, seconds: float) -> list[Verdict]:
        """Wait until the function has processed the records of a sample, and return what the rules make of them."""
        if direct is not None:
            return [verdict for record in direct for verdict in self._expected.verdicts(record)]
        verdicts: list[Verdict] = []
        processed = 0
        deadline = time.monotonic() + seconds
        with self._report.waiting("waiting for the function"):
            while True:
                for record in self._mapping.done():
                    processed += 1
                    verdicts += self._expected.verdicts(record)
                if processed >= sample.records or time.monotonic() > deadline:
                    break
                time.sleep(LOOK_SECONDS)
        if processed < sample.records:
            self._summary.not_processed.append((number, sample))
        return verdicts

    def _expect(self, number: int, sample: Sample, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            for alert in verdict.alerts:
                self._summary.expected += 1
                if self._early.pop(alert.id, None) is None:
                    self._due[alert.id] = (number, sample, verdict.rule.name)
        if not any(verdict.alerts for verdict in verdicts):
            named = sample.kind is None or self._expected.has_rule_of(sample.kind)
            self._report.no_alert(sample, reasons(verdicts, sample.kind) if named and sample.kind else [], named=named)

    def _give_up(self, number: int, sample: Sample) -> None:
        """Wait until a part of the sample is given up, and report how it came to that."""
        with self._report.waiting("waiting for the retries to end"):
            messages = self._failures.wait(NEXT_ALERT_WITHIN_SECONDS)
        events = self._mapping.stream_events()
        with self._report.waiting("waiting for the rest of the batch"):
            for _ in range(QUIET_TRIES):
                time.sleep(QUIET_SECONDS)
                more = self._mapping.stream_events()
                events += more
                if not more:
                    break
        self._report.mapping_log(events)
        for message in messages:
            self._report.given_up(message)
        if not messages:
            self._summary.not_given_up.append((number, sample))

    def _await(self, number: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._report.waiting("waiting for the alert"):
            while self._is_due(number) and time.monotonic() < deadline:
                self._receive(number, 1)

    def _is_due(self, number: int) -> bool:
        return any(of == number for of, _, _ in self._due.values())

    def _receive(self, number: int, wait_seconds: int) -> None:
        for alert in self._subscriber.receive(wait_seconds):
            self._summary.received += 1
            if alert.id in self._seen:
                self._summary.unexpected.append(alert)
            elif self._due.pop(alert.id, None) is None:
                self._early[alert.id] = alert
            self._seen.add(alert.id)
            self._report.alert(alert, sample=number)


def _drop(events: Iterable[LogEvent]) -> None:
    for _ in events:
        pass
