"""The report for programs: one JSON object a line, with the `event` that it is about.

Events: started, sample, alert (the CloudEvent, the subject and the message attributes), mapping (a log event of the
event source mapping), failure (a message of the failures queue), noAlert (a change without one, and why), functionLog,
delivery (what arrived at a receiver), summary, watching, tableChanged, rulesDeployed, rulesRefused,
receiversDeployed, receiversRefused, ended, error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from event_source_mapping import LogEvent
from local.reports.report import Reasons, RunSummary
from local.samples.sample_product import SampleProduct
from local.samples.sample_receivers import Delivered
from local.samples.samples import Sample
from local.samples.subscriber import Notification
from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws
from local.stack.rules_deployment import DeployedRules
from notifications.text.visible import visible_json
from operations.evaluation.verdicts import Verdict
from operations.terminal.progress import waiting
from operations.terminal.terminal import Terminal


class JsonReport:
    """Writes to standard output; a person at a terminal sees the progress on standard error."""

    def __init__(self) -> None:
        self._progress = Terminal(sys.stderr)

    def step(self, doing: str, done: str) -> AbstractContextManager[None]:
        """Show progress to a person only."""
        del done
        return waiting(self._progress, doing)

    def waiting(self, doing: str) -> AbstractContextManager[None]:
        """Show progress to a person only."""
        return waiting(self._progress, doing)

    def started(self, aws: LocalAws, deployment: Deployment) -> None:
        """Write the endpoint and the outputs of the stack."""
        _write("started", endpointUrl=aws.endpoint_url, log=str(aws.log), outputs=asdict(deployment))

    def sample(self, number: int, sample: Sample) -> None:
        """Write the sample and the kind of rule that it is for."""
        _write("sample", number=number, title=sample.title, change=sample.change, kind=sample.kind)

    def no_alert(self, sample: Sample, reasons: Reasons, *, named: bool) -> None:
        """Write why, by rule."""
        del named
        _write("noAlert", kind=sample.kind, reasons=dict(reasons))

    def alert(self, alert: Notification, sample: int | None) -> None:
        """Write the alert as it was received."""
        _write(
            "alert",
            sample=sample,
            message=alert.message,
            subject=alert.subject,
            messageAttributes=alert.attributes,
        )

    def mapping_log(self, events: Sequence[LogEvent]) -> None:
        """Write each event, with the fields of the mapping's JSON log."""
        for event in events:
            _write("mapping", **event.as_json())

    def given_up(self, message: Mapping[str, Any]) -> None:
        """Write the message."""
        _write("failure", body=message)

    def delivered(self, delivered: Sequence[Delivered], aws: LocalAws, without: Sequence[str] = ()) -> None:
        """Write each message."""
        del aws, without
        for each in delivered:
            self.delivery(each)

    def delivery(self, delivered: Delivered) -> None:
        """Write the message."""
        _write("delivery", **asdict(delivered))

    def summary(self, summary: RunSummary, function_log: str) -> None:
        """Write the counts, the missing and the unexpected alerts."""
        _write(
            "summary",
            ok=summary.ok,
            samples=summary.played,
            expected=summary.expected,
            received=summary.received,
            missing=[
                {"sample": number, "kind": sample.kind, "rules": rules} for number, sample, rules in summary.missing
            ],
            notProcessed=[number for number, _ in summary.not_processed],
            notGivenUp=[number for number, _ in summary.not_given_up],
            unexpected=[{"id": alert.id, "type": alert.type} for alert in summary.unexpected],
            functionLog=function_log,
        )

    def watching(
        self, aws: LocalAws, deployment: Deployment, product: SampleProduct, console: str | None = None
    ) -> None:
        """Write that the samples are over, and the address of the console."""
        del product
        table = deployment.products_table_name
        _write("watching", endpointUrl=aws.endpoint_url, table=table, console=console or None)

    def quiet_change(self, verdict: Verdict, reasons: Reasons) -> None:
        """Write which product it was, and why, by rule."""
        _write("noAlert", productId=verdict.subject, reasons=dict(reasons))

    def function_log(self, lines: Sequence[str]) -> None:
        """Write the lines."""
        if lines:
            _write("functionLog", lines=list(lines))

    def table_changed(self, deployment: Deployment, product: SampleProduct) -> None:
        """Write which table it is now."""
        del product
        _write("tableChanged", table=deployment.products_table_name)

    def rules_deployed(self, rules: DeployedRules) -> None:
        """Write how many rules run now."""
        _write("rulesDeployed", rules=len(rules.ruleset.rules), warnings=rules.warnings)

    def rules_refused(self, message: str, details: str) -> None:
        """Write the mistakes."""
        _write("rulesRefused", message=message, details=details)

    def receivers_deployed(self, count: int) -> None:
        """Write how many there are now."""
        _write("receiversDeployed", receivers=count)

    def receivers_refused(self, message: str, details: str) -> None:
        """Write the mistakes."""
        _write("receiversRefused", message=message, details=details)

    def ending(self, reason: str = "") -> None:
        """Write the reason, if it was not the user who ended it; else nothing: the output ends."""
        if reason:
            _write("ended", reason=reason)

    def failed(self, message: str, details: str) -> None:
        """Write the error."""
        _write("error", message=message, details=details)


def _write(event: str, **content: Any) -> None:
    print(visible_json(json.dumps({"event": event, **content}, ensure_ascii=False)), flush=True)
