"""Which alarms fire for which failure: the failure is played, and its metrics are held against the definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from event_source_mapping.testing.fakes import FakeDestination
from event_source_mapping.testing.simulation import Simulation
from notifications.common.embedded_metrics import NAMESPACE
from notifications.common.errors import (
    DeliveryFailedError,
    ProductAlertsError,
    ReceiverGoneError,
    RefusedDeliveryError,
)
from notifications.delivery.handling.counted import GONE
from tests.builders import ROOT, added
from tests.docs.markdown import anchors
from tests.event_source_mapping.scenario import fails_on, simulate
from tests.infrastructure.cloudwatch import Metrics, fires
from tests.infrastructure.computed import resources_of
from tests.notifications.delivery.handling.test_counted import Counted
from tests.notifications.delivery.handling.test_delivery import body
from tests.service import Service

ALARMS = {name: found["Properties"] for name, found in resources_of("alarms.cjs", alarmSilenceHours=2).items()}
SILENCE = "SilentAlarm"
OF_DELIVERY = {"UndeliveredAlarm", "ReceiverGoneAlarm", "DeliveryErrorsAlarm"}
OF_THE_MAPPING = {"DroppedEventCount", "OnFailureDestinationDeliveredEventCount"}


def fired(metrics: Metrics, alarms: Mapping[str, Any] | None = None) -> set[str]:
    """Give the alarms that fire, by default those of the stream; silence is another matter."""
    alarms = {name: alarm for name, alarm in ALARMS.items() if name not in OF_DELIVERY} if alarms is None else alarms
    return {name for name, alarm in alarms.items() if fires(alarm, metrics)} - {SILENCE}


def metrics_of(simulation: Simulation) -> Metrics:
    """Give what Lambda would emit of a played mapping, all in one period."""
    counted = simulation.poller.metrics.as_dict()
    return {("AWS/Lambda", name): [float(value)] for name, value in counted.items()}


def test_when_all_is_well_nobody_is_woken() -> None:
    """Batches that go through fire nothing."""
    assert fired(metrics_of(simulate(fails_on()).run())) == set()
    assert fired({}) == set()


def test_a_batch_that_crashes_the_function_is_said_and_kept() -> None:
    """Errors while it is tried, then that it was given up; nothing was lost."""
    settings = {"batch_size": 2, "maximum_retry_attempts": 4}
    played = metrics_of(simulate(fails_on(1), settings=settings).run())
    assert fired(played) == {"ErrorsAlarm", "GivenUpAlarm"}


def test_one_crash_that_a_retry_mends_wakes_nobody() -> None:
    """Lambda tries again by itself."""
    settings = {"batch_size": 2, "maximum_retry_attempts": 1}
    errors = metrics_of(simulate(fails_on(1), settings=settings).run())["AWS/Lambda", "Errors"]
    assert fired({("AWS/Lambda", "Errors"): errors}) == set()


@pytest.mark.parametrize("destination", [FakeDestination(refuses=True), None], ids=["refuses", "missing"])
def test_what_lambda_could_not_keep_is_told_apart(destination: FakeDestination | None) -> None:
    """A batch given up without its document is lost once the stream forgets it."""
    settings: dict[str, Any] = {"batch_size": 2, "maximum_retry_attempts": 0}
    if destination is None:
        settings["destination"] = None
    played = metrics_of(simulate(fails_on(1), settings=settings, destination=destination).run())
    expected = {"DroppedAlarm"} if destination is None else {"DroppedAlarm", "UndeliverableAlarm"}
    assert fired(played) - {"ErrorsAlarm"} == expected


def metrics_of_delivery(function: Counted) -> Metrics:
    """Give what the delivery function and its queue would emit, all in one period."""
    gone = float(sum(json.loads(line).get(GONE, 0) for line in function.lines))
    return {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): [float(len(function.queues.undelivered))],
        (NAMESPACE, GONE): [gone],
    }


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, set()),
        (DeliveryFailedError("answered 500"), set()),
        (RefusedDeliveryError("answered 400"), {"UndeliveredAlarm"}),
        (ReceiverGoneError("answered 410"), {"UndeliveredAlarm", "ReceiverGoneAlarm"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_receiver_does_not_take_is_said_once_it_is_given_up(
    error: ProductAlertsError | None, expected: set[str]
) -> None:
    """A failure that is tried again wakes nobody; a receiver that is gone has an alarm of its own."""
    function = Counted()
    function.fail(error)
    function.receive(body())
    of_delivery = {name: ALARMS[name] for name in OF_DELIVERY}
    assert fired(metrics_of_delivery(function), of_delivery) == expected


def test_without_receivers_there_is_no_alarm_about_them(tmp_path: Path) -> None:
    """There is nothing that it could read."""
    file = tmp_path / "receivers.toml"
    file.write_text("", encoding="utf-8")
    found = resources_of("alarms.cjs", receiversFile=str(file), alarmSilenceHours=2)
    assert set(ALARMS) - set(found) == OF_DELIVERY


def test_a_poison_record_fills_the_failures_queue() -> None:
    """What the function parks is seen where it waits."""
    service = Service()
    service.handle({"not": "a record"}, added())
    waiting = float(len(service.parked))
    assert waiting == 1
    assert fired({("AWS/SQS", "ApproximateNumberOfMessagesVisible"): [waiting]}) == {"FailuresAlarm"}


@pytest.mark.parametrize(
    ("metric", "quiet", "loud", "alarm"),
    [
        ("IteratorAge", 5_399_999, 5_400_000, "BehindAlarm"),
        ("Throttles", 9, 10, "ThrottlesAlarm"),
        ("Errors", 2, 3, "ErrorsAlarm"),
        ("DroppedEventCount", 0, 1, "DroppedAlarm"),
    ],
)
def test_an_alarm_fires_at_its_threshold(metric: str, quiet: float, loud: float, alarm: str) -> None:
    """And not below it; when the next period is quiet, it ends."""
    assert fired({("AWS/Lambda", metric): [quiet]}) == set()
    assert fired({("AWS/Lambda", metric): [quiet, loud]}) == {alarm}
    assert fired({("AWS/Lambda", metric): [loud, quiet]}) == set()
    assert fired({("AWS/Lambda", metric): [loud, None]}) == set()


@pytest.mark.parametrize(("allowed", "behind"), [(21600, 5400), (3600, 900), (-1, 21600), (604800, 21600)])
def test_the_stream_may_be_behind_by_a_quarter_of_what_the_mapping_allows(allowed: int, behind: int) -> None:
    """Never more than a quarter of what the stream keeps."""
    found = resources_of("alarms.cjs", maximumRecordAgeInSeconds=allowed)
    assert found["BehindAlarm"]["Properties"]["Threshold"] == behind * 1000


@pytest.mark.parametrize(
    ("param", "alarm"),
    [
        ("alarmFailures", "FailuresAlarm"),
        ("alarmGivenUp", "GivenUpAlarm"),
        ("alarmUndelivered", "UndeliveredAlarm"),
        ("alarmErrors", "ErrorsAlarm"),
        ("alarmThrottles", "ThrottlesAlarm"),
    ],
)
def test_each_threshold_is_a_parameter(param: str, alarm: str) -> None:
    """Given on the command line it is a text."""
    assert resources_of("alarms.cjs", **{param: "77"})[alarm]["Properties"]["Threshold"] == 77


def test_silence_is_an_alarm_only_where_it_is_asked_for() -> None:
    """A table that nobody changes at night is no fault; where it is one, every hour has to be silent."""
    assert SILENCE not in resources_of("alarms.cjs")
    silence = ALARMS[SILENCE]
    invocations = ("AWS/Lambda", "Invocations")
    assert fires(silence, {})
    assert fires(silence, {invocations: [5, None, 0]})
    assert not fires(silence, {invocations: [5, None]})
    assert not fires(silence, {invocations: [None, 5]})


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_goes_to_the_operations_topic_and_names_its_section_of_the_runbook(name: str) -> None:
    """Whoever is woken reads what to do, and hears when it is over."""
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "OperationsTopic"}]
    found = re.search(r"docs/runbook\.md#([a-z0-9-]+)$", alarm["AlarmDescription"])
    assert found
    assert found[1] in anchors((ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_reads_the_metric_where_aws_emits_it(name: str) -> None:
    """By function, by mapping where only the mapping counts, by queue."""
    alarm = ALARMS[name]
    (dimension,) = alarm["Dimensions"]
    if alarm["Namespace"] == "AWS/SQS":
        assert dimension["Name"] == "QueueName"
    else:
        by_mapping = alarm["MetricName"] in OF_THE_MAPPING
        assert dimension["Name"] == ("EventSourceMappingUUID" if by_mapping else "FunctionName")
