"""Makes the sample changes, and compares the alerts that arrive with what alerts.toml asks for."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence

from event_source_mapping import LogEvent
from local.reports.report import Report, RunSummary
from local.samples.failures_queue import FailuresQueue
from local.samples.rules_outline import RulesOutline
from local.samples.samples import Sample
from local.samples.subscriber import ReceivedAlert, Subscriber
from local.stack.served_mapping import ServedMapping
from notifications.alerts.alert import TYPES

FIRST_ALERT_WITHIN_SECONDS = 45  # the function starts for the first time, and the machine may be busy
NEXT_ALERT_WITHIN_SECONDS = 30
AFTER_A_MISS_SECONDS = 5  # something is wrong: better to report it soon than to wait as long for every sample
QUIET_SECONDS = 1
QUIET_TRIES = 5


class Player:
    """Makes the sample changes one by one, each after the alerts of the one before."""

    def __init__(
        self,
        rules: RulesOutline,
        subscriber: Subscriber,
        mapping: ServedMapping,
        failures: FailuresQueue,
        report: Report,
    ) -> None:
        self._rules = rules
        self._subscriber = subscriber
        self._mapping = mapping
        self._failures = failures
        self._report = report
        self._seen: set[str] = set()
        self._open: dict[int, Sample] = {}  # samples whose alerts have not all arrived yet
        self._left: Counter[int] = Counter()  # how many of their alerts are still to come
        self._possible: list[set[str]] = [set()]  # alert types, of the sample before and of this one
        self._summary = RunSummary()

    def play(self, samples: Sequence[Sample]) -> RunSummary:
        """Make all the changes, report each as it happens, and return the summary."""
        summary = self._summary
        patience = FIRST_ALERT_WITHIN_SECONDS
        for number, sample in enumerate(samples, start=1):
            self._report.sample(number, sample)
            summary.played += 1
            self._possible = [self._possible[-1], _types(sample)]
            _drop(self._mapping.log_events())  # those of the samples before
            sample.make()
            if sample.gives_up:
                self._give_up(number, sample)
            if sample.kind not in self._rules.names_by_kind:
                if not self._receive(number, QUIET_SECONDS):
                    self._report.no_alert(sample)
                continue
            summary.expected += sample.alerts
            self._open[number] = sample
            self._left[number] = sample.alerts
            self._await(number, patience)
            patience = AFTER_A_MISS_SECONDS if self._open else NEXT_ALERT_WITHIN_SECONDS
        self._receive(len(samples), QUIET_SECONDS)  # what comes late, or twice
        summary.missing = [
            (number, sample, self._rules.names_by_kind[sample.kind])
            for number, sample in self._open.items()
            if sample.kind
        ]
        return summary

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
            while number in self._open and time.monotonic() < deadline:
                self._receive(number, 1)
        self._receive(number, 0)  # the same change may match further rules

    def _receive(self, number: int, wait_seconds: int) -> int:
        alerts = self._subscriber.receive(wait_seconds)
        for alert in alerts:
            self._summary.received += 1
            expected = self._expects(alert)
            if not expected:
                self._summary.unexpected.append(alert)
            self._report.alert(alert, sample=number)
        return len(alerts)

    def _expects(self, alert: ReceivedAlert) -> bool:
        repeated = alert.id in self._seen
        self._seen.add(alert.id)
        for number, sample in self._open.items():
            if sample.kind and TYPES[sample.kind] == alert.type:
                self._left[number] -= 1
                if not self._left[number]:
                    del self._open[number]
                return not repeated
        return not repeated and any(alert.type in types for types in self._possible)


def _drop(events: Iterable[LogEvent]) -> None:
    for _ in events:
        pass


def _types(sample: Sample) -> set[str]:
    return {TYPES[kind] for kind in (sample.kind, *sample.may_also) if kind}
