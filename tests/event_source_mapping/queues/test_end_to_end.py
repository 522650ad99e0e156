"""The command against a deployed function and queue."""

from __future__ import annotations

import base64
import json
import re
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.event_source_mapping.stage import Stage, bodies, finish, invocations, read_until, received, wait_until

pytestmark = pytest.mark.end_to_end

RAISES = """
def handler(event, context):
    remember(event)
    if any(record["body"].startswith("poison") for record in event["Records"]):
        raise ValueError("poison")
"""
REPORTS = """
def handler(event, context):
    remember(event)
    return {"batchItemFailures": [
        {"itemIdentifier": record["messageId"]} for record in event["Records"] if record["body"].startswith("poison")
    ]}
"""
SLOW = """
def handler(event, context):
    started = time.time()
    time.sleep(0.5)
    remember(event, started=started, ended=time.time())
"""


def test_a_failing_batch_comes_again_until_the_queue_dead_letters_it(stage: Stage, tmp_path: Path) -> None:
    """Nothing is touched on failure: visibility timeout and receive count decide [What becomes of a message]."""
    seen = tmp_path / "seen"
    dead_url, dead = stage.queue()
    url, queue = stage.queue(visibility=2, dead_letters=dead)
    mapping = stage.mapping(queue, stage.function(RAISES, seen, timeout=1), BatchSize=2)
    stage.send(url, "good", "poison")
    run = stage.serve(mapping)
    assert (run.code, run.errors) == (0, "")
    assert bodies(seen) == [["good", "poison"], ["good", "poison"]]
    records = [invocation["event"]["Records"][0] for invocation in invocations(seen)]
    assert [record["attributes"]["ApproximateReceiveCount"] for record in records] == ["1", "2"]
    assert records[0]["receiptHandle"] != records[1]["receiptHandle"]
    assert (stage.left(url), stage.left(dead_url)) == (0, 2)
    metrics = run.events[-1]["metrics"]
    assert (metrics["PolledEventCount"], metrics["FailedInvokeEventCount"], metrics["DeletedEventCount"]) == (4, 4, 0)
    assert "DroppedEventCount" not in metrics


def test_partial_responses_delete_what_they_do_not_name(stage: Stage, tmp_path: Path) -> None:
    """FunctionResponseTypes: each message stands for itself [What becomes of a message]."""
    seen = tmp_path / "seen"
    dead_url, dead = stage.queue()
    url, queue = stage.queue(visibility=2, dead_letters=dead)
    function = stage.function(REPORTS, seen, timeout=1)
    mapping = stage.mapping(queue, function, FunctionResponseTypes=["ReportBatchItemFailures"])
    stage.send(url, "a", "poison", "c")
    run = stage.serve(mapping)
    assert bodies(seen) == [["a", "poison", "c"], ["poison"]]
    assert (stage.left(url), stage.left(dead_url)) == (0, 1)
    metrics = run.events[-1]["metrics"]
    assert (metrics["InvokedEventCount"], metrics["FailedInvokeEventCount"], metrics["DeletedEventCount"]) == (4, 2, 2)


def test_the_record_is_the_one_of_awss_events(stage: Stage, tmp_path: Path) -> None:
    """Its fields, their order and types, message attributes in lower camel case [The record of a message]."""
    seen = tmp_path / "seen"
    url, queue = stage.queue()
    attributes: dict[str, Any] = {
        "colour": {"DataType": "String", "StringValue": "red"},
        "data": {"DataType": "Binary", "BinaryValue": b"\x00\x01\x7f\x80\xff"},
    }
    stage.send(url, '{"a": 1}', MessageAttributes=attributes)
    assert stage.serve(stage.mapping(queue, stage.function(RAISES, seen))).code == 0
    (record,) = invocations(seen)[0]["event"]["Records"]
    assert list(record) == [
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfMessageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    ]
    assert record["body"] == '{"a": 1}'
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", queue)
    assert {"ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} == set(
        record["attributes"]
    )
    lists: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "colour": {"stringValue": "red", **lists, "dataType": "String"},
        "data": {"binaryValue": base64.b64encode(b"\x00\x01\x7f\x80\xff").decode(), **lists, "dataType": "Binary"},
    }
    assert re.fullmatch("[0-9a-f]{32}", record["md5OfMessageAttributes"])


def test_what_no_pattern_matches_is_deleted_even_beside_a_failure(stage: Stage, tmp_path: Path) -> None:
    """FilterCriteria on the body; filtered messages do not reach the dead-letter queue [Filtering messages]."""
    seen = tmp_path / "seen"
    dead_url, dead = stage.queue()
    url, queue = stage.queue(visibility=2, dead_letters=dead, receives=1)
    source = "def handler(event, context):\n    remember(event)\n    raise ValueError('always')\n"
    criteria = {"Filters": [{"Pattern": '{"body": {"kind": ["keep"]}}'}]}
    mapping = stage.mapping(queue, stage.function(source, seen, timeout=1), FilterCriteria=criteria)
    stage.send(url, '{"kind": "keep"}', '{"kind": "drop"}', "no JSON")
    run = stage.serve(mapping)
    assert bodies(seen) == [['{"kind": "keep"}']]
    assert (stage.left(url), stage.left(dead_url)) == (0, 1)
    assert run.events[-1]["metrics"]["FilteredOutEventCount"] == 2


def test_a_window_gathers_several_receives_into_one_batch(stage: Stage, tmp_path: Path) -> None:
    """BatchSize above ten, MaximumBatchingWindowInSeconds, md5OfMessageAttributes null [Batches of messages]."""
    seen = tmp_path / "seen"
    url, queue = stage.queue()
    stage.send(url, *(f"message-{number}" for number in range(30)))
    mapping = stage.mapping(queue, stage.function(RAISES, seen), BatchSize=20, MaximumBatchingWindowInSeconds=1)
    assert stage.serve(mapping).code == 0
    assert [len(batch) for batch in bodies(seen)] == [20, 10]
    record = invocations(seen)[0]["event"]["Records"][0]
    assert "md5OfMessageAttributes" in record
    assert record["md5OfMessageAttributes"] is None


def test_groups_keep_their_order_and_run_side_by_side(stage: Stage, tmp_path: Path) -> None:
    """A FIFO queue: one batch a group at a time, other groups meanwhile [Message groups]."""
    seen = tmp_path / "seen"
    url, queue = stage.queue(fifo=True)
    for number in range(3):
        for group in ("A", "B"):
            stage.send(url, f"{group}{number}", MessageGroupId=group)
    mapping = stage.mapping(queue, stage.function(SLOW, seen), BatchSize=1)
    assert stage.serve(mapping).code == 0
    started = sorted(invocations(seen), key=lambda each: each["started"])
    order = [each["event"]["Records"][0]["body"] for each in started]
    for group in ("A", "B"):
        assert [body for body in order if body[0] == group] == [f"{group}{number}" for number in range(3)]
    spans = [(each["started"], each["ended"]) for each in started]
    assert any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def test_a_throttled_batch_is_kept_and_runs_under_its_first_receipt(stage: Stage, tmp_path: Path) -> None:
    """Concurrency 0 for a while costs no receive [Throttling]."""
    seen = tmp_path / "seen"
    url, queue = stage.queue()
    function = stage.function(RAISES, seen)
    stage.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    stage.send(url, "a")
    command = stage.start(stage.mapping(queue, function), more=["--exit-when-idle", "1"])
    for _ in range(3):
        read_until(command, "not_invoked")
    stage.client("lambda").delete_function_concurrency(FunctionName=function)
    assert finish(command).code == 0
    (invocation,) = invocations(seen)
    assert invocation["event"]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1"
    assert stage.left(url) == 0


def test_maximum_concurrency_caps_the_invocations(stage: Stage, tmp_path: Path) -> None:
    """ScalingConfig.MaximumConcurrency [Batches of messages]."""
    seen = tmp_path / "seen"
    url, queue = stage.queue()
    stage.send(url, *(f"message-{number}" for number in range(6)))
    scaling = {"MaximumConcurrency": 2}
    assert stage.serve(stage.mapping(queue, stage.function(SLOW, seen), BatchSize=1, ScalingConfig=scaling)).code == 0
    moments = [(each["started"], 1) for each in invocations(seen)] + [(each["ended"], -1) for each in invocations(seen)]
    running = most = 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    assert (len(moments), most) == (12, 2)


def test_changes_apply_while_the_queue_is_served(stage: Stage, tmp_path: Path) -> None:
    """Disabled, enabled, updated and deleted; messages stay in the queue meanwhile [While it runs]."""
    seen = tmp_path / "seen"
    url, queue = stage.queue()
    mapping = stage.mapping(queue, stage.function(RAISES, seen), Enabled=True)
    # The endpoint's own poller must not take the messages: it obeys `Enabled`, and so they are sent while it is off.
    command = stage.start(mapping)
    lambdas = stage.client("lambda")
    read_until(command, "serving")
    lambdas.update_event_source_mapping(UUID=mapping, Enabled=False)
    read_until(command, "paused")
    time.sleep(1.5)  # the receive that was under way has ended
    stage.send(url, '{"kind": "keep"}', '{"kind": "drop"}')
    time.sleep(1.5)
    assert (bodies(seen), stage.left(url)) == ([], 2)
    command.terminate()
    assert finish(command).code == 0
    command = stage.start(mapping)
    wait_until(lambda: bodies(seen) == [['{"kind": "keep"}', '{"kind": "drop"}']], "both messages")
    lambdas.update_event_source_mapping(
        UUID=mapping, FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["keep"]}}'}]}
    )
    read_until(command, "updated")
    time.sleep(1.5)
    stage.send(url, '{"kind": "drop"}', '{"kind": "keep"}')
    wait_until(lambda: stage.left(url) == 0, "the queue's end")
    lambdas.delete_event_source_mapping(UUID=mapping)
    run = finish(command)
    assert run.code == 0
    assert [body for batch in bodies(seen)[1:] for body in batch] == ['{"kind": "keep"}']


@pytest.mark.refused_by_aws
@pytest.mark.parametrize(
    ("queue", "settings", "reason"),
    [
        ({"visibility": 5}, {}, "Queue visibility timeout: 5 seconds is less than Function timeout: 10 seconds"),
        ({}, {"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({}, {"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1}, "BatchSize is 10001"),
        ({"fifo": True}, {"MaximumBatchingWindowInSeconds": 1}, "Batching window is not supported for FIFO queues"),
        ({"fifo": True}, {"BatchSize": 11}, "BatchSize is 11: AWS takes 1 to 10 for FIFO queues"),
        ({}, {"FilterCriteria": {"Filters": [{"Pattern": '{"body": "x"}'}]}}, "Invalid filter pattern definition."),
        (
            {},
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:any"}}},
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
    ],
)
def test_what_aws_refuses_is_refused_with_its_reason(
    stage: Stage, tmp_path: Path, queue: dict[str, Any], settings: dict[str, Any], reason: str
) -> None:
    """The local AWS accepts them all [Settings of a queue]."""
    _, arn = stage.queue(**queue)
    run = stage.serve(stage.mapping(arn, stage.function(RAISES, tmp_path / "seen"), **settings))
    assert (run.code, run.events) == (2, [])
    assert len(run.errors.splitlines()) == 1
    assert reason in run.errors


def test_an_unknown_queue_and_a_second_mapping_are_refused(stage: Stage, tmp_path: Path) -> None:
    """NonExistentQueue; the same queue and function twice [Settings of a queue]."""
    url, arn = stage.queue()
    function = stage.function(RAISES, tmp_path / "seen")
    first, second = stage.mapping(arn, function), stage.mapping(arn, function)
    run = stage.serve(second)
    assert run.code == 2
    assert f"already exists. Please update or delete the existing mapping with UUID {first}" in run.errors
    stage.client("sqs").delete_queue(QueueUrl=url)
    run = stage.serve(first)
    assert run.code == 2
    assert "AWS.SimpleQueueService.NonExistentQueue" in run.errors


def test_a_stream_and_a_queue_are_served_by_one_process(stage: Stage, tmp_path: Path) -> None:
    """One mapping of each kind, at once [Use]."""
    table, stream = stage.table()
    url, queue = stage.queue()
    source = "def handler(event, context):\n    remember(event)\n"
    of_stream = stage.mapping(stream, stage.function(source, tmp_path / "stream"))
    of_queue = stage.mapping(queue, stage.function(source, tmp_path / "queue"))
    stage.put(table, "a", "b")
    stage.send(url, "c", "d")
    run = stage.serve(of_stream, of_queue)
    assert run.code == 0
    assert received(tmp_path / "stream") == [["a", "b"]]
    assert bodies(tmp_path / "queue") == [["c", "d"]]
    assert {event["mapping"] for event in run.logged("succeeded")} == {of_stream, of_queue}
    assert all(json.dumps(event) for event in run.logged("summary"))
