"""What a run tells, as it happens: `people.py` prints it, `machines.py` writes it as JSON."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from event_source_mapping import LogEvent as Decision
from local.aws import LocalAws
from local.deployment import Deployment
from local.samples import Sample
from local.subscriber import ReceivedAlert


@dataclass
class Outcome:
    """What came of the samples. `missing`: a sample's number, the sample, the rules behind it."""

    played: int = 0
    expected: int = 0
    received: int = 0
    missing: list[tuple[int, Sample, list[str]]] = field(default_factory=list)
    unexpected: list[ReceivedAlert] = field(default_factory=list)
    not_given_up: list[tuple[int, Sample]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every expected alert arrived, and no other, and the failures queue has what belongs there."""
        return not self.missing and not self.unexpected and not self.not_given_up


class Report(Protocol):
    """Told of everything that happens, in order."""

    def step(self, doing: str, done: str) -> AbstractContextManager[None]:
        """Tell of something that takes a while."""

    def waiting(self, doing: str) -> AbstractContextManager[None]:
        """Tell of something that may take a while, and is not worth a line."""

    def started(self, aws: LocalAws, deployment: Deployment) -> None:
        """Tell that the service is deployed."""

    def sample(self, number: int, sample: Sample) -> None:
        """Tell of a sample change that is about to be made."""

    def no_alert(self, sample: Sample) -> None:
        """Tell that no alert was due for the sample."""

    def alert(self, alert: ReceivedAlert, sample: int | None) -> None:
        """Tell of an alert that arrived, and during which sample, if any."""

    def story(self, decisions: Sequence[Decision]) -> None:
        """Tell what the event source mapping decided."""

    def given_up(self, failure: Mapping[str, Any]) -> None:
        """Tell what the failures queue received."""

    def summary(self, outcome: Outcome, function_log: str) -> None:
        """Tell what came of the samples; the log is the function's, when something went wrong."""

    def watching(self, aws: LocalAws, deployment: Deployment) -> None:
        """Tell that from now on only the user makes changes."""

    def rules_changed(self) -> None:
        """Tell that alerts.toml was edited, and that what runs is still the one that was deployed."""

    def ending(self) -> None:
        """Tell that the watching was ended."""

    def failed(self, message: str, details: str) -> None:
        """Tell of the error that ends the run."""
