"""The report for people."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from event_source_mapping import EventType as Outcome
from event_source_mapping import LogEvent as Decision
from event_source_mapping import describe as story
from local.aws import CREDENTIALS, LocalAws
from local.deployment import STAGE, Deployment
from local.report import Outcome as Played
from local.samples import Sample
from local.subscriber import ReceivedAlert
from local.terminal import Terminal

INDENT = "   "
UNTOLD = frozenset({Outcome.INVOKING, Outcome.CHECKPOINT, Outcome.RETRY, Outcome.SUMMARY, Outcome.STOPPED})
STYLES = {
    Outcome.SUCCEEDED: "good",
    Outcome.FAILED: "bad",
    Outcome.GIVEN_UP: "bad",
    Outcome.PARTIAL: "warning",
    Outcome.READ: "dim",
}
EXAMPLE_ITEM = {
    "productId": {"S": "prod-456"},
    "name": {"S": "Desk Lamp"},
    "price": {"N": "49.90"},
    "stock": {"N": "7"},
}


class PrintedReport:
    """Prints to standard output; errors go to standard error."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._ids: set[str] = set()

    def step(self, doing: str, done: str) -> AbstractContextManager[None]:
        """Show the step with its seconds."""
        return self._terminal.step(doing, done)

    def waiting(self, doing: str) -> AbstractContextManager[None]:
        """Count the seconds."""
        return self._terminal.waiting(f"{INDENT}{doing}")

    def started(self, aws: LocalAws, deployment: Deployment) -> None:
        """Say where the alerts are read from."""
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

    def no_alert(self, sample: Sample) -> None:
        """Say why nothing is expected."""
        why = f': alerts.toml has no rule with when = "{sample.kind}"' if sample.kind else ""
        self._terminal.line(f"{INDENT}{self._dim(f'no alert is due{why}')}")

    def alert(self, alert: ReceivedAlert, sample: int | None) -> None:
        """Print an alert; the first one also whole."""
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
            facts.append("received before: its id is known")
        line(f"{INDENT}  {style(severity, ' · '.join(facts))}")
        attributes = " ".join(f"{name}={value}" for name, value in sorted(alert.attributes.items()))
        line(f"{INDENT}  {self._dim(f'message attributes: {attributes}')}")
        if not self._ids:
            line(f"{INDENT}  {self._dim('the whole message, as every subscriber gets it:')}")
            for part in json.dumps(alert.message, indent=2, ensure_ascii=False).splitlines():
                line(f"{INDENT}  {self._dim(part)}")
        self._ids.add(alert.id)

    def story(self, decisions: Sequence[Decision]) -> None:
        """Print the story line by line."""
        for decision in decisions:
            if decision.outcome not in UNTOLD:
                self._terminal.line(
                    f"{INDENT}{self._terminal.style(STYLES.get(decision.outcome, ''), story(decision))}"
                )

    def given_up(self, failure: Mapping[str, Any]) -> None:
        """Print what the failures queue received, in a line."""
        batch = failure.get("DDBStreamBatchInfo")
        if batch:
            asked = failure["requestContext"]
            said = (
                f"{asked['condition']} after {asked['approximateInvokeCount']} invocations, "
                f"{batch['batchSize']} record, sequence number {batch['startSequenceNumber']}"
            )
        else:
            said = str(failure.get("reason", failure))
        self._terminal.line(f"{INDENT}{self._terminal.style('warning', '■')} the failures queue received: {said}")
        again = ".venv/bin/python -m operations redrive --stage local"
        self._terminal.line(f"{INDENT}  {self._dim(f'`{again}` plays it again, while `npm start` runs')}")

    def summary(self, outcome: Played, function_log: str) -> None:
        """Print the counts, and what is missing."""
        line = self._terminal.line
        line()
        if outcome.ok:
            line(
                f"{self._good('✓')} {outcome.played} changes, {outcome.received} alerts: "
                "all that the rules ask for arrived, and no other."
            )
            return
        for number, sample, rules in outcome.missing:
            line(
                f"{self._bad('✗')} No alert came of change {number} ({sample.title.lower()}); "
                f'alerts.toml has a rule with when = "{sample.kind}": {", ".join(rules)}.'
            )
        for number, sample in outcome.not_given_up:
            line(f"{self._bad('✗')} The failures queue received nothing of change {number} ({sample.title.lower()}).")
        for alert in outcome.unexpected:
            line(f"{self._bad('✗')} This alert should not have come: {alert.type}, id {alert.id}.")
        line(f"{INDENT}If you changed the rules so that this is what they ask for, all is well.")
        line(f"{INDENT}Otherwise the function's log may tell why:")
        for part in function_log.splitlines() or ["(it is empty)"]:
            line(f"{INDENT}{self._dim(f'| {part}')}")

    def watching(self, aws: LocalAws, deployment: Deployment) -> None:
        """Print what the user can do now."""
        line = self._terminal.line
        settings = {"AWS_ENDPOINT_URL": aws.endpoint_url, **CREDENTIALS}
        exports = " ".join(f"{name}={value}" for name, value in settings.items())
        item = json.dumps(EXAMPLE_ITEM, separators=(",", ":"))
        line()
        line(self._terminal.style("bold", "Now make changes of your own, in another terminal:"))
        line(f'{INDENT}npm run change -- prod-456 name="Desk Lamp" price=49.90 stock=7')
        line(f"{INDENT}npm run change -- prod-456 price=39.90")
        line(f"{INDENT}npm run change -- prod-456 --delete")
        line("or with the tools that you would use on AWS:")
        if os.environ.get("AWS_PROFILE"):
            line(f"{INDENT}unset AWS_PROFILE")
        line(f"{INDENT}export {exports}")
        line(f"{INDENT}aws dynamodb put-item --table-name {deployment.products_table_name} --item '{item}'")
        line(f"{INDENT}npx sls logs -f alerts -t --stage {STAGE}")
        line()
        line("Alerts appear here as they arrive. Ctrl-C ends it all.")

    def rules_changed(self) -> None:
        """Say how the edit gets there."""
        self._terminal.line()
        self._terminal.line(f"{self._terminal.style('warning', '■')} alerts.toml has changed; the old rules still run.")
        self._terminal.line(f"{INDENT}Start again, or deploy it with the exports above: npx sls deploy --stage {STAGE}")

    def ending(self) -> None:
        """Say that it ends."""
        self._terminal.line()
        self._terminal.line("Ended. The table and its alerts were kept in memory, and are gone.")

    def failed(self, message: str, details: str) -> None:
        """Print the error, with another tool's lines under it."""
        errors = Terminal(sys.stderr)
        errors.line(f"{errors.style('bad', 'error:')} {message}")
        for part in details.splitlines():
            errors.line(f"  {errors.style('dim', '|')} {part}")

    def _dim(self, text: str) -> str:
        return self._terminal.style("dim", text)

    def _good(self, text: str) -> str:
        return self._terminal.style("good", text)

    def _bad(self, text: str) -> str:
        return self._terminal.style("bad", text)
