"""Plays the samples and holds the alerts that arrive against the rules in alerts.toml."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence

from event_source_mapping import LogEvent
from local.failures import FailuresQueue
from local.mapping import ServedMapping
from local.report import Outcome, Report
from local.rules import Rules
from local.samples import Sample
from local.subscriber import ReceivedAlert, Subscriber
from notifications.alerts import TYPES

FIRST_ALERT_WITHIN_SECONDS = 45  # the function starts for the first time, and the machine may be busy
NEXT_ALERT_WITHIN_SECONDS = 30
AFTER_A_MISS_SECONDS = 5  # something is wrong: it is time to say what, rather than to wait for more of it
QUIET_SECONDS = 1
QUIET_TRIES = 5


class Player:
    """Makes the sample changes one by one, each after the alerts of the one before it."""

    def __init__(
        self, rules: Rules, subscriber: Subscriber, mapping: ServedMapping, failures: FailuresQueue, report: Report
    ) -> None:
        self._rules = rules
        self._subscriber = subscriber
        self._mapping = mapping
        self._failures = failures
        self._report = report
        self._seen: set[str] = set()
        self._open: dict[int, Sample] = {}  # samples whose own alerts have not all arrived yet
        self._left: Counter[int] = Counter()  # alerts of theirs still to come
        self._possible: list[set[str]] = [set()]  # alert types, of the sample before and of this one
        self._outcome = Outcome()

    def play(self, samples: Sequence[Sample]) -> Outcome:
        """Play them all, report as it goes, and return what came of it."""
        outcome = self._outcome
        patience = FIRST_ALERT_WITHIN_SECONDS
        for number, sample in enumerate(samples, start=1):
            self._report.sample(number, sample)
            outcome.played += 1
            self._possible = [self._possible[-1], _types(sample)]
            _exhaust(self._mapping.decisions())  # the story of this sample begins here
            sample.make()
            if sample.gives_up:
                self._give_up(number, sample)
            if sample.kind not in self._rules.names_by_kind:
                if not self._receive(number, QUIET_SECONDS):
                    self._report.no_alert(sample)
                continue
            outcome.expected += sample.alerts
            self._open[number] = sample
            self._left[number] = sample.alerts
            self._await(number, patience)
            patience = AFTER_A_MISS_SECONDS if self._open else NEXT_ALERT_WITHIN_SECONDS
        self._receive(len(samples), QUIET_SECONDS)  # what comes late, or twice
        outcome.missing = [
            (number, sample, self._rules.names_by_kind[sample.kind])
            for number, sample in self._open.items()
            if sample.kind
        ]
        return outcome

    def _give_up(self, number: int, sample: Sample) -> None:
        """Wait until a part of the sample is given up, and tell how it came to that."""
        with self._report.waiting("waiting for the retries to end"):
            failures = self._failures.wait(NEXT_ALERT_WITHIN_SECONDS)
        story = list(self._mapping.decisions())
        with self._report.waiting("waiting for the rest of the batch"):
            for _ in range(QUIET_TRIES):
                time.sleep(QUIET_SECONDS)
                more = list(self._mapping.decisions())
                story += more
                if not more:
                    break
        self._report.story(story)
        for failure in failures:
            self._report.given_up(failure)
        if not failures:
            self._outcome.not_given_up.append((number, sample))

    def _await(self, number: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._report.waiting("waiting for the alert"):
            while number in self._open and time.monotonic() < deadline:
                self._receive(number, 1)
        self._receive(number, 0)  # the same change may match further rules

    def _receive(self, number: int, wait_seconds: int) -> int:
        alerts = self._subscriber.receive(wait_seconds)
        for alert in alerts:
            self._outcome.received += 1
            expected = self._expects(alert)
            if not expected:
                self._outcome.unexpected.append(alert)
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


def _exhaust(decisions: Iterable[LogEvent]) -> None:
    for _ in decisions:
        pass


def _types(sample: Sample) -> set[str]:
    return {TYPES[kind] for kind in (sample.kind, *sample.may_also) if kind}
