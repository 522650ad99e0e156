"""How long an alert takes on the local stack, from `put-item` to a subscriber's queue, at several rates.

The stream's `batchWindow` (a second, as shipped) is part of it: a lone change waits for the whole of it, a full
batch for nothing. The local AWS is part of it, too, and is not as fast or slow as AWS.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measuring.figures import Figure
from benchmarks.measuring.timing import percentile
from local.stack.deployment import Deployment
from local.stack.local_aws import LocalAws

TOPIC = "From put-item to the subscriber, local stack"
RATES = ((1, 20), (50, 500))
"""Changes a second, and how many of them."""
MOST = 1500  # changes, as fast as they can be written
WRITERS = 4
RECEIVERS = 2
ALL_WITHIN = 90  # seconds


@dataclass
class _Run:
    """Changes on their way, by product."""

    sent: dict[str, float] = field(default_factory=dict)
    received: dict[str, float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def latencies(self) -> list[float]:
        return [self.received[product] - at for product, at in self.sent.items() if product in self.received]


def measure(aws: LocalAws, outputs: Deployment) -> list[Figure]:
    """Write new products at each rate, and wait for the alert of each."""
    queue_url = _subscribe(aws, outputs)
    _run(aws, outputs, queue_url, rate=0, count=1)  # the function's first start is not what is measured here
    figures = []
    for rate, count in RATES:
        run = _run(aws, outputs, queue_url, rate=rate, count=count)
        figures += _figures(f"{rate} a second", run)
    run = _run(aws, outputs, queue_url, rate=0, count=MOST)
    figures += _figures("as fast as it goes", run)
    for what, times in (("written", run.sent), ("alerts received", run.received)):
        seconds = max(times.values()) - min(run.sent.values()) if times else float("inf")
        figures.append(Figure(TOPIC, f"as fast as it goes: {what}", len(times) / max(seconds, 1e-9), "a second"))
    return figures


def _figures(name: str, run: _Run) -> list[Figure]:
    latencies = run.latencies()
    note = f"{len(run.received)} of {len(run.sent)} arrived"
    if not latencies:
        return [Figure(TOPIC, f"{name}: p50", float("inf"), "s", note=note)]
    return [
        Figure(TOPIC, f"{name}: p{percent}", percentile(latencies, percent), "s", note=note) for percent in (50, 99)
    ]


def _run(aws: LocalAws, outputs: Deployment, queue_url: str, *, rate: int, count: int) -> _Run:
    """Make so many changes, `rate` a second (0: no pause), and receive until all are in or the time is up."""
    run = _Run()
    receivers = [threading.Thread(target=_receive, args=(run, aws, queue_url)) for _ in range(RECEIVERS)]
    for receiver in receivers:
        receiver.start()
    client = aws.client("dynamodb")
    started = time.monotonic()

    def put(number: int) -> None:
        time.sleep(max(0, started + number / rate - time.monotonic()) if rate else 0)
        product = f"rate-{rate}-{count}-{number}"
        item = {"productId": {"S": product}, "name": {"S": "Wireless Mouse"}, "price": {"N": "25.99"}}
        run.sent[product] = time.monotonic()
        client.put_item(TableName=outputs.products_table_name, Item=item)

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(put, range(count)))
    deadline = time.monotonic() + ALL_WITHIN
    while len(run.received) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    run.over.set()
    for receiver in receivers:
        receiver.join()
    return run


def _receive(run: _Run, aws: LocalAws, queue_url: str) -> None:
    sqs = aws.client("sqs")
    while not run.over.is_set():
        messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages", []
        )
        now = time.monotonic()
        for message in messages:
            run.received.setdefault(json.loads(json.loads(message["Body"])["Message"])["subject"], now)
        if messages:
            entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
            sqs.delete_message_batch(QueueUrl=queue_url, Entries=entries)


def _subscribe(aws: LocalAws, outputs: Deployment) -> str:
    sqs: Any = aws.client("sqs")
    queue_url: str = sqs.create_queue(QueueName="benchmark")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
    aws.client("sns").subscribe(TopicArn=outputs.alerts_topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"])
    return queue_url
