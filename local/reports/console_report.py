"""The report for people, printed to the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from event_source_mapping import EventType, LogEvent, describe
from local.reports.report import Reasons, RunSummary
from local.reports.what_to_try import INDENT, changes_to_make, what_to_try
from local.samples.sample_product import SampleProduct
from local.samples.sample_receivers import MAILS, RECEIVERS, Delivered
from local.samples.samples import Sample
from local.samples.subscriber import Notification
from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws
from local.stack.rules_deployment import DeployedRules
from operations.deployed.failure_messages import UnknownMessageError, read_failure_message
from operations.evaluation.verdicts import Verdict
from operations.terminal import progress
from operations.terminal.terminal import Terminal

NOT_PRINTED = frozenset(
    {EventType.INVOKING, EventType.CHECKPOINT, EventType.RETRY, EventType.SUMMARY, EventType.STOPPED}
)
ALL_WELL = frozenset({
    EventType.SERVING, EventType.SHARD_STARTED, EventType.SHARD_FINISHED, EventType.READ, EventType.FILTERED,
    EventType.SUCCEEDED,
})  # fmt: skip
STYLES = {
    EventType.SUCCEEDED: "good",
    EventType.FAILED: "bad",
    EventType.GIVEN_UP: "bad",
    EventType.PARTIAL: "warning",
    EventType.READ: "dim",
}


class ConsoleReport:
    """Prints to standard output; errors go to standard error."""

    def __init__(self, terminal: Terminal, *, verbose: bool = False) -> None:
        self._terminal = terminal
        self._verbose = verbose
        self._ids: set[str] = set()

    def step(self, doing: str, done: str) -> AbstractContextManager[None]:
        """Show the step with its seconds."""
        return progress.step(self._terminal, doing, done)

    def waiting(self, doing: str) -> AbstractContextManager[None]:
        """Count the seconds."""
        return progress.waiting(self._terminal, f"{INDENT}{doing}")

    def started(self, aws: LocalAws, deployment: Deployment) -> None:
        """Print which topic the alerts are received from."""
        del aws
        line = self._terminal.line
        line(f"{self._good('✓')} A queue is subscribed to the topic: {deployment.alerts_topic_arn}")
        line()
        line(f"Changes to the table {deployment.products_table_name}, and the alerts that arrive:")

    def sample(self, number: int, sample: Sample) -> None:
        """Print the change."""
        self._terminal.line()
        title = self._terminal.style("bold", f"{number}  {sample.title}")
        self._terminal.line(f"{title}  {self._dim(sample.change)}")

    def no_alert(self, sample: Sample, reasons: Reasons, *, named: bool) -> None:
        """Print why no alert is expected."""
        why = "" if named else f': alerts.toml has no rule with when = "{sample.kind}"'
        self._terminal.line(f"{INDENT}{self._dim(f'no alert is due{why}')}")
        self._reasons(reasons)

    def alert(self, alert: Notification, sample: int | None) -> None:
        """Print an alert; the first one with its whole message."""
        line, style = self._terminal.line, self._terminal.style
        if sample is None:
            line()
        data = alert.data
        severity = str(data.get("severity", "?"))
        head = f"{style(severity, '●')} {style('bold', str(data.get('title', alert.message)))}"
        line(f"{INDENT}{head}")
        text = str(data.get("text", ""))
        if text and text != data.get("title"):
            for part in text.splitlines():
                line(f"{INDENT}  {part}")
        facts = [
            alert.type,
            severity,
            f"rule {data.get('rule', '?')}",
            f"product {alert.message.get('subject', '?')}",
        ]
        if alert.id in self._ids:
            facts.append("received before, with the same id")
        line(f"{INDENT}  {style(severity, ' · '.join(facts))}")
        attributes = " ".join(f"{name}={value}" for name, value in sorted(alert.attributes.items()))
        line(f"{INDENT}  {self._dim(f'message attributes: {attributes}')}")
        if not self._ids:
            line(f"{INDENT}  {self._dim('the whole message, as every subscriber receives it:')}")
            for part in json.dumps(alert.message, indent=2, ensure_ascii=False).splitlines():
                line(f"{INDENT}  {self._dim(part)}")
        self._ids.add(alert.id)

    def mapping_log(self, events: Sequence[LogEvent]) -> None:
        """Print the events, one a line; without those that the next one implies. Where all is well only if verbose."""
        well = all(event.outcome in ALL_WELL | NOT_PRINTED for event in events)
        left_out = NOT_PRINTED | (ALL_WELL if well and not self._verbose else frozenset())
        for event in events:
            if event.outcome not in left_out:
                self._terminal.line(f"{INDENT}{self._terminal.style(STYLES.get(event.outcome, ''), describe(event))}")

    def given_up(self, message: Mapping[str, Any]) -> None:
        """Print a line about the message, in the words of `operations redrive`, and how to redrive it."""
        try:
            found = read_failure_message(message)
            text = f"{found.label}: {found.reason}"
        except UnknownMessageError as error:
            text = str(error)
        place = "bucket of given-up batches" if "payload" in message else "failures queue"
        self._terminal.line(f"{INDENT}{self._terminal.style('warning', '■')} the {place} received: {text}")
        again = ".venv/bin/python -m operations redrive --stage local"
        self._terminal.line(f"{INDENT}  {self._dim(f'`{again}` plays it again, while `npm start` runs')}")

    def delivered(self, delivered: Sequence[Delivered], aws: LocalAws, without: Sequence[str] = ()) -> None:
        """Print a line a message, receiver by receiver, who got nothing, and where the mails can be seen whole."""
        line = self._terminal.line
        line()
        line("What the receivers of local/receivers.toml were sent:")
        width = max(map(len, (*without, *(each.receiver for each in delivered))), default=0)
        for each in sorted(delivered, key=lambda each: each.receiver):
            self._delivery(each, width)
        for name in without:
            line(f"{INDENT}{self._dim(f'· {name:<{width}}  nothing: no alert that it asks for')}")
        line(f"{INDENT}{self._dim(f'the mails, whole: {aws.endpoint_url}{MAILS}')}")

    def delivery(self, delivered: Delivered) -> None:
        """Print the message in a line."""
        self._delivery(delivered, 0)

    def summary(self, summary: RunSummary, function_log: str) -> None:
        """Print the counts, or what is missing and what should not have come."""
        line = self._terminal.line
        line()
        if summary.ok:
            line(
                f"{self._good('✓')} {summary.played} changes, {summary.received} alerts: "
                "every alert that the rules ask for arrived, and no other."
            )
            return
        for number, sample, rules in summary.missing:
            line(
                f"{self._bad('✗')} No alert arrived for change {number} ({sample.title.lower()}); "
                f"by what alerts.toml says, there is one due by rule {', '.join(rules)}."
            )
        for number, sample in summary.not_processed:
            line(f"{self._bad('✗')} The function did not get through change {number} ({sample.title.lower()}) in time.")
        for number, sample in summary.not_given_up:
            line(f"{self._bad('✗')} Nothing was given up after change {number} ({sample.title.lower()}).")
        for alert in summary.unexpected:
            line(f"{self._bad('✗')} This alert was not expected: {alert.type}, id {alert.id}.")
        line(f"{INDENT}If you changed the rules so that they ask for this, all is well.")
        line(f"{INDENT}Otherwise the function's log may show why:")
        for part in function_log.splitlines() or ["(it is empty)"]:
            line(f"{INDENT}{self._dim(f'| {part}')}")

    def watching(
        self, aws: LocalAws, deployment: Deployment, product: SampleProduct, console: str | None = None
    ) -> None:
        """Print where the console is, and the commands that the user can try now."""
        self._terminal.line()
        for line in what_to_try(aws, deployment, product, console, partial(self._terminal.style, "bold")):
            self._terminal.line(line)

    def quiet_change(self, verdict: Verdict, reasons: Reasons) -> None:
        """Print that the change raised no alert, and why."""
        self._terminal.line()
        what = f"{verdict.change.event_name} {verdict.subject}" if verdict.change else "a malformed record"
        self._terminal.line(f"{INDENT}{self._dim(f'· {what}: no alert')}")
        self._reasons(reasons)

    def function_log(self, lines: Sequence[str]) -> None:
        """Print the lines."""
        for line in lines:
            self._terminal.line(f"{INDENT}  {self._dim('| ')}{self._bad(line)}")

    def table_changed(self, deployment: Deployment, product: SampleProduct) -> None:
        """Print the table's name, and how to change a product in it."""
        self._terminal.line()
        self._terminal.line(f"{self._good('✓')} The table {deployment.products_table_name} is watched now.")
        self._terminal.line(
            f"{INDENT}Its stream is read from the beginning, so what it holds of changes made before may alert again."
        )
        for line in changes_to_make(product):
            self._terminal.line(line)

    def rules_deployed(self, rules: DeployedRules) -> None:
        """Print how many rules run now, and the settings that do not suit them."""
        self._terminal.line()
        self._terminal.line(
            f"{self._good('✓')} alerts.toml has changed, and its {len(rules.ruleset.rules)} rules are deployed."
        )
        for warning in rules.warnings:
            self._terminal.line(f"{INDENT}{self._terminal.style('warning', warning)}")

    def rules_refused(self, message: str, details: str) -> None:
        """Print the mistakes."""
        self._refused(message, details)

    def receivers_deployed(self, count: int) -> None:
        """Print how many there are now."""
        self._terminal.line()
        receivers = "1 receiver is" if count == 1 else f"{count} receivers are"
        self._terminal.line(f"{self._good('✓')} {RECEIVERS} has changed, and its {receivers} deployed.")

    def receivers_refused(self, message: str, details: str) -> None:
        """Print the mistakes."""
        self._refused(message, details)

    def ending(self, reason: str = "") -> None:
        """Print that the run is over."""
        self._terminal.line()
        if reason:
            self._terminal.line(f"{reason} There is nothing left to watch, so `npm start` ends.")
        else:
            self._terminal.line("Ended. The table and its alerts were kept in memory only, and are gone.")

    def failed(self, message: str, details: str) -> None:
        """Print the error to standard error, with the output of the other tool below it."""
        Terminal(sys.stderr).error(message, details)

    def _refused(self, message: str, details: str) -> None:
        self._terminal.line()
        self._terminal.line(f"{self._terminal.style('warning', '■')} {message}")
        for line in details.splitlines():
            self._terminal.line(f"{INDENT}{line}")

    def _delivery(self, each: Delivered, width: int) -> None:
        retried = self._terminal.style("warning", "↻") if each.again else ""
        mark = retried or (self._bad("✗") if each.refused else self._good("✓"))
        self._terminal.line(f"{INDENT}{mark} {each.receiver:<{width}}  {self._dim(f'{each.kind:<8}')} {each.text}")

    def _reasons(self, reasons: Reasons) -> None:
        width = max((len(rule) for rule, _ in reasons), default=0)
        for rule, reason in reasons:
            self._terminal.line(f"{INDENT}  {self._dim(f'{rule:<{width}}  {reason}')}")

    def _dim(self, text: str) -> str:
        return self._terminal.style("dim", text)

    def _good(self, text: str) -> str:
        return self._terminal.style("good", text)

    def _bad(self, text: str) -> str:
        return self._terminal.style("bad", text)
