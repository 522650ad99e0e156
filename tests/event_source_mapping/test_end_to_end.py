"""The command against a deployed function, stream and destinations, every setting at least once."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from event_source_mapping import EventType, LogEvent, serve
from tests.event_source_mapping.stage import (
    ACCOUNT,
    COMMAND,
    REGION,
    ROOT,
    Stage,
    environment,
    finish,
    invocations,
    received,
    wait_until,
)

# The record of the last test ages while the others run.
pytestmark = [pytest.mark.end_to_end, pytest.mark.usefixtures("aged")]

RAISES = """
def handler(event, context):
    remember(event)
    if any(id.startswith("poison") for id in ids(event)):
        raise ValueError("poison")
"""
REPORTS = """
def handler(event, context):
    remember(event)
    return {"batchItemFailures": [
        {"itemIdentifier": record["dynamodb"]["SequenceNumber"]}
        for record, id in zip(event["Records"], ids(event)) if id.startswith("poison")
    ][:1]}
"""


def test_retries_bisection_and_the_queue_document(stage: Stage, tmp_path: Path) -> None:
    """BatchSize, MaximumRetryAttempts, BisectBatchOnFunctionError, SQS [Bisection]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    url, queue = stage.queue()
    function = stage.function(RAISES, seen)
    stage.put(table, "a", "b", "poison", "d", "e")
    mapping = stage.mapping(
        stream,
        function,
        BatchSize=4,
        MaximumRetryAttempts=2,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    run = stage.serve(mapping)
    assert (run.code, run.errors) == (0, "")
    assert received(seen) == [
        ["a", "b", "poison", "d"],
        ["a", "b"],
        ["poison", "d"],
        *([["poison"]] * 3),
        ["d"],
        ["e"],
    ]
    (document,) = stage.messages(url)
    poison = invocations(seen)[3]["event"]["Records"][0]["dynamodb"]
    assert list(document) == [
        "requestContext",
        "responseContext",
        "version",
        "timestamp",
        "DDBStreamBatchInfo",
    ]
    assert document["requestContext"]["functionArn"].endswith(f":function:{function}")
    assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert document["requestContext"]["approximateInvokeCount"] == 3
    assert document["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", document["timestamp"])
    batch = document["DDBStreamBatchInfo"]
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"] == poison["SequenceNumber"]
    assert batch["batchSize"] == 1
    assert batch["streamArn"] == stream
    assert re.fullmatch(r"[-\d]+T[:\d]+Z", batch["approximateArrivalOfFirstRecord"])


def test_partial_responses_and_the_bucket_object(stage: Stage, tmp_path: Path) -> None:
    """FunctionResponseTypes, an S3 destination with key and payload [On-failure destinations]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    bucket = stage.name("bucket")
    stage.client("s3").create_bucket(Bucket=bucket)
    stage.put(table, "a", "b", "poison")
    mapping = stage.mapping(
        stream,
        stage.function(REPORTS, seen),
        BatchSize=3,
        MaximumRetryAttempts=3,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
    )
    assert stage.serve(mapping).code == 0
    assert received(seen) == [["a", "b", "poison"], *([["poison"]] * 4)]
    (listed,) = stage.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    body = stage.client("s3").get_object(Bucket=bucket, Key=listed["Key"])["Body"]
    with body:
        document = json.loads(body.read())
    assert document["requestContext"]["approximateInvokeCount"] == 4
    assert document["responseContext"]["functionError"] is None
    assert json.loads(document["payload"]) == invocations(seen)[-1]["event"]
    at = document["timestamp"]
    key = (
        f"aws/lambda/{mapping}/{document['DDBStreamBatchInfo']['shardId']}/"
        f"{at[:4]}/{at[5:7]}/{at[8:10]}/{at[:19].replace(':', '.')}-"
    )
    assert re.fullmatch(re.escape(key) + r"[0-9a-f-]{36}", listed["Key"])


def test_the_topic_gets_the_document_as_its_message(stage: Stage, tmp_path: Path) -> None:
    """An SNS destination; a batch given up whole without bisection [On-failure destinations]."""
    table, stream = stage.table()
    url, queue = stage.queue()
    topic = stage.client("sns").create_topic(Name=stage.name("topic"))["TopicArn"]
    stage.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    stage.put(table, "a", "poison", "c")
    mapping = stage.mapping(
        stream,
        stage.function(RAISES, tmp_path / "seen"),
        BatchSize=100,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )
    assert stage.serve(mapping).code == 0
    (message,) = stage.messages(url)
    assert json.loads(message["Message"])["DDBStreamBatchInfo"]["batchSize"] == 3


def test_a_destination_that_is_not_there_is_visible_and_stops_nothing(stage: Stage, tmp_path: Path) -> None:
    """The document is not delivered, the next batch is [On-failure destinations]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    stage.put(table, "poison", "b")
    mapping = stage.mapping(
        stream,
        stage.function(RAISES, seen),
        BatchSize=1,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:none"}},
    )
    run = stage.serve(mapping)
    assert received(seen) == [["poison"], ["b"]]
    assert len(run.logged("delivery_failed")) == 1
    assert run.events[-1]["metrics"]["DestinationDeliveryFailures"] == 1
    assert run.events[-1]["metrics"]["DroppedEventCount"] == 1


def test_filters_and_the_event_the_function_gets(stage: Stage, tmp_path: Path) -> None:
    """FilterCriteria; floats, base64 and eventSourceARN in the event [The record]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    stage.put(table, "a", "b", data={"B": b"foobar"}, price={"N": "101"})
    stage.put(table, "c", price={"N": "7"})
    patterns = [
        {"dynamodb": {"NewImage": {"price": {"N": [{"numeric": [">", 100]}]}}}},
        {"dynamodb": {"NewImage": {"price": {"N": ["101"]}, "id": {"S": [{"prefix": "b"}]}}}},
    ]
    mapping = stage.mapping(
        stream,
        stage.function(RAISES, seen),
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]},
    )
    run = stage.serve(mapping)
    assert received(seen) == [["b"]]
    assert run.events[-1]["metrics"]["FilteredOutEventCount"] == 2
    (record,) = invocations(seen)[0]["event"]["Records"]
    assert record["eventSourceARN"] == stream
    assert record["dynamodb"]["NewImage"]["data"] == {"B": "Zm9vYmFy"}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)
    assert "userIdentity" not in record


def test_a_window_gathers_what_comes_one_by_one(stage: Stage, tmp_path: Path) -> None:
    """MaximumBatchingWindowInSeconds [Batches]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    mapping = stage.mapping(stream, stage.function(RAISES, seen), MaximumBatchingWindowInSeconds=3)
    stage.put(table, "a")
    command = stage.start(mapping)
    try:
        assert command.stdout is not None
        while '"read"' not in command.stdout.readline():
            pass
        stage.put(table, "b")
        stage.put(table, "c")
        wait_until(lambda: received(seen), "the window's end")
    finally:
        command.terminate()
        command.communicate()
    assert received(seen) == [["a", "b", "c"]]


def test_a_factor_runs_lanes_side_by_side_and_keeps_each_items_order(stage: Stage, tmp_path: Path) -> None:
    """ParallelizationFactor [Order and concurrency]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    source = """
def handler(event, context):
    started = time.time()
    time.sleep(0.3)
    remember(event, started=started, ended=time.time())
"""
    for _ in range(4):
        stage.put(table, *(f"item-{number}" for number in range(6)))
    mapping = stage.mapping(stream, stage.function(source, seen), ParallelizationFactor=4, BatchSize=2)
    assert stage.serve(mapping, idle=2.0).code == 0
    order: defaultdict[str, list[int]] = defaultdict(list)
    for invocation in sorted(invocations(seen), key=lambda each: each["started"]):
        for record in invocation["event"]["Records"]:
            change = record["dynamodb"]
            order[change["Keys"]["id"]["S"]].append(int(change["SequenceNumber"]))
    assert {item: len(numbers) for item, numbers in order.items()} == {f"item-{number}": 4 for number in range(6)}
    assert all(numbers == sorted(numbers) for numbers in order.values())
    spans = sorted((each["started"], each["ended"]) for each in invocations(seen))
    assert any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def test_a_tumbling_window_carries_state_to_its_final_invocation(stage: Stage, tmp_path: Path) -> None:
    """TumblingWindowInSeconds, given on the command line: this local AWS keeps none [Settings]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    source = """
def handler(event, context):
    remember(event)
    return {"state": {"count": event["state"].get("count", 0) + len(event["Records"])}}
"""
    stage.put(table, "a", "b", "c")
    mapping = stage.mapping(stream, stage.function(source, seen), BatchSize=1)
    run = stage.serve(mapping, more=["--setting", "TumblingWindowInSeconds=2"])
    assert run.code == 0
    events = [invocation["event"] for invocation in invocations(seen)]
    finals = [event for event in events if event["isFinalInvokeForWindow"]]
    assert sum(event["state"]["count"] for event in finals) == 3
    assert all(event["Records"] == [] for event in finals)
    assert run.logged("checkpoint")


def test_a_throttle_costs_no_retry_and_a_timeout_does(stage: Stage, tmp_path: Path) -> None:
    """Concurrency 0 is waited out; a function that times out has failed [Retries]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    url, queue = stage.queue()
    source = """
def handler(event, context):
    remember(event)
    time.sleep(5)
"""
    function = stage.function(source, seen, timeout=1)
    stage.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    stage.put(table, "a")
    mapping = stage.mapping(
        stream,
        function,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    command = stage.start(mapping)
    assert command.stdout is not None
    for _ in range(5):
        while '"not_invoked"' not in command.stdout.readline():
            pass
    assert invocations(seen) == []
    stage.client("lambda").delete_function_concurrency(FunctionName=function)
    while '"delivered"' not in command.stdout.readline():
        pass
    command.terminate()
    command.communicate()
    assert len(invocations(seen)) == 2
    (document,) = stage.messages(url)
    assert document["requestContext"]["approximateInvokeCount"] == 2


def test_changes_apply_while_the_mapping_is_served(stage: Stage, tmp_path: Path) -> None:
    """An update frees a blocked shard; deleting the mapping ends the command [While it runs]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    stage.put(table, "poison", "b")
    mapping = stage.mapping(stream, stage.function(RAISES, seen), BatchSize=1)
    command = stage.start(mapping)
    wait_until(lambda: len(received(seen)) > 3, "retries without a limit")
    stage.client("lambda").update_event_source_mapping(UUID=mapping, MaximumRetryAttempts=0)
    wait_until(lambda: ["b"] in received(seen), "the next record")
    stage.client("lambda").delete_event_source_mapping(UUID=mapping)
    run = finish(command)
    assert run.code == 0
    assert [each["outcome"] for each in run.logged("updated", "dropped", "deleted")] == [
        "updated",
        "dropped",
        "deleted",
    ]


def test_a_signal_finishes_the_batch_in_flight_and_a_restart_goes_on(stage: Stage, tmp_path: Path) -> None:
    """SIGTERM, exit code 0, checkpoints in a file [Checkpoints]."""
    seen, checkpoints = tmp_path / "seen", tmp_path / "checkpoints.json"
    table, stream = stage.table()
    source = """
def handler(event, context):
    remember(event)
    time.sleep(1.5)
"""
    stage.put(table, "a", "b", "c")
    mapping = stage.mapping(stream, stage.function(source, seen), BatchSize=1)
    more = ["--checkpoint-file", str(checkpoints)]
    command = stage.start(mapping, more=more)
    wait_until(lambda: received(seen), "the first invocation")
    command.send_signal(signal.SIGTERM)
    run = finish(command)
    assert run.code == 0
    assert len(run.logged("succeeded")) == 1
    assert "stopping" in run.errors
    again = stage.serve(mapping, more=more)
    assert again.code == 0
    assert received(seen) == [["a"], ["b"], ["c"]]


def test_an_enabled_mapping_is_warned_about(stage: Stage, tmp_path: Path) -> None:
    """The local AWS's own poller delivers too: the command says so, once [While it runs]."""
    _, stream = stage.table()
    mapping = stage.mapping(stream, stage.function(RAISES, tmp_path / "seen"), Enabled=True)
    run = stage.serve(mapping)
    (warning,) = run.logged("warning")
    assert "own poller" in warning["reason"]


def test_latest_and_a_table_that_is_deleted(stage: Stage, tmp_path: Path) -> None:
    """StartingPosition LATEST; a stream that ends is read to its end [Shards]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    stage.put(table, "before")
    mapping = stage.mapping(stream, stage.function(RAISES, seen), StartingPosition="LATEST")
    command = stage.start(mapping)
    assert command.stdout is not None
    while '"shard_started"' not in command.stdout.readline():
        pass
    # The iterator is asked for after that line; a record written before it would be skipped.
    time.sleep(1.0)
    stage.put(table, "after")
    stage.client("dynamodb").delete_table(TableName=table)
    wait_until(lambda: received(seen), "the record")
    while '"shard_finished"' not in command.stdout.readline():
        pass
    command.terminate()
    command.communicate()
    assert command.returncode == 0
    assert received(seen) == [["after"]]


def test_two_mappings_are_served_side_by_side(stage: Stage, tmp_path: Path) -> None:
    """--mapping may be repeated [Use]."""
    table, stream = stage.table()
    stage.put(table, "a")
    mappings = [stage.mapping(stream, stage.function(RAISES, tmp_path / name)) for name in ("one", "two")]
    run = stage.serve(*mappings)
    assert received(tmp_path / "one") == received(tmp_path / "two") == [["a"]]
    assert {event["mapping"] for event in run.logged("summary")} == set(mappings)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--endpoint-url", "{endpoint}", "--mapping", "{unknown}"], "no event source mapping"),
        (["--endpoint-url", "{endpoint}", "--mapping", "nonsense"], "no event source mapping"),
        (["--endpoint-url", "http://127.0.0.1:1", "--mapping", "{unknown}"], "Is the local AWS"),
        (["--endpoint-url", "nowhere", "--mapping", "{unknown}"], "not an endpoint URL"),
        (["--mapping", "{unknown}"], "--endpoint-url"),
        (["--endpoint-url", "{endpoint}"], "--mapping"),
        (["--endpoint-url", "{endpoint}", "--mapping", "x", "--retry-delay", "-1"], "seconds"),
        (["--endpoint-url", "{endpoint}", "--mapping", "x", "--setting", "A=1"], "cannot be replaced"),
        (["--endpoint-url", "{endpoint}", "--mapping", "x", "--checkpoint-file", "/"], "/"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(endpoint: str, arguments: list[str], said: str) -> None:
    """No traceback, exit code 2, one line that says what to do [Use]."""
    unknown = "00000000-0000-4000-8000-00000000dead"
    filled = [part.format(endpoint=endpoint, unknown=unknown) for part in arguments]
    done = subprocess.run(
        [*COMMAND, *filled],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_help_and_the_text_log_read_well(stage: Stage, tmp_path: Path) -> None:
    """The steps of a batch, without colour when the output is not a terminal [The decision log]."""
    table, stream = stage.table()
    stage.put(table, "a", "b", "poison", "d")
    mapping = stage.mapping(
        stream,
        stage.function(RAISES, tmp_path / "seen"),
        MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True,
    )
    arguments = stage.arguments(mapping)[:-2]  # without --log-format json
    done = subprocess.run(
        arguments,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "\x1b" not in done.stdout
    lines = "\n".join(line.split(maxsplit=3)[-1] for line in done.stdout.splitlines())
    assert re.search(
        "read 4 \\(1–4\\)\n"  # noqa: RUF001 - ranges are written with an en dash
        "invoke 1–4 failed: .*\n"  # noqa: RUF001
        "split 1–2 / 3–4\n",  # noqa: RUF001
        lines,
    )
    assert "give up 3 after 1 invocation: RetryAttemptsExhausted" in lines


def test_serve_runs_in_a_thread_of_another_program(stage: Stage, tmp_path: Path) -> None:
    """From Python: events as they happen, the counters last [Use]."""
    seen = tmp_path / "seen"
    table, stream = stage.table()
    stage.put(table, "a")
    mapping = stage.mapping(stream, stage.function(RAISES, seen))
    stop, events = threading.Event(), list[LogEvent]()

    def serve_until_stopped() -> None:
        serve([mapping], endpoint_url=stage.endpoint, stop=stop, on_event=events.append)

    thread = threading.Thread(target=serve_until_stopped)
    thread.start()
    wait_until(lambda: EventType.CHECKPOINT in {each.outcome for each in events}, "a checkpoint")
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert received(seen) == [["a"]]
    assert events[-1].outcome is EventType.SUMMARY


def test_a_version_or_alias_is_invoked_as_mapped(stage: Stage, tmp_path: Path) -> None:
    """A qualified function, and its version in the document [The failure document]."""
    table, stream = stage.table()
    url, queue = stage.queue()
    function = stage.function(RAISES, tmp_path / "seen")
    version = stage.client("lambda").publish_version(FunctionName=function)["Version"]
    stage.client("lambda").create_alias(FunctionName=function, Name="live", FunctionVersion=version)
    stage.put(table, "poison")
    mapping = stage.mapping(
        stream,
        f"{function}:live",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    assert stage.serve(mapping).code == 0
    (document,) = stage.messages(url)
    assert document["requestContext"]["functionArn"].endswith(f":{function}:live")
    assert document["responseContext"]["executedVersion"] == version


def test_age_is_judged_before_the_first_invocation(stage: Stage, tmp_path: Path, aged: tuple[str, float]) -> None:
    """MaximumRecordAgeInSeconds: the old record goes, the fresh ones are delivered [Record age]."""
    stream, written = aged
    table = stream.split("/")[1]
    seen = tmp_path / "seen"
    url, queue = stage.queue()
    time.sleep(max(0.0, written + 61 - time.time()))
    stage.put(table, "b", "c")
    mapping = stage.mapping(
        stream,
        stage.function(RAISES, seen),
        MaximumRecordAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    assert stage.serve(mapping).code == 0
    assert received(seen) == [["b", "c"]]
    (document,) = stage.messages(url)
    assert document["requestContext"]["condition"] == "RecordAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] == 1
    assert "responseContext" not in document
    assert document["DDBStreamBatchInfo"]["batchSize"] == 1
