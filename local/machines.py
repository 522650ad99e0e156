"""The report for programs: one JSON object a line, each with its `event`.

started, sample, alert (the whole CloudEvent, the subject and the message attributes), mapping (what
the event source mapping decided), failure (what the failures queue received), summary, watching,
rulesChanged, error.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from event_source_mapping import LogEvent as Decision
from local.aws import LocalAws
from local.deployment import Deployment
from local.report import Outcome
from local.samples import Sample
from local.subscriber import ReceivedAlert
from local.terminal import Terminal


class JsonReport:
    """Writes to standard output; progress goes to standard error, when that is a terminal."""

    def __init__(self) -> None:
        self._progress = Terminal(sys.stderr)

    def step(self, doing: str, done: str) -> AbstractContextManager[None]:
        """Show progress to a person only."""
        del done
        return self._progress.waiting(doing)

    def waiting(self, doing: str) -> AbstractContextManager[None]:
        """Show progress to a person only."""
        return self._progress.waiting(doing)

    def started(self, aws: LocalAws, deployment: Deployment) -> None:
        """Write where the service is, and the stack's outputs."""
        _write("started", endpointUrl=aws.endpoint_url, log=str(aws.log), outputs=asdict(deployment))

    def sample(self, number: int, sample: Sample) -> None:
        """Write the sample, with the kind of rule that it is for."""
        _write("sample", number=number, title=sample.title, change=sample.change, kind=sample.kind)

    def no_alert(self, sample: Sample) -> None:
        """Write nothing: the next sample says enough."""

    def alert(self, alert: ReceivedAlert, sample: int | None) -> None:
        """Write the alert as it was received."""
        _write(
            "alert",
            sample=sample,
            message=alert.message,
            subject=alert.subject,
            messageAttributes=alert.attributes,
        )

    def story(self, decisions: Sequence[Decision]) -> None:
        """Write each decision, with the fields of the mapping's own JSON log."""
        for decision in decisions:
            _write("mapping", **decision.as_json())

    def given_up(self, failure: Mapping[str, Any]) -> None:
        """Write what the failures queue received."""
        _write("failure", body=failure)

    def summary(self, outcome: Outcome, function_log: str) -> None:
        """Write the counts, what is missing and what should not have come."""
        _write(
            "summary",
            ok=outcome.ok,
            samples=outcome.played,
            expected=outcome.expected,
            received=outcome.received,
            missing=[
                {"sample": number, "kind": sample.kind, "rules": rules} for number, sample, rules in outcome.missing
            ],
            notGivenUp=[number for number, _ in outcome.not_given_up],
            unexpected=[{"id": alert.id, "type": alert.type} for alert in outcome.unexpected],
            functionLog=function_log,
        )

    def watching(self, aws: LocalAws, deployment: Deployment) -> None:
        """Write that from now on only the user makes changes."""
        _write("watching", endpointUrl=aws.endpoint_url, table=deployment.products_table_name)

    def rules_changed(self) -> None:
        """Write that alerts.toml is not what runs."""
        _write("rulesChanged")

    def ending(self) -> None:
        """Write nothing: the last line is enough."""

    def failed(self, message: str, details: str) -> None:
        """Write the error."""
        _write("error", message=message, details=details)


def _write(event: str, **content: Any) -> None:
    print(json.dumps({"event": event, **content}, ensure_ascii=False), flush=True)
