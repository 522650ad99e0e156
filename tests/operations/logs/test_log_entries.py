"""What a line of a function's log says, from lines that the functions really write."""

from __future__ import annotations

import json
import logging
from datetime import time, timedelta
from typing import Any

import pytest

from notifications.common.errors import DeliveryFailedError, RefusedDeliveryError
from notifications.config.receiver import Digest, Receiver
from operations.logs.function_logs import LogLine
from operations.logs.log_entries import ALERT, BATCH, DELIVERY, ENDED, TROUBLE, LogEntry, read_entry
from tests.builders import added, priced, sequence_number
from tests.lambda_log import lambda_log, report
from tests.notifications.delivery.handling.test_delivery import BERLIN, FLUSH, Function, body, id_in
from tests.service import DOWN, Service

EVIL = '<script>\u202ex"}\n[ERROR] forged'


def entries(lines: list[str]) -> list[LogEntry]:
    """Read lines."""
    found = [read_entry(LogLine(f"e-{number}", 5.0, line)) for number, line in enumerate(lines)]
    return [entry for entry in found if entry]


def test_a_batch_is_an_entry_with_its_counts_and_time() -> None:
    """As the report of the pipeline writes it."""
    with lambda_log("r-7") as lines:
        Service().handle(added("a", 1), priced(10, 8, "b", 2))
    (entry,) = entries(lines)
    assert (entry.kind, entry.outcome, entry.request_id, entry.at) == (BATCH, "done", "r-7", 5.0)
    assert (entry.counts["records"], entry.counts["published"], entry.counts["retried"]) == (2, 2, 0)
    assert entry.milliseconds is not None


def test_what_was_handed_back_and_what_was_parked_name_their_record() -> None:
    """The batch says that not all of it is done."""
    down = Service(failure_of=lambda _: DOWN)
    with lambda_log() as lines:
        down.handle(added("a", 3))
        Service().handle({"dynamodb": {"SequenceNumber": "42"}}, added("a", 4))
    handed_back, first, given_up, second = entries(lines)
    assert (handed_back.kind, handed_back.sequence_number) == (TROUBLE, sequence_number(3))
    assert "SNS did not answer" in handed_back.text
    assert (first.kind, first.outcome, first.counts["retried"]) == (BATCH, "handed back", 1)
    assert (given_up.kind, given_up.sequence_number) == (TROUBLE, "42")
    assert (second.kind, second.outcome, second.counts["parked"]) == (BATCH, "parked", 1)


def test_an_alert_leads_to_its_record_at_debug_level() -> None:
    """At other levels no line names it."""
    with lambda_log(level=logging.DEBUG) as lines:
        service = Service()
        service.handle(added("a", 3))
    (alert,) = [entry for entry in entries(lines) if entry.kind == ALERT]
    assert (alert.alert_id, alert.sequence_number) == (service.alerts[0].id, sequence_number(3))
    assert alert.rule == service.alerts[0].rule


def test_each_attempt_of_a_delivery_is_an_entry_with_its_outcome() -> None:
    """Failing, then delivered; and what no attempt delivered."""
    function = Function()
    with lambda_log() as lines:
        for error in (DeliveryFailedError("503 Service Unavailable"), None):
            function.fail(error)
            function.receive(body())
        function.fail(RefusedDeliveryError("400 Bad Request"))
        function.receive(body("prod-2", 2))
    first, second, third = entries(lines)
    assert {entry.kind for entry in (first, second, third)} == {DELIVERY}
    assert [(each.outcome, each.attempts, each.receiver) for each in (first, second, third)] == [
        ("failing", 1, "shop"),
        ("delivered", 2, "shop"),
        ("undelivered", 1, "shop"),
    ]
    assert first.text == "attempt 1 failed, next in 5 s: 503 Service Unavailable"
    assert [each.alert_id for each in (first, second, third)] == [
        id_in(body()),
        id_in(body()),
        id_in(body("prod-2", 2)),
    ]


def test_what_is_held_and_what_a_digest_became_are_deliveries() -> None:
    """The digest under an id of its own."""
    function = Function(Receiver("shop", "text", digest=Digest(time(8), BERLIN)))
    with lambda_log() as lines:
        function.receive(body())
        function.now += timedelta(days=1)
        function.receive(FLUSH)
        function.receive(body("prod-2", 2))
        function.now += timedelta(days=1)
        function.fail(RefusedDeliveryError("400 Bad Request"))
        function.receive(FLUSH)
    found = entries(lines)
    assert {entry.kind for entry in found} == {DELIVERY}
    assert [entry.outcome for entry in found] == ["held", "delivered", "held", "undelivered"]
    assert [found[0].alert_id, found[2].alert_id] == [id_in(body()), id_in(body("prod-2", 2))]
    assert [found[1].text, found[3].text] == [
        "digest of 1 alerts delivered",
        "digest of 1 alerts undelivered: 400 Bad Request",
    ]


def test_an_invocation_that_ended_badly_is_told_by_lambda_itself() -> None:
    """The function cannot: it ran out of time, or crashed. One that went well is told by the function's own lines."""
    timeout, crash = entries([report("timeout"), report("error", errorType="Runtime.ExitError"), report("success")])
    assert (timeout.kind, timeout.outcome, timeout.request_id) == (ENDED, "timeout", "r-1")
    assert timeout.text == "ran out of time after 30.0 s"
    assert crash.text == "ended in an error after 30.0 s: Runtime.ExitError"


def test_an_error_of_the_runtime_is_trouble() -> None:
    """It has no message, and names its level otherwise."""
    line = {"timestamp": "x", "log_level": "ERROR", "errorType": "ImportError", "errorMessage": "no boto3"}
    (entry,) = entries([json.dumps(line)])
    assert (entry.kind, entry.text, entry.outcome) == (TROUBLE, "ImportError: no boto3", "error")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "START RequestId: 1 Version: $LATEST",
        "[]",
        "7",
        '"x"',
        "{",
        "[" * 60_000,
        '{"a":' * 20_000,
        '{"level": "INFO", "message": "digest"}',
        '{"_aws": {"Timestamp": 1}, "Alerts": 3, "records": "many"}',
        '{"type": "platform.report"}',
        '{"type": "platform.report", "record": []}',
        '{"type": "platform.report", "record": {"status": 7}}',
        '{"type": "platform.start", "record": {"requestId": "r-1"}}',
        '{"level": ["ERROR"], "message": "x"}',
        '{"level": "INFO", "records": 1' + "0" * 5000 + "}",
    ],
    ids=lambda text: text[:40],
)
def test_what_says_nothing_is_left_out(text: str) -> None:
    """Whatever stands in the log."""
    assert entries([text]) == []


@pytest.mark.parametrize(
    "line",
    [
        {"level": "ERROR", "message": EVIL},
        {"level": "ERROR", "message": {"a": EVIL}, "errorType": EVIL, "errorMessage": "x" * 9000},
        {"level": "INFO", "receiver": EVIL, "outcome": EVIL, "attempts": -1, "alertId": EVIL, "message": EVIL},
        {"level": "INFO", "records": -1, "durationMs": 1e400, "changes": 1.5, "published": True, "message": EVIL},
        {"level": "DEBUG", "alertId": EVIL, "sequenceNumber": "٣" * 10, "rule": [EVIL], "message": 7},
        {"type": "platform.report", "record": {"status": EVIL, "metrics": {"durationMs": "long"}, "errorType": EVIL}},
    ],
    ids=str,
)
def test_nothing_in_a_line_is_trusted(line: dict[str, Any]) -> None:
    """Texts are one line of a bounded length without marks of direction, numbers are numbers."""
    (entry,) = entries([json.dumps(line)])
    texts = (entry.text, entry.outcome, entry.request_id, entry.rule, entry.alert_id, entry.receiver)
    assert all(text.isprintable() and len(text) <= 1100 for text in texts)
    assert entry.sequence_number == ""
    assert entry.attempts == 0
    assert all(count >= 0 for count in entry.counts.values())
    assert entry.milliseconds is None
