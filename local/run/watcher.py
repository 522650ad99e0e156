"""Watches while the user makes changes: alerts, what receivers are sent, those that raise no alert, edits, failures."""

from __future__ import annotations

from dataclasses import replace

from botocore.exceptions import ClientError

from event_source_mapping import EventType
from local.reports.report import Report
from local.run.receivers_deployment import DeployedReceivers
from local.samples.expected import Expected, reasons
from local.samples.sample_product import SampleProduct
from local.samples.subscriber import Subscriber
from local.stack.deployment import Deployment, is_being_removed
from local.stack.errors import REMOVED, ReceiversRefusedError, RemovedError, RulesRefusedError
from local.stack.function_log import FunctionLog
from local.stack.local_aws import LocalAws
from local.stack.local_table import LocalTable
from local.stack.rules_deployment import DeployedRules
from local.stack.served_mapping import ServedMapping
from operations.activity.activity_log import DEPLOYED, DEPLOYING, RECEIVERS, REFUSED, RULES, ActivityLog
from operations.deployed.running import Claim
from operations.ledger.mutes import mutes_for_rules

WATCH_SECONDS = 1  # between two looks at the records, the rules and whether the local AWS still runs
TROUBLE = frozenset({EventType.FAILED, EventType.PARTIAL})


class Watcher:
    """Reports what happens, until it is interrupted."""

    def __init__(
        self,
        aws: LocalAws,
        deployment: Deployment,
        *,
        claim: Claim,
        subscriber: Subscriber,
        mapping: ServedMapping,
        rules: DeployedRules,
        expected: Expected,
        report: Report,
        activity: ActivityLog | None = None,
        receivers: DeployedReceivers | None = None,
    ) -> None:
        self._aws = aws
        self._deployment = deployment
        self._claim = claim
        self._subscriber = subscriber
        self._mapping = mapping
        self._rules = rules
        self._expected = expected
        self._report = report
        self._activity = activity
        self._receivers = receivers
        self._log = FunctionLog(aws, deployment.alerts_function_name)

    def watch(self) -> None:
        """Look again and again. Raises RemovedError when the service is removed, or another LocalError."""
        while True:
            try:
                self.look()
            except ClientError:  # of a table, say, that is gone before the mapping is
                if is_being_removed(self._aws):
                    raise RemovedError(REMOVED) from None
                raise
            self._aws.check()

    def look(self) -> None:
        """Look once, for as long as `WATCH_SECONDS`."""
        alerts = self._subscriber.receive(WATCH_SECONDS)
        events = self._mapping.stream_events()
        self._report.mapping_log(events)
        if any(event.outcome in TROUBLE for event in events):
            self._report.function_log(self._log.new_errors())
        for alert in alerts:
            self._report.alert(alert, sample=None)
        for each in self._receivers.served.arrived(self._aws) if self._receivers else ():
            self._report.delivery(each)
        done = list(self._mapping.done())
        if done:
            self._expected.mutes = mutes_for_rules(self._aws.client("dynamodb"), self._deployment.ledger_table_name)
        for record in done:
            verdicts = self._expected.verdicts(record)
            if verdicts and not any(verdict.alerts for verdict in verdicts):
                self._report.quiet_change(verdicts[0], reasons(verdicts))
        self._follow_the_stream()
        self._take_up_rules()
        if self._receivers and self._receivers.edited():
            self._take_up_receivers(self._receivers)

    def _follow_the_stream(self) -> None:
        """Notice a deploy with another table."""
        arn = self._mapping.stream_arn
        if arn != self._deployment.products_stream_arn:
            name = arn.partition(":table/")[2].partition("/")[0]
            self._deployment = replace(self._deployment, products_stream_arn=arn, products_table_name=name)
            self._claim.announce_table(name)
            table = LocalTable(self._aws.client("dynamodb"), name)
            self._report.table_changed(self._deployment, SampleProduct(table, self._rules.ruleset))

    def _take_up_rules(self) -> None:
        """Deploy edited rules; a mistake leaves the old ones."""
        if self._activity and self._rules.is_edited():
            self._note(RULES, "", DEPLOYING)
        try:
            if self._rules.take_up_edits():
                self._expected.ruleset = self._rules.ruleset
                if self._activity:
                    self._activity.rules(self._rules.text)
                    self._note(RULES, self._rules.version, DEPLOYED)
                self._report.rules_deployed(self._rules)
        except RulesRefusedError as error:
            self._note(RULES, self._rules.version, REFUSED, error.details or str(error))
            self._report.rules_refused(str(error), error.details)

    def _take_up_receivers(self, receivers: DeployedReceivers) -> None:
        """Deploy edited receivers; a mistake leaves the old ones."""
        self._note(RECEIVERS, "", DEPLOYING)
        try:
            with self._report.waiting("deploying the edited receivers"):
                count = receivers.deploy()
            self._note(RECEIVERS, receivers.version, DEPLOYED)
            self._report.receivers_deployed(count)
        except ReceiversRefusedError as error:
            self._note(RECEIVERS, receivers.version, REFUSED, error.details or str(error))
            self._report.receivers_refused(str(error), error.details)

    def _note(self, file: str, version: str, state: str, reason: str = "") -> None:
        if self._activity:
            self._activity.deployment(file, version, state, reason)
