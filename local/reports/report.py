"""The report of a run, as it happens: `console_report.py` prints it, `json_report.py` writes it as JSON."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from event_source_mapping import LogEvent
from local.samples.sample_receivers import Delivered
from local.samples.samples import Sample
from local.samples.subscriber import ReceivedAlert
from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws


@dataclass
class RunSummary:
    """Which samples raised the alerts that the rules ask for, and which did not."""

    played: int = 0
    """Samples."""
    expected: int = 0
    """Alerts."""
    received: int = 0
    """Alerts."""
    missing: list[tuple[int, Sample, list[str]]] = field(default_factory=list)
    """Samples that lack an alert: number, sample, names of the rules that should have fired."""
    unexpected: list[ReceivedAlert] = field(default_factory=list)
    not_given_up: list[tuple[int, Sample]] = field(default_factory=list)
    """Samples of which the failures queue should have received something, and did not: number, sample."""

    @property
    def ok(self) -> bool:
        """Whether exactly the expected alerts arrived, and the failures queue received what it should."""
        return not self.missing and not self.unexpected and not self.not_given_up


class Report(Protocol):
    """Hears of everything that happens, in order."""

    def step(self, doing: str, done: str) -> AbstractContextManager[None]:
        """Report a step that takes as long as the context: `doing` at its start, `done` at its end."""

    def waiting(self, doing: str) -> AbstractContextManager[None]:
        """Report a wait that takes as long as the context."""

    def started(self, aws: LocalAws, deployment: Deployment) -> None:
        """Report that the service is deployed."""

    def sample(self, number: int, sample: Sample) -> None:
        """Report a sample change that is about to be made; samples are numbered from 1."""

    def no_alert(self, sample: Sample) -> None:
        """Report that no alert was due for the sample."""

    def alert(self, alert: ReceivedAlert, sample: int | None) -> None:
        """Report an alert that arrived, and the number of the current sample; None while watching."""

    def mapping_log(self, events: Sequence[LogEvent]) -> None:
        """Report log events of the event source mapping."""

    def given_up(self, message: Mapping[str, Any]) -> None:
        """Report a message that the failures queue received."""

    def delivered(self, delivered: Sequence[Delivered], aws: LocalAws) -> None:
        """Report what arrived at the sample receivers."""

    def summary(self, summary: RunSummary, function_log: str) -> None:
        """Report what came of the samples; `function_log` is empty if all went well."""

    def watching(self, aws: LocalAws, deployment: Deployment) -> None:
        """Report that from now on only the user makes changes."""

    def rules_changed(self) -> None:
        """Report that alerts.toml was edited, while the deployed rules still run."""

    def ending(self) -> None:
        """Report that the user ended the watching."""

    def failed(self, message: str, details: str) -> None:
        """Report the error that ends the run; `details` is the output of another tool, or empty."""
