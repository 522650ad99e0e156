"""The report of a run, as it happens: `console_report.py` prints it, `json_report.py` writes it as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from event_source_mapping import LogEvent
from local.samples.sample_product import SampleProduct
from local.samples.sample_receivers import Delivered
from local.samples.samples import Sample
from local.samples.subscriber import Notification
from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws
from local.stack.rules_deployment import DeployedRules
from operations.evaluation.verdicts import Verdict

Reasons = Sequence[tuple[str, str]]
"""Rules that did not fire, and why, in the order in which to show them."""


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
    unexpected: list[Notification] = field(default_factory=list)
    not_processed: list[tuple[int, Sample]] = field(default_factory=list)
    """Samples whose records the function did not process in time: number, sample."""
    not_given_up: list[tuple[int, Sample]] = field(default_factory=list)
    """Samples of which the failures queue should have received something, and did not: number, sample."""

    @property
    def ok(self) -> bool:
        """Whether exactly the expected alerts arrived, and the failures queue received what it should."""
        return not (self.missing or self.unexpected or self.not_processed or self.not_given_up)


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

    def no_alert(self, sample: Sample, reasons: Reasons, *, named: bool) -> None:
        """Report that no alert is due for the sample, and why; `named`: whether there is a rule of its kind."""

    def alert(self, alert: Notification, sample: int | None) -> None:
        """Report an alert that arrived, and the number of the current sample; None while watching."""

    def mapping_log(self, events: Sequence[LogEvent]) -> None:
        """Report log events of the event source mapping."""

    def given_up(self, message: Mapping[str, Any]) -> None:
        """Report a message that the failures queue received."""

    def delivered(self, delivered: Sequence[Delivered], aws: LocalAws, without: Sequence[str] = ()) -> None:
        """Report what the samples sent to the receivers, and the names of those `without` anything."""

    def delivery(self, delivered: Delivered) -> None:
        """Report what arrived at a receiver while watching."""

    def summary(self, summary: RunSummary, function_log: str) -> None:
        """Report what came of the samples; `function_log` is empty if all went well."""

    def watching(
        self, aws: LocalAws, deployment: Deployment, product: SampleProduct, console: str | None = None
    ) -> None:
        """Report that from now on only the user makes changes; `product` writes them for the table's shape.

        `console` is the address of the console; "" if it did not come up, None if it was not started.
        """

    def quiet_change(self, verdict: Verdict, reasons: Reasons) -> None:
        """Report a change of the user's that raised no alert, and why; `verdict` is one of those about it."""

    def function_log(self, lines: Sequence[str]) -> None:
        """Report what the function logged about an invocation that failed."""

    def table_changed(self, deployment: Deployment, product: SampleProduct) -> None:
        """Report that a deploy had the service watch another table; `product` writes changes for its shape."""

    def rules_deployed(self, rules: DeployedRules) -> None:
        """Report that edited rules run now."""

    def rules_refused(self, message: str, details: str) -> None:
        """Report that edited rules have a mistake, and that the old ones still run."""

    def receivers_deployed(self, count: int) -> None:
        """Report that so many edited receivers are deployed."""

    def receivers_refused(self, message: str, details: str) -> None:
        """Report that edited receivers have a mistake, and that the old ones still are deployed."""

    def ending(self, reason: str = "") -> None:
        """Report that the watching is over: the user ended it, or for the reason."""

    def failed(self, message: str, details: str) -> None:
        """Report the error that ends the run; `details` is the output of another tool, or empty."""
