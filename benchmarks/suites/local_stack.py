"""The whole service on the local AWS: time of a deploy, of publishing, and from a change to its alert."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring.figures import Figure
from benchmarks.measuring.timing import interleaved
from benchmarks.peers import EventHandler
from benchmarks.suites import latency
from benchmarks.suites.artifact import TOPIC as ARTIFACT
from benchmarks.suites.publishing import ALERTS, TIME
from benchmarks.workload.contenders import DESERIALIZER, OURS, PLAIN_LOOP, POWERTOOLS, client_of, contender
from benchmarks.workload.events import batch, event
from local.stack.deployment import Deployment, deploy
from local.stack.local_aws import LocalAws, local_aws
from local.stack.served_mapping import served_mapping

IDEMPOTENCY_TABLE = "idempotency"


def measure(rounds: int = 3) -> list[Figure]:
    """Start a local AWS, deploy to it with `sls deploy`, and measure."""
    with TemporaryDirectory(prefix="product-alerts-") as directory, local_aws(Path(directory)) as aws:
        started = time.perf_counter()
        outputs = deploy(aws)
        deployed = Figure(ARTIFACT, "sls deploy to the local AWS", time.perf_counter() - started, "s")
        figures = [deployed, *_publish(aws, outputs, rounds)]
        with served_mapping(aws):
            return [*figures, *latency.measure(aws, outputs)]


def _publish(aws: LocalAws, outputs: Deployment, rounds: int) -> list[Figure]:
    """Time the contenders in front of the deployed topic and ledger, which nobody listens to yet."""
    aws.client("dynamodb").create_table(
        TableName=IDEMPOTENCY_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    figures = []
    news = _News()
    for alerts in (500, ALERTS):
        tables = {OURS: outputs.ledger_table_name, POWERTOOLS: IDEMPOTENCY_TABLE}
        runs = {}
        for name in (OURS, PLAIN_LOOP, DESERIALIZER, POWERTOOLS):
            sns, dynamodb = (client_of(name, service, aws.endpoint_url) for service in ("sns", "dynamodb"))
            handle = contender(name, sns, dynamodb, outputs.alerts_topic_arn, tables.get(name, ""))
            runs[name] = partial(news.handle, handle, alerts)
        seconds = interleaved(runs, rounds, time.perf_counter, repeat=False)
        where = f"{alerts:,} alerts, local AWS, elapsed"
        figures += [Figure.of(TIME, f"{where}: {name}", spread, "s") for name, spread in seconds.items()]
        figures += [
            Figure.of(TIME, f"{where}: {peer}, of {OURS}", seconds[peer].over(seconds[OURS]), "times")
            for peer in (DESERIALIZER, POWERTOOLS)
        ]
    return figures


class _News:
    """Records that no ledger has seen."""

    def __init__(self) -> None:
        self._next = 0

    def handle(self, handle: EventHandler, alerts: int) -> Any:
        """Hand over so many of them; making them is a small part of the time that AWS takes."""
        parsed = event(batch(alerts, matching_every=1, start=self._next))
        self._next += alerts
        return handle(parsed)
