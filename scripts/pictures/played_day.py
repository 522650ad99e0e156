"""Six hours of a shop, played under virtual time, with the metrics that AWS and the function would emit of them.

The mapping, the function, its rules and the deliveries are the project's own; what they write to is in memory, and how
long a call takes is assumed. At 08:10 comes a record that no rule can read, played again at 09:15; at 09:00 a sale
begins; at 09:10 a chat is down for a while; from 10:00 to 10:25 SNS is.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from event_source_mapping.mapping.session import Options
from event_source_mapping.testing.builders import make_settings
from event_source_mapping.testing.fake_stream import FakeShard
from event_source_mapping.testing.fakes import FakeFunction, python_function
from event_source_mapping.testing.simulation import Simulation
from notifications.batch import Batch
from notifications.batch_report import BatchReport
from notifications.common.errors import (
    DeliveryFailedError,
    ProductAlertsError,
    RefusedDeliveryError,
    ServiceError,
)
from notifications.config import rules_file
from notifications.config.receiver import Receiver
from notifications.delivery.handling.channel import Channel
from notifications.delivery.handling.counted import CountedProgress, CountedQueues, DeliveryMetrics
from notifications.delivery.handling.delivery import Deliveries
from notifications.delivery.handling.fakes import MemoryProgress, MemoryQueues
from notifications.delivery.rendering.view import view_of
from notifications.delivery.sending.fakes import MemorySender
from notifications.delivery.sending.sender import Outgoing
from notifications.pipeline import Pipeline
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from notifications.publishing.ledger import Entry, LedgerQuery, LedgerSnapshot, nothing
from operations.settings.project import PROJECT
from scripts.pictures.emitted import PERIOD, PERIODS, EmittedMetrics
from scripts.pictures.shop import START, changes, hours, within

_HOUR = 3600.0
_REDRIVEN = 3.25  # hours after the start, as are the others
_SNS_IS_DOWN = (4.0, 4.0 + 25 / 60)
_CHAT_IS_DOWN = (3.17, 3.5)
_REFUSED = 5.0
_RECEIVERS = ("buyers", "everyone")
_STREAM_FUNCTION = {"FunctionName": "${AlertsLambdaFunction}"}
_DELIVERY_FUNCTION = {"FunctionName": "${DeliveryLambdaFunction}"}
_MAPPING = {"EventSourceMappingUUID": "${AlertsEventSourceMapping}"}
_OF_THE_MAPPING = ("PolledEventCount", "FilteredOutEventCount", "InvokedEventCount", "FailedInvokeEventCount",
                   "OnFailureDestinationDeliveredEventCount", "DroppedEventCount")  # fmt: skip


class _Ledger(MemoryLedger):
    """Counts the units that DynamoDB would charge for items of its smallest size."""

    def __init__(self) -> None:
        super().__init__()
        self.read_units = self.write_units = 0

    def read(self, query: LedgerQuery, before_call: Any = nothing) -> LedgerSnapshot:
        self.read_units += len(query.alerts) + len(query.products)
        return super().read(query, before_call)

    def write(self, entries: Sequence[Entry], before_call: Any = nothing) -> None:
        self.write_units += len(entries)
        super().write(entries, before_call)


class _StreamSide:
    """The mapping and its function."""

    def __init__(self, metrics: EmittedMetrics) -> None:
        self._metrics = metrics
        self._spent = 0.0
        self._before: dict[str, float] = {}
        self.topic = MemoryTopic(self._failure_of)
        self.ledger = _Ledger()
        self.failures = MemoryFailures()
        rules = rules_file.load(PROJECT / "alerts.toml")
        report = BatchReport(_STREAM_FUNCTION["FunctionName"], metrics.add_line, self.now)
        self._pipeline = Pipeline(rules, self.topic, self.ledger, self.failures, observe=partial(self._report, report))
        self._simulation = Simulation(
            [FakeShard("shardId-1", records=list(changes(random.Random(14))))],  # noqa: S311 - a picture's dice
            make_settings(
                batch_size=100, batching_window=1, maximum_retry_attempts=50, report_batch_item_failures=True
            ),
            function=FakeFunction(python_function(self._invoke)),
            options=Options(poll_interval=5.0, discovery_interval=3600.0, settings_interval=math.inf),
            start=START,
        )

    def now(self) -> float:
        return self._simulation.scheduler.now()

    def play(self, period: int) -> None:
        """Serve until the end of a period, and emit what AWS counts of it."""
        end = START + (period + 1) * PERIOD
        self._simulation.run(seconds=end - self.now(), idle=math.inf)
        add = partial(self._metrics.add, at=end - 1)
        waiting = len(self.failures.parked) if hours(end) < _REDRIVEN else 0
        add("AWS/SQS", "ApproximateNumberOfMessagesVisible", _queue("FailuresQueue"), value=waiting)
        counted = self._simulation.poller.metrics.as_dict()
        for name in ("Invocations", "Errors", "Throttles", "DestinationDeliveryFailures"):
            add("AWS/Lambda", name, _STREAM_FUNCTION, value=self._grown(name, counted[name]))
        for name in _OF_THE_MAPPING:
            add("AWS/Lambda", name, _MAPPING, value=self._grown(name, counted[name]))
        table = {"TableName": "${LedgerTable}"}
        add("AWS/DynamoDB", "ConsumedReadCapacityUnits", table, value=self._grown("read", self.ledger.read_units))
        add("AWS/DynamoDB", "ConsumedWriteCapacityUnits", table, value=self._grown("write", self.ledger.write_units))
        topic = {"TopicName": "${AlertsTopic.TopicName}"}
        add("AWS/SNS", "NumberOfMessagesPublished", topic, value=self._grown("sns", len(self.topic.published)))

    def _grown(self, name: str, value: float) -> float:
        before, self._before[name] = self._before.get(name, 0), value
        return value - before

    def _invoke(self, event: dict[str, Any], _context: None) -> Any:
        calls = 3 if len(event["Records"]) > 1 else 2
        self._spent = 0.004 + 0.0006 * len(event["Records"]) + 0.011 * calls
        last = event["Records"][-1]["dynamodb"]["ApproximateCreationDateTime"]
        answer = self._pipeline.handle(event)
        add = partial(self._metrics.add, "AWS/Lambda", dimensions=_STREAM_FUNCTION, at=self.now())
        add("IteratorAge", value=max(self.now() - last, 0) * 1000)
        add("Duration", value=self._spent * 1000)
        add("ConcurrentExecutions", value=1)
        self._simulation.scheduler.spend(self._spent)
        return answer

    def _report(self, report: BatchReport, batch: Batch, _seconds: float) -> None:
        report(batch, self._spent)

    def _failure_of(self, _message: object) -> ProductAlertsError | None:
        return ServiceError("SNS did not answer") if within(hours(self.now()), _SNS_IS_DOWN) else None


class _DeliverySide:
    """The receivers' queues and the function behind them."""

    def __init__(self, metrics: EmittedMetrics) -> None:
        self._metrics = metrics
        self._now = START
        self._waiting: list[tuple[float, str, str]] = []  # due, receiver, body
        self._queues = MemoryQueues()
        emitted = DeliveryMetrics(_DELIVERY_FUNCTION["FunctionName"], metrics.add_line, lambda: self._now)
        progress = CountedProgress(MemoryProgress(), emitted)
        channels = {name: self._channel(Receiver(name, "text")) for name in _RECEIVERS}
        self._deliveries = Deliveries(channels, progress, CountedQueues(self._queues, emitted), "")

    def play(self, period: int, alerts: Sequence[str]) -> None:
        """Deliver the alerts that were published in a period, and what waits for another attempt."""
        self._now = START + (period + 1) * PERIOD - 1
        self._waiting += [(self._now, receiver, body) for body in alerts for receiver in _RECEIVERS]
        due = [each for each in self._waiting if each[0] <= self._now]
        self._waiting = [each for each in self._waiting if each[0] > self._now]
        for _, receiver, body in due:
            self._deliver(receiver, body)
        add = partial(self._metrics.add, at=self._now)
        for name, value in (("Invocations", len(due)), ("Errors", 0), ("Throttles", 0)):
            add("AWS/Lambda", name, _DELIVERY_FUNCTION, value=value)
        waiting = len(self._queues.undelivered)
        add("AWS/SQS", "ApproximateNumberOfMessagesVisible", _queue("UndeliveredQueue"), value=waiting)

    def _deliver(self, receiver: str, body: str) -> None:
        record = {"messageId": "1", "receiptHandle": "1", "body": body, "eventSourceARN": receiver}
        if self._deliveries.handle({"Records": [record]})["batchItemFailures"]:
            _, seconds = self._queues.delays[-1]
            self._waiting.append((self._now + seconds, receiver, body))

    def _channel(self, receiver: Receiver) -> Channel:
        product = rules_file.load(PROJECT / "alerts.toml").product
        return Channel(
            receiver,
            partial(view_of, product=product, receiver=receiver, stage="prod"),
            lambda view: Outgoing(view.id, "", b""),
            lambda _, digest_id: Outgoing(digest_id, "", b""),
            MemorySender(partial(self._failure_of, receiver.name)),
        )

    def _failure_of(self, receiver: str, _outgoing: Outgoing) -> ProductAlertsError | None:
        now = hours(self._now)
        if receiver == "buyers" and within(now, _CHAT_IS_DOWN):
            return DeliveryFailedError("answered 503")
        if receiver == "buyers" and within(now, (_REFUSED, _REFUSED + PERIOD / _HOUR)):
            return RefusedDeliveryError("answered 400")
        return None


def play() -> EmittedMetrics:
    """Play the six hours."""
    metrics = EmittedMetrics()
    logging.disable()
    try:
        _play(metrics)
    finally:
        logging.disable(logging.NOTSET)
    return metrics


def _play(metrics: EmittedMetrics) -> None:
    stream, delivery = _StreamSide(metrics), _DeliverySide(metrics)
    for period in range(PERIODS):
        before = len(stream.topic.published)
        stream.play(period)
        delivery.play(period, [message.body for message in stream.topic.published[before:]])


def _queue(name: str) -> dict[str, str]:
    return {"QueueName": f"${{{name}.QueueName}}"}
