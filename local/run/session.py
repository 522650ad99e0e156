"""One run of the service on the laptop, from an empty local AWS to the last alert."""

from __future__ import annotations

import contextlib
import traceback
from contextlib import ExitStack

from botocore.exceptions import BotoCoreError, ClientError

from local.reports.report import Report
from local.run.player import Player
from local.run.receivers_deployment import DeployedReceivers
from local.run.watcher import Watcher
from local.samples.expected import Expected
from local.samples.failures_queue import GivenUpReader
from local.samples.sample_product import SampleProduct
from local.samples.sample_receivers import RECEIVERS, SampleReceivers, sample_receivers
from local.samples.samples import POISON_ID, samples
from local.samples.subscriber import Subscriber
from local.stack.console_process import console_process
from local.stack.deployment import Deployment, deploy, until_removed
from local.stack.errors import LocalError, RemovedError
from local.stack.function_log import FunctionLog
from local.stack.local_aws import LocalAws, local_aws
from local.stack.local_table import LocalTable
from local.stack.rules_deployment import DeployedRules
from local.stack.served_mapping import NO_POISON, ServedMapping, served_mapping
from operations.activity import activity_log
from operations.activity.activity_log import ActivityLog
from operations.deployed.running import Claim, Running, claim_directory, find_running
from operations.products.products_table import ChangeError
from operations.settings.editing import version_of
from operations.settings.project import LOCAL_STAGE, PROJECT

RULES = PROJECT / "alerts.toml"


def run(report: Report, *, port: int | None, once: bool) -> bool:
    """Start, deploy, play the samples and, unless `once`, watch until interrupted or the service is removed.

    Returns whether the samples raised the alerts that the rules ask for; True if the watching was ended.
    Raises LocalError; a KeyboardInterrupt before the watching passes through. Every process it started has ended.
    """
    with ExitStack() as stack:
        beside = find_running()
        claim = stack.enter_context(claim_directory())
        with report.step("Starting the local AWS (ministack)", _is_up(beside)):
            aws = stack.enter_context(local_aws(claim.directory, port, preferred=claim.last_port))
        claim.remember_port(aws.port)
        try:
            return _use(aws, claim, report, once=once)
        except ChangeError as error:  # a sample does not fit the table
            raise LocalError(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            aws.check()
            details = "".join(traceback.format_exception(error))
            raise LocalError(
                f"The local AWS refused a request: {error}. Its log is {aws.log}.", trace=details
            ) from error


def _is_up(beside: Running | None) -> str:
    """Say so, and what that means for another run."""
    up = "The local AWS is up (ministack)"
    if beside is None:
        return up
    return f"{up}. Another `npm start` runs at {beside.endpoint_url}; stage local means this one until it ends"


def _use(aws: LocalAws, claim: Claim, report: Report, *, once: bool) -> bool:
    command = f"npx sls deploy --stage {LOCAL_STAGE}"
    text, receivers_text = (path.read_bytes() if path.exists() else b"" for path in (RULES, PROJECT / RECEIVERS))
    with ExitStack() as stack:
        receivers = stack.enter_context(sample_receivers())
        receivers.prepare(aws)
        with report.step(f"Deploying ({command})", f"The service is deployed ({command})"):
            deployment = deploy(aws, receivers.endpoint_url)
        receivers.listen(aws)
        activity = ActivityLog(claim.directory)
        stack.callback(activity.close)
        activity.rules(text.decode("utf-8", "replace"))
        for file, content in ((activity_log.RULES, text), (activity_log.RECEIVERS, receivers_text)):
            activity.deployment(file, version_of(content), activity_log.DEPLOYED)
        rules = DeployedRules(aws, deployment.alerts_function_name, RULES, text)
        product = SampleProduct(LocalTable(aws.client("dynamodb"), deployment.products_table_name), rules.ruleset)
        mapping = stack.enter_context(served_mapping(aws, product.key(POISON_ID), activity))
        subscriber = Subscriber(aws, deployment.alerts_topic_arn)
        report.started(aws, deployment)
        claim.announce(Running(aws.endpoint_url, deployment.products_table_name, receivers.endpoint_url))
        console = None if once else stack.enter_context(console_process(claim.directory))
        expected = Expected(rules.ruleset)
        ok = _play(
            aws,
            deployment,
            subscriber=subscriber,
            mapping=mapping,
            expected=expected,
            product=product,
            receivers=receivers,
            report=report,
        )
        mapping.poison = NO_POISON  # a deploy may have the samples read again
        if not once:
            report.watching(aws, deployment, product, console.address() if console else "")
            watcher = Watcher(
                aws,
                deployment,
                claim=claim,
                subscriber=subscriber,
                mapping=mapping,
                rules=rules,
                expected=expected,
                report=report,
                activity=activity,
                receivers=DeployedReceivers(aws, receivers, PROJECT / RECEIVERS, receivers_text),
            )
            try:
                with contextlib.suppress(KeyboardInterrupt):
                    watcher.watch()
                report.ending()
            except RemovedError as removed:
                claim.withdraw()
                report.ending(str(removed))
                with report.waiting("`sls remove` still needs the local AWS"):
                    until_removed(aws)
        return ok or not once


def _play(
    aws: LocalAws,
    deployment: Deployment,
    *,
    subscriber: Subscriber,
    mapping: ServedMapping,
    expected: Expected,
    product: SampleProduct,
    receivers: SampleReceivers,
    report: Report,
) -> bool:
    failures = GivenUpReader(aws, deployment)
    player = Player(expected, subscriber, mapping, failures, report)
    summary = player.play(samples(aws, deployment, product))
    with report.waiting("waiting until the receivers have all they were sent, and the digests"):
        delivered = receivers.collect(aws)
    report.delivered(delivered, aws, receivers.without(delivered))
    log = FunctionLog(aws, deployment.alerts_function_name)
    report.summary(summary, "" if summary.ok else log.last())
    return summary.ok
