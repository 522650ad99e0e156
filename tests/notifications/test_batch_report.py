"""What is reported of a batch: its log lines and its metrics."""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any

import pytest

from notifications.alerts.alert import TYPES
from notifications.batch import RecordState
from notifications.batch_report import BatchReport
from notifications.common.errors import RefusedAlertError, ServiceError
from notifications.publishing.messages import AlertMessage
from tests.builders import CREATED_AT, added, priced, rules, sequence_number
from tests.notifications.common.test_embedded_metrics import SCHEMA
from tests.service import DOWN, Service

NOISY = """
[product]
id = "productId"
[[rules]]
name = "new"
when = "added"
max_per_hour = 2
[[rules]]
name = "drop"
when = "price_drop"
cooldown = "1h"
"""
EVIL = 'x"}\n[ERROR] forged\r\n\u2028{"level": "ERROR"}'


class Reported(Service):
    """The function, with what it writes as metrics."""

    def __init__(self, **given: Any) -> None:
        self.lines: list[str] = []
        super().__init__(**given)
        self.report = BatchReport("alerts-function", self.lines.append, clock=lambda: CREATED_AT + 1.5)

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The documents, checked."""
        read = [json.loads(line) for line in self.lines]
        for each in read:
            SCHEMA.validate(each)
        return read

    def sums(self, name: str, dimension: str = "") -> Counter[str]:
        """Add a metric up by a dimension; without one, the total that the batch's own document has."""
        found: Counter[str] = Counter()
        for each in self.metrics:
            dimensions = [
                part for part in each["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0] if part != "FunctionName"
            ]
            if name in each and (dimension in dimensions if dimension else not dimensions):
                found[each.get(dimension, "")] += each[name]
        return found


def fields(caplog: pytest.LogCaptureFixture, message: str) -> list[dict[str, Any]]:
    """Give the fields of the log records whose message begins so."""
    return [vars(record) for record in caplog.records if record.getMessage().startswith(message)]


def test_the_metrics_of_a_batch_add_up() -> None:
    """Records, changes, alerts by rule and type, suppressed by reason, parked: what the fakes hold."""
    service = Reported(loaded=rules(NOISY))
    service.handle(*(added(f"p{n}", n) for n in range(5)), priced(9, 8, "mug", 7), priced(8, 7, "mug", 8), {"x": 1})
    totals = service.metrics[0]
    assert (totals["Records"], totals["Changes"], totals["Parked"]) == (8, 8, len(service.parked)) == (8, 8, 1)
    assert totals["Alerts"] == len(service.alerts)
    assert service.sums("Alerts", "Rule") == Counter(alert.rule for alert in service.alerts) == {"new": 3, "drop": 1}
    assert service.sums("Alerts", "Type") == Counter(alert.type for alert in service.alerts)
    assert service.sums("Suppressed", "Reason") == {"hourly limit": 3, "cool-down": 1}
    assert service.sums("Suppressed")[""] == 4
    assert {each["FunctionName"] for each in service.metrics} == {"alerts-function"}
    assert totals["OldestRecordAge"] == 1500
    assert totals["BatchDuration"] >= 0


def test_what_an_operators_mute_holds_back_is_counted_as_such() -> None:
    """And not what a product mutes itself, nor what would not have alerted."""
    text = NOISY.replace('id = "productId"', 'id = "productId"\noverrides = "own"')
    service = Reported(loaded=rules(text.replace('cooldown = "1h"', "all_time_low = true")))
    service.ledger.mutes = {("new", ""): CREATED_AT + 60, ("drop", "mug"): CREATED_AT + 60}
    service.handle(added("p1", 1), added("p2", 2), priced(9, 8, "mug", 3), priced(8, 9, "mug", 4))
    own = priced(9, 8, "pen", 5)
    own["dynamodb"]["NewImage"]["own"] = {"M": {"drop": {"S": "mute"}}}
    service.handle(own)
    assert service.sums("Suppressed", "Reason") == {"mute": 3}
    assert service.sums("Suppressed")[""] == 3
    assert service.alerts == []


@pytest.mark.parametrize("failure", [DOWN, RefusedAlertError("too long")], ids=["for now", "for good"])
def test_an_alert_that_the_topic_does_not_take_is_a_publish_failure(failure: ServiceError | RefusedAlertError) -> None:
    """Whether it comes again or is parked."""

    def fail_one(message: AlertMessage) -> ServiceError | RefusedAlertError | None:
        return failure if message.alert.subject == "b" else None

    service = Reported(failure_of=fail_one)
    service.handle(added("a", 1), added("b", 2))
    assert (service.metrics[0]["PublishFailures"], service.metrics[0]["Alerts"]) == (1, 1)


def test_a_call_that_fails_as_a_whole_counts_each_alert_that_it_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outage of a topic is not one failure."""
    service = Reported()
    monkeypatch.setattr(service.topic, "publish", _raise)
    service.handle(*(added(f"p{n}", n) for n in range(3)))
    assert service.metrics[0]["PublishFailures"] == 3


def _raise(_: object) -> Any:
    raise DOWN


def test_an_empty_batch_reports_no_age() -> None:
    """Where no record is, none is old."""
    service = Reported()
    service.handle()
    assert "OldestRecordAge" not in service.metrics[0]


@pytest.mark.parametrize("created", [None, "soon", True, float("nan"), float("inf"), 10**400, -5])
def test_a_malformed_time_spoils_nothing(created: Any) -> None:
    """The metrics of a batch stay valid JSON whatever its first record says."""
    record = added()
    record["dynamodb"]["ApproximateCreationDateTime"] = created
    service = Reported()
    service.handle(record)
    assert "NaN" not in service.lines[0]
    assert "Infinity" not in service.lines[0]
    assert service.metrics[0]["Records"] == 1


def test_the_line_of_a_batch_has_its_counts_as_fields(caplog: pytest.LogCaptureFixture) -> None:
    """For queries: no text is to be taken apart."""
    caplog.set_level(logging.INFO, logger="notifications")
    Reported(loaded=rules(NOISY)).handle(added("a", 1), priced(9, 8, "mug", 7), priced(8, 7, "mug", 8))
    (said,) = fields(caplog, "records 3")
    wanted = {"records": 3, "changes": 3, "published": 2, "repeated": 0, "suppressed": 1, "parked": 0, "retried": 0}
    assert {name: said[name] for name in wanted} == wanted
    assert said["durationMs"] >= 0


def test_at_debug_each_alert_leads_to_its_record_and_back(caplog: pytest.LogCaptureFixture) -> None:
    """Its line has the ids of both."""
    caplog.set_level(logging.DEBUG, logger="notifications")
    service = Reported(loaded=rules(NOISY))
    service.handle(*(added(f"p{n}", n) for n in range(1, 5)))
    said = fields(caplog, "alert published")
    assert [(each["alertId"], each["rule"], each["type"]) for each in said] == [
        (alert.id, alert.rule, TYPES["added"]) for alert in service.alerts
    ]
    assert [each["sequenceNumber"] for each in said] == [sequence_number(n) for n in (1, 2, 3)]
    assert [each["eventId"] for each in said] == [f"{n:032x}" for n in (1, 2, 3)]


def test_nothing_of_a_product_is_logged_above_debug(caplog: pytest.LogCaptureFixture) -> None:
    """Neither in a message nor in a field, whatever happens to its record."""
    caplog.set_level(logging.INFO, logger="notifications")
    secret = "Zyxw-secret"  # noqa: S105 - what must not be found
    broken = added(secret, 3, name=secret)
    broken["dynamodb"]["NewImage"]["name"] = {"N": secret}
    odd = added(secret, 4, name=secret)
    odd["dynamodb"]["SequenceNumber"] = secret
    odd["eventName"] = secret
    service = Reported(failure_of=lambda message: DOWN if message.alert.sequence_number == sequence_number(2) else None)
    service.handle(added(secret, 1, name=secret), broken, odd, priced(9, secret, secret, 5), added(secret, 2))
    service.handle(odd, redrive=True)
    assert service.alerts
    assert "given up" in caplog.text
    assert "handed back" in caplog.text
    assert not [record for record in caplog.records if secret in str(vars(record))]
    assert secret not in "".join(service.lines)


def test_a_fault_of_our_own_is_logged_without_what_it_quotes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its kind and place are, so that it can be mended."""
    secret = "Zyxw" * 2

    def faulty(*_: object) -> None:
        raise KeyError(secret)

    monkeypatch.setattr(RecordState, "read", faulty)
    Reported().handle(added())
    assert "KeyError" in caplog.text
    assert "in faulty" in caplog.text
    assert secret not in caplog.text


def test_no_value_can_forge_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """A message is one line, even at debug level: values are fields, which the JSON log format escapes."""
    caplog.set_level(logging.DEBUG, logger="notifications")
    broken = added(EVIL, 3)
    broken["dynamodb"]["NewImage"]["name"] = EVIL
    broken["dynamodb"]["SequenceNumber"] = EVIL
    service = Reported(
        failure_of=lambda message: ServiceError(f"down {EVIL}") if message.alert.rule == "drop" else None
    )
    service.handle(broken, added(EVIL, 1, name=EVIL), priced(9, 8, EVIL, 2))
    assert len(caplog.messages) >= 4
    assert all(len(message.splitlines()) == 1 for message in caplog.messages)
    assert all(len(line.splitlines()) == 1 for line in service.lines)


def test_a_report_that_fails_leaves_the_answer_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """A full disk or a closed pipe costs the metrics, not the batch."""

    def full(_: str) -> None:
        raise OSError("no space left")

    service = Service()
    service.report = BatchReport("f", full)
    assert service.handle(added()) == {"batchItemFailures": []}
    assert "could not be reported" in caplog.text
