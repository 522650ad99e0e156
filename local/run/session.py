"""One run of the service on the laptop, from an empty local AWS to the last alert."""

import contextlib
from contextlib import ExitStack

from botocore.exceptions import BotoCoreError, ClientError

from local.reports.report import Report
from local.run.player import Player
from local.samples.failures_queue import FailuresQueue
from local.samples.rules_outline import read_rules_outline
from local.samples.sample_receivers import SampleReceivers, sample_receivers
from local.samples.samples import POISON_ID, samples
from local.samples.subscriber import Subscriber
from local.stack.deployment import Deployment, deploy, function_log
from local.stack.errors import LocalError
from local.stack.local_aws import LocalAws, local_aws
from local.stack.served_mapping import ServedMapping, served_mapping
from operations.deployed.running import Claim, Running, claim_directory
from operations.settings.project import LOCAL_STAGE, PROJECT

RULES = PROJECT / "alerts.toml"
WATCH_SECONDS = 5  # between two looks whether the local AWS still runs and alerts.toml is the same


def run(report: Report, *, port: int | None, once: bool) -> bool:
    """Start, deploy, play the samples and, unless `once`, watch until interrupted.

    Returns whether the samples raised the alerts that the rules ask for; True if the watching was ended.
    Raises LocalError; a KeyboardInterrupt before the watching passes through. Every process it started has ended.
    """
    with ExitStack() as stack:
        claim = stack.enter_context(claim_directory())
        with report.step("Starting the local AWS (ministack)", "The local AWS is up (ministack)"):
            aws = stack.enter_context(local_aws(claim.directory, port))
        try:
            return _use(aws, claim, report, once=once)
        except (BotoCoreError, ClientError) as error:
            aws.check()
            raise LocalError(f"The local AWS refused a request: {error}. Its log is {aws.log}.") from error


def _use(aws: LocalAws, claim: Claim, report: Report, *, once: bool) -> bool:
    command = f"npx sls deploy --stage {LOCAL_STAGE}"
    with ExitStack() as stack:
        receivers = stack.enter_context(sample_receivers())
        receivers.prepare(aws)
        with report.step(f"Deploying ({command})", f"The service is deployed ({command})"):
            deployment = deploy(aws, receivers.endpoint_url)
        mapping = stack.enter_context(served_mapping(aws, poison=POISON_ID))
        subscriber = Subscriber(aws, deployment.alerts_topic_arn)
        report.started(aws, deployment)
        claim.announce(Running(aws.endpoint_url, deployment.products_table_name))
        ok = _play(aws, deployment, subscriber, mapping, report, receivers=receivers)
        if not once:
            report.watching(aws, deployment)
            with contextlib.suppress(KeyboardInterrupt):
                _watch(aws, subscriber, mapping, report)
            report.ending()
        return ok or not once


def _play(
    aws: LocalAws,
    deployment: Deployment,
    subscriber: Subscriber,
    mapping: ServedMapping,
    report: Report,
    *,
    receivers: SampleReceivers,
) -> bool:
    rules = read_rules_outline(RULES)
    failures = FailuresQueue(aws, deployment)
    summary = Player(rules, subscriber, mapping, failures, report).play(samples(aws, deployment, rules))
    with report.waiting("waiting for the receivers"):
        delivered = receivers.collect(aws)
    report.delivered(delivered, aws)
    report.summary(summary, "" if summary.ok else function_log(aws, deployment))
    return summary.ok


def _watch(aws: LocalAws, subscriber: Subscriber, mapping: ServedMapping, report: Report) -> None:
    rules = _modified()
    while True:
        alerts = subscriber.receive(WATCH_SECONDS)
        report.mapping_log(mapping.stream_events())
        if _modified() != rules:
            rules = _modified()
            report.rules_changed()
        for alert in alerts:
            report.alert(alert, sample=None)
        aws.check()


def _modified() -> float:
    try:
        return RULES.stat().st_mtime
    except OSError:  # an editor is just replacing it
        return 0
