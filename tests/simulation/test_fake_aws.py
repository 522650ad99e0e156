"""The simulation's clients against the contracts that the function's adapters promise, beside the local AWS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from event_source_mapping.running.virtual import VirtualScheduler
from notifications.alerts.alert import Alert
from notifications.publishing.failures import FailuresQueue, Parked, SqsFailures
from notifications.publishing.fakes import MemoryFailures, MemoryLedger, MemoryTopic
from notifications.publishing.ledger import AlertKey, Ledger, LedgerQuery, Reservation, RuleMemory, SentAlert
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.messages import to_message
from notifications.publishing.topic import SnsTopic, Topic
from notifications.rules.memory import Hour, HourlyCount, Memory
from tests.conftest import DeployedService
from tests.simulation.changes import START
from tests.simulation.fake_aws import FakeDynamo, FakeSns, FakeSqs
from tests.simulation.faults import TIMEOUT, Faults, Running

KINDS = ["memory", "simulated", pytest.param("local AWS", marks=pytest.mark.end_to_end)]


@dataclass
class Sinks:
    """Where a pipeline writes to."""

    topic: Topic
    ledger: Ledger
    failures: FailuresQueue


def _simulated() -> Sinks:
    scheduler = VirtualScheduler(START)
    faults = Faults((), (), scheduler)
    faults.running = Running(0, deadline=START + TIMEOUT)
    return Sinks(
        SnsTopic(FakeSns(faults, lambda _: ""), "topic", now=scheduler.now),
        DynamoDbLedger(FakeDynamo(faults), "ledger", 90, now=scheduler.now, sleep=faults.spend),
        SqsFailures(FakeSqs(faults), "queue", "1"),
    )


@pytest.fixture(params=KINDS)
def sinks(request: pytest.FixtureRequest) -> Iterator[Sinks]:
    """Yield the fakes in memory, the adapters on the simulation's clients, and the adapters on the local AWS."""
    if request.param == "memory":
        yield Sinks(MemoryTopic(), MemoryLedger(), MemoryFailures())
    elif request.param == "simulated":
        yield _simulated()
    else:
        service: DeployedService = request.getfixturevalue("deployed_service")
        aws, outputs = service.aws, service.outputs
        yield Sinks(
            SnsTopic(aws.client("sns"), outputs.alerts_topic_arn),
            DynamoDbLedger(aws.client("dynamodb"), outputs.ledger_table_name, 90),
            SqsFailures(aws.client("sqs"), outputs.failures_queue_url, "1"),
        )


def _alert(number: int, product: str = "contract") -> Alert:
    data: dict[str, Any] = {
        "rule": "r", "severity": "info", "title": "t", "text": "t", "product": {}, "changes": [],
        "eventName": "MODIFY", "sequenceNumber": str(number),
    }  # fmt: skip
    return Alert(f"id-{product}-{number}", "product.changed", "arn", product, None, data, {}, str(number))


def _asked(alert: Alert) -> LedgerQuery:
    return LedgerQuery({AlertKey("arn#" + alert.subject, alert.sequence_number, alert.id)})


def test_a_published_message_has_an_id_and_no_error(sinks: Sinks) -> None:
    """Each message has one outcome, in order."""
    messages = [to_message(_alert(number)) for number in range(3)]
    outcomes = sinks.topic.publish(messages)
    assert [outcome.message for outcome in outcomes] == messages
    assert all(outcome.message_id and outcome.error is None for outcome in outcomes)


KNOWN = 'arn#{"productId":{"S":"known"}}'


def test_the_ledger_knows_what_was_written_and_nothing_else(sinks: Sinks) -> None:
    """Alerts, memories and hours come back as they were written; what was not written is not known."""
    alert, hour = _alert(1, "known"), Hour("r", 3600)
    memory = Memory(sequence_number="7", armed=False, alerted_at=12.5, held=2, held_title="t")
    assert sinks.ledger.read(_asked(alert)).sent == set()
    sinks.ledger.write(
        [
            SentAlert("arn#known", alert),
            RuleMemory(KNOWN, {"r": memory}),
        ]
    )
    sinks.ledger.reserve(Reservation(hour, 5, ("a", "b")))
    question = _asked(alert)
    question.products.update({KNOWN, "arn#unknown"})
    question.hours.update({hour, Hour("r", 7200)})
    known = sinks.ledger.read(question)
    assert known.sent == {alert.id}
    assert known.memories == {KNOWN: {"r": memory}}
    assert known.hourly_counts == {hour: HourlyCount({"a", "b"})}


def test_alerts_recorded_by_themselves_are_known(sinks: Sinks) -> None:
    """As those of a transaction are; twice is once."""
    alerts = [_alert(number, "recorded") for number in range(25)]
    sinks.ledger.record([SentAlert("arn#recorded", alert) for alert in alerts])
    sinks.ledger.record([SentAlert("arn#recorded", alert) for alert in alerts[:3]])
    assert sinks.ledger.read(_asked(alerts[0])).sent == {alerts[0].id}
    assert sinks.ledger.read(_asked(alerts[24])).sent == {alerts[24].id}


def test_an_hour_adds_up(sinks: Sinks) -> None:
    """What two invocations count in one hour is there together, and the summary stays said."""
    hour = Hour("adds-up", 3600)
    sinks.ledger.reserve(Reservation(hour, 3, ("a",), "s"))
    sinks.ledger.reserve(Reservation(hour, 3, ("a", "b"), "t"))
    sinks.ledger.reserve(Reservation(hour, 3, ("c", "d"), "u"))
    known = sinks.ledger.read(LedgerQuery(hours={hour}))
    assert known.hourly_counts == {hour: HourlyCount({"a", "b", "c"}, "s")}


def test_a_record_can_be_parked(sinks: Sinks) -> None:
    """Whatever the record is, the queue takes it."""
    sinks.failures.park(Parked({"eventID": "1", "odd": "\ud800\x00"}, "reason", "MalformedRecordError"))
