"""`python -m operations redrive`."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any, cast

import pytest

from notifications.publishing.failures import Parked, to_bodies
from operations.deployed.redrive import Redrive
from tests.builders import added, event, sequence_number
from tests.operations.stage import SHARD, FakeFunction, FakeQueue, FakeStack, FakeStreams, Operate, Shard, refusal

RECORDS = [added(f"p{number}", at=number) for number in range(1, 6)]


def _parked(number: int) -> str:
    """Write what the function parks."""
    return to_bodies(Parked(RECORDS[number - 1], "the price has no type", "MalformedRecordError"), "1.0.0")[0]


def _batch(first: int, last: int) -> str:
    """Write what Lambda puts into the queue when it gives a batch up: metadata alone."""
    return json.dumps(
        {
            "requestContext": {"condition": "RetryAttemptsExhausted", "functionArn": "arn:aws:lambda:…"},
            "responseContext": {"statusCode": 200},
            "DDBStreamBatchInfo": {
                "shardId": SHARD,
                "startSequenceNumber": sequence_number(first),
                "endSequenceNumber": sequence_number(last),
                "batchSize": last - first + 1,
                "streamArn": "arn",
            },
        }
    )


class _Stage:
    """A queue, a function and a stream, and the stack that they make."""

    def __init__(self, *bodies: str, answers: tuple[Any, ...] = (), shard: Shard | None = None) -> None:
        self.queue = FakeQueue(*bodies)
        self.function = FakeFunction(*answers)
        self.streams = FakeStreams(shard or Shard([RECORDS]))
        clients = {"sqs": self.queue, "lambda": self.function, "dynamodbstreams": self.streams}
        self.stack = FakeStack(**clients)

    @property
    def played(self) -> list[list[Any]]:
        """The records of each invocation."""
        return [given["Records"] for given in self.function.events]


def test_a_parked_record_is_played_and_leaves_the_queue(operate: Operate) -> None:
    """Through the function, marked as a redrive; exit code 0 when nothing is left."""
    stage = _Stage(_parked(1))
    done = operate("redrive", stack=stage.stack)
    assert (done.code, done.err) == (0, "")
    assert done.lines == [
        f"1/1  played           record {sequence_number(1)}: 1 record",
        "1 played; 0 left in the queue",
    ]
    assert stage.function.events == [{"redrive": True, "Records": [RECORDS[0]]}]
    assert stage.queue.messages == {}


def test_a_batch_that_lambda_gave_up_is_read_back_from_the_stream(operate: Operate) -> None:
    """By shard and sequence range, both ends included."""
    stage = _Stage(_batch(2, 4))
    assert operate("redrive", stack=stage.stack).code == 0
    assert [[record["dynamodb"]["SequenceNumber"] for record in records] for records in stage.played] == [
        [sequence_number(number) for number in (2, 3, 4)]
    ]


def test_the_oldest_record_is_played_first(operate: Operate) -> None:
    """Whatever order the queue gives."""
    stage = _Stage(_parked(3), _batch(4, 5), _parked(1), _parked(2))
    operate("redrive", stack=stage.stack)
    assert [records[0]["dynamodb"]["SequenceNumber"] for records in stage.played] == [
        sequence_number(number) for number in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"batchItemFailures": [{"itemIdentifier": sequence_number(1)}]}, f"from sequence number {sequence_number(1)}"),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, "from sequence number unknown"),
        ({"errorMessage": "out of memory"}, "the function failed: out of memory"),
        (refusal("TooManyRequestsException"), "TooManyRequestsException"),
    ],
)
def test_what_still_fails_stays_and_its_neighbours_go_on(answer: Any, said: str, operate: Operate) -> None:
    """It is given back to the queue, the next message is played, and the exit code is 1."""
    stage = _Stage(_parked(1), _parked(2), answers=(answer,))
    done = operate("redrive", stack=stage.stack)
    assert done.code == 1
    assert done.lines[0].startswith("1/2  still failing")
    assert said in done.lines[0]
    assert done.lines[-1] == "1 still failing, 1 played; 1 left in the queue"
    assert stage.queue.messages == {"receipt-1": _parked(1)}
    assert stage.queue.hidden == set()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"not JSON",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b"true",
        b'{"errorMessage": "x"}',
        b'{"batchItemFailures": null}',
        b'{"batchItemFailures": {}}',
        b'{"batchItemFailures": "x"}',
        b'{"batchItemFailures": [{}]}',
        b'{"batchItemFailures": ["x"]}',
        b'{"batchItemFailures": [{"itemIdentifier": null}]}',
        b'{"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": 5}]}',
    ],
    ids=lambda answer: answer[:40].decode("ascii", "replace"),
)
def test_only_a_partial_batch_response_deletes(answer: bytes, operate: Operate) -> None:
    """Another answer, without FunctionError, says nothing of the records: they stay, and their neighbours go on."""
    stage = _Stage(_parked(1), _parked(2), answers=(answer,))
    done = operate("redrive", stack=stage.stack)
    assert (done.code, done.err) == (1, "")
    assert done.lines[0].startswith("1/2  still failing")
    assert "not a partial batch response" in done.lines[0]
    assert done.lines[-1] == "1 still failing, 1 played; 1 left in the queue"
    assert stage.queue.messages == {"receipt-1": _parked(1)}


@pytest.mark.parametrize("answer", [b"", b"null", b'"x"', b"not JSON", b'{"errorMessage": null}'])
def test_a_failure_without_a_message_is_a_failure(answer: bytes, operate: Operate) -> None:
    """What Lambda marks as failed is kept, whatever comes with it."""
    stage = _Stage(_parked(1), answers=(answer,))
    stage.function.error = "Unhandled"
    done = operate("redrive", stack=stage.stack)
    assert done.code == 1
    assert "the function failed: " in done.lines[0]
    assert len(stage.queue.messages) == 1


def test_a_batch_that_the_stream_forgot_is_said_and_kept(operate: Operate) -> None:
    """24 hours are over: nothing can be played, and nothing is deleted without being asked to."""
    stage = _Stage(_batch(2, 3), shard=Shard([RECORDS], trimmed_before=sequence_number(5)))
    done = operate("redrive", stack=stage.stack)
    assert done.code == 1
    assert "already trimmed" in done.lines[0]
    assert "RetryAttemptsExhausted; the stream no longer holds its records" in done.lines[0]
    assert (len(stage.queue.messages), stage.played) == (1, [])


def test_the_rest_of_a_batch_is_played_and_what_is_gone_is_said(operate: Operate) -> None:
    """Of 2 to 4 only 4 is there: it is played, and the message stays as a witness of 2 and 3."""
    stage = _Stage(_batch(2, 4), shard=Shard([RECORDS], trimmed_before=sequence_number(4)))
    done = operate("redrive", stack=stage.stack)
    assert (done.code, stage.played) == (1, [[RECORDS[3]]])
    assert "only the last 1 could still be played" in done.lines[0]


def test_what_is_gone_can_be_discarded(operate: Operate) -> None:
    """`--discard-trimmed` deletes those messages, and those alone."""
    shard = Shard([RECORDS], trimmed_before=sequence_number(5))
    stage = _Stage(_batch(2, 3), _parked(1), shard=shard, answers=({"errorMessage": "no"},))
    done = operate("redrive", "--discard-trimmed", stack=stage.stack)
    assert (done.code, list(stage.queue.messages)) == (1, ["receipt-2"])


def test_a_dry_run_plays_nothing(operate: Operate) -> None:
    """It says what would be played and why it was given up, leaves the queue as it is, and exits 0."""
    stage = _Stage(_parked(1), _batch(2, 3))
    done = operate("redrive", "--dry-run", stack=stage.stack)
    assert done.code == 0
    assert done.lines == [
        f"1/2  would play       record {sequence_number(1)}: the price has no type",
        f"2/2  would play       batch of 2 in {SHARD}, from {sequence_number(2)}: RetryAttemptsExhausted",
        "2 would play; 2 left in the queue",
    ]
    assert stage.played == []
    assert (len(stage.queue.messages), stage.queue.hidden) == (2, set())


def test_the_records_can_be_written_to_a_file(operate: Operate, tmp_path: Path) -> None:
    """An event a line, which `explain` and `sls invoke local` read; the queue is left as it is."""
    stage = _Stage(_parked(1), _batch(2, 3))
    path = tmp_path / "given-up.jsonl"
    path.write_text("from an earlier run\n", encoding="utf-8")
    assert operate("redrive", "--to-file", path, stack=stage.stack).code == 0
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines == [event(RECORDS[0]), event(*RECORDS[1:3])]
    assert (stage.played, len(stage.queue.messages)) == ([], 2)
    assert operate("explain", "--event", path).code == 0


def test_a_message_that_nobody_knows_is_left_alone(operate: Operate) -> None:
    """It is shown, kept, and counts as left."""
    stage = _Stage("hello", _parked(1), "[1]", '{"reason": 5}', "[" * 100_000)
    done = operate("redrive", stack=stage.stack)
    assert done.code == 1
    assert next(line for line in done.lines if "'hello'" in line).split()[1] == "unknown"
    assert done.lines[-1] == "4 unknown, 1 played; 4 left in the queue"
    assert stage.queue.hidden == set()


def test_an_empty_queue_is_good_news(operate: Operate) -> None:
    """Nothing to do, exit code 0."""
    done = operate("redrive", stack=_Stage().stack)
    assert (done.code, done.lines) == (0, ["nothing waits to be played"])


def test_no_more_messages_are_taken_than_asked_for(operate: Operate) -> None:
    """`--max`; the queue gives ten at a time."""
    stage = _Stage(*[_parked(1)] * 25)
    operate("redrive", "--max", "12", stack=stage.stack)
    assert len(stage.played) == 12
    assert len(stage.queue.messages) == 13


@pytest.mark.parametrize("command", ["redrive", "undelivered"])
@pytest.mark.parametrize("most", ["0", "-1", "1.5", "1e3", "x", "", "1000001", "9" * 5000, "²"])
def test_at_the_most_is_at_least_one(
    command: str, most: str, operate: Operate, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anything else is refused before a stage is looked for; -1 does not mean all."""
    with pytest.raises(SystemExit) as ended:
        operate(command, f"--max={most}")
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "argument --max: expected a whole number from 1 to 1,000,000" in said
    assert len(said) < 200


def test_json_is_an_object_a_message_and_a_summary(operate: Operate) -> None:
    """Stable names: status, label, records, detail; in the end summary and left."""
    stage = _Stage(_parked(1), _batch(2, 3), answers=({"errorMessage": "no"},))
    done = operate("redrive", "--json", stack=stage.stack)
    assert done.json_lines == [
        {
            "status": "still failing",
            "label": f"record {sequence_number(1)}",
            "records": 1,
            "detail": "the function failed: no",
        },
        {
            "status": "played",
            "label": f"batch of 2 in {SHARD}, from {sequence_number(2)}",
            "records": 2,
            "detail": "2 records",
        },
        {"summary": {"still failing": 1, "played": 1}, "left": 1},
    ]


def test_a_record_parked_without_its_images_is_looked_up_in_the_stream(operate: Operate) -> None:
    """Too big for the queue: its sequence number leads back to it."""
    body = {"reason": "too big", "error": "X", "imagesLeftOut": True}
    body["record"] = {"dynamodb": {"SequenceNumber": sequence_number(3)}}
    stage = _Stage(json.dumps(body))
    assert operate("redrive", stack=stage.stack).code == 0
    assert stage.played == [[RECORDS[2]]]


class _Denied:
    """An SQS client that may not read."""

    def receive_message(self, **_: Any) -> Any:
        raise refusal("AccessDenied")


def test_a_queue_that_may_not_be_read_is_one_clear_line(operate: Operate) -> None:
    """Exit code 1 and what AWS said, no traceback."""
    stack = FakeStack(sqs=_Denied(), dynamodbstreams=None, **{"lambda": None})
    done = operate("redrive", stack=stack)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("AWS refused or did not answer: ")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            "[ERROR] handed back from sequence number 7 on: SNS PublishBatch: Topic does not exist",
            "Topic does not exist",
        ),
        (
            "START\n[ERROR]\t2026-11-21T09:02:00.000Z\t6d7f\thanded back from sequence number 7 on: no topic\nEND",
            "no topic",
        ),
        ("[ERROR]\t2026-11-21T09:02:00.000Z\t6d7f\tthe ledger is gone", "the ledger is gone"),
        (
            '{"level": "ERROR", "message": "handed back from sequence number 7 on: no topic"}\n{"type": "x"}',
            "no topic",
        ),
        ("[INFO] nothing", "its log says why"),
        ('{"level": "INFO", "message": "nothing"}', "its log says why"),
    ],
)
def test_a_record_that_still_fails_is_shown_with_the_functions_own_reason(
    log: str, said: str, operate: Operate
) -> None:
    """The end of the function's log comes with its answer, as the local AWS and Lambda write it."""
    stage = _Stage(_parked(1), answers=({"batchItemFailures": [{"itemIdentifier": sequence_number(1)}]},))
    stage.function.log = log
    done = operate("redrive", stack=stage.stack)
    assert done.lines[0].endswith(said)
    assert "2026-11-21T09:02:00" not in done.lines[0]


def test_a_record_in_several_messages_is_played_whole_and_leaves_the_queue(operate: Operate) -> None:
    """One line, one invocation, and all of its messages are deleted; a part that came twice, too."""
    noise = hashlib.shake_256(b"noise").hexdigest(1_500_000)
    record = added("big", 1, a=noise, b=noise[::-1])
    parts = to_bodies(Parked(record, "the price has no type", "MalformedRecordError"), "1.0.0")
    assert len(parts) > 1
    stage = _Stage(*parts[::-1], _parked(2), parts[0])
    done = operate("redrive", stack=stage.stack)
    assert done.code == 0
    assert stage.played == [[record], [RECORDS[1]]]
    assert stage.queue.messages == {}


def test_a_part_whose_others_are_missing_is_reported_and_left(operate: Operate) -> None:
    """The rest is played."""
    noise = hashlib.shake_256(b"noise").hexdigest(1_500_000)
    parts = to_bodies(Parked(added("big", 1, a=noise), "why", "MalformedRecordError"), "1.0.0")
    stage = _Stage(parts[0], _parked(2))
    done = operate("redrive", stack=stage.stack)
    assert done.code == 1
    assert f"part 1 of {len(parts)} of a parked record" in done.out
    assert stage.played == [[RECORDS[1]]]
    assert list(stage.queue.messages.values()) == [parts[0]]
    assert stage.queue.hidden == set()


def _spoilt(**changes: Any) -> str:
    """Write a batch given up whose place in the stream is not one."""
    body = json.loads(_batch(2, 4))
    body["DDBStreamBatchInfo"] |= changes
    body["DDBStreamBatchInfo"] = {name: value for name, value in body["DDBStreamBatchInfo"].items() if value != "gone"}
    return json.dumps(body)


def _zipped(content: bytes, cut: int | None = None) -> str:
    """Write a parked record with these bytes in gzip, perhaps cut short."""
    packed = base64.b64encode(gzip.compress(content)[:cut]).decode()
    return json.dumps({"reason": "r", "error": "E", "recordGzip": packed})


DEEP = "[" * 900 + "]" * 900
UNREADABLE = {
    "gzip cut short": _zipped(b'{"eventName": "INSERT"}' * 50, 20),
    "gzip of no JSON": _zipped(b"{"),
    "gzip of deep JSON": _zipped(b"[" * 100_000),
    "gzip of far too much": _zipped(b" " * 40_000_000),
    "no gzip": json.dumps({"reason": "r", "recordGzip": "AAAA"}),
    "no base64": json.dumps({"reason": "r", "recordGzip": "ä"}),
    "gzip that is not text": json.dumps({"reason": "r", "recordGzip": 5}),
    "no end": _spoilt(endSequenceNumber="gone"),
    "an end that is not a number": _spoilt(endSequenceNumber="4; drop"),
    "a beginning of 5,000 digits": _spoilt(startSequenceNumber="9" * 5000),
    "a beginning that is a number": _spoilt(startSequenceNumber=7),
    "a shard that is none": _spoilt(shardId=None),
    "no shard": _spoilt(shardId="gone"),
    "the function's own null": to_bodies(
        Parked(None, "expected a DynamoDB stream record", "MalformedRecordError"), "1"
    )[0],
    "a record that is a text": json.dumps({"reason": "r", "record": "x"}),
    "no reason": json.dumps({"record": RECORDS[0]}),
    "a reason that is none": json.dumps({"record": RECORDS[0], "reason": ["r"]}),
    "left out without a number": json.dumps({"record": {"dynamodb": {}}, "reason": "r", "imagesLeftOut": True}),
    "deep": DEEP,
    "deep in a field": f'{{"DDBStreamBatchInfo": {DEEP}}}',
    "too deep": "[" * 100_000,
    "a list": "[]",
    "a text": '"part"',
    "a number": "5",
    "a part of infinity": '{"part": 1e400, "of": 2}',
    "a payload that is none": json.dumps({**json.loads(_batch(2, 4)), "payload": "null"}),
    "a payload without records": json.dumps({**json.loads(_batch(2, 4)), "payload": {"Records": 5}}),
    "nothing": "",
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_unknown_and_left_and_the_rest_is_played(text: str, operate: Operate) -> None:
    """No traceback, no message hidden, nothing lost."""
    stage = _Stage(_parked(1), text, _parked(2))
    done = operate("redrive", stack=stage.stack)
    assert (done.code, done.err) == (1, "")
    assert [line.split()[1] for line in done.lines[:-1]] == ["unknown", "played", "played"]
    assert stage.played == [[RECORDS[0]], [RECORDS[1]]]
    assert list(stage.queue.messages.values()) == [text]
    assert stage.queue.hidden == set()
    assert all(len(line) < 250 for line in done.lines)


def test_a_record_too_deep_to_be_written_again_is_left() -> None:
    """Reading may reach deeper than writing."""

    def played(depth: int) -> list[str]:
        text = '{"reason": "r", "record": {"a": ' + "[" * depth + "]" * depth + "}}"
        stage = _Stage(text, _parked(1))
        return [result.status for _, _, result in Redrive(cast("Any", stage.stack)).results(10)]

    for depth in range(200, 1000, 7):
        assert played(depth)[-1] == "played"


@pytest.mark.parametrize("after", [0, 1, 2])
def test_ctrl_c_gives_back_what_is_received(after: int, operate: Operate) -> None:
    """While messages are received, those of earlier calls among them."""
    stage = _Stage(*map(_parked, [1, 2, 3, 4, 5] * 5))
    receive = stage.queue.receive_message
    calls = iter(range(10))

    def interrupted(**arguments: Any) -> Any:
        if next(calls) == after:
            raise KeyboardInterrupt
        return receive(**arguments)

    stage.queue.receive_message = interrupted  # type: ignore[method-assign]
    assert operate("redrive", stack=stage.stack).code == 130
    assert len(stage.queue.messages) == 25
    assert stage.queue.hidden == set()


@pytest.mark.parametrize("after", [0, 2, 4])
def test_ctrl_c_gives_back_what_is_not_played(after: int, operate: Operate) -> None:
    """What is played is gone, everything else is there for the next run."""
    stage = _Stage(*map(_parked, range(1, 6)))
    invoke = stage.function.invoke

    def interrupted(**arguments: Any) -> Any:
        if len(stage.function.events) == after:
            raise KeyboardInterrupt
        return invoke(**arguments)

    stage.function.invoke = interrupted  # type: ignore[method-assign]
    assert operate("redrive", stack=stage.stack).code == 130
    assert len(stage.queue.messages) == 5 - after
    assert stage.queue.hidden == set()


def test_whoever_reads_on_no_longer_hides_nothing() -> None:
    """A program that stops in the middle gives all back, too."""
    stage = _Stage(*map(_parked, range(1, 6)))
    results = Redrive(cast("Any", stage.stack), dry_run=True).results(10)
    next(results)
    assert len(stage.queue.hidden) == 5
    results.close()
    assert stage.queue.hidden == set()


def test_what_exceeds_an_invocation_is_played_in_parts_in_order(operate: Operate) -> None:
    """Measured as it is sent: texts of other scripts are not escaped, and take a third of the room."""
    records = [added(f"p{number}", at=number, note="語" * 120_000) for number in range(1, 31)]
    stage = _Stage(_batch(1, 30), shard=Shard([records]))
    sizes: list[int] = []
    invoke = stage.function.invoke

    def measured(**arguments: Any) -> Any:
        sizes.append(len(arguments["Payload"]))
        return invoke(**arguments)

    stage.function.invoke = measured  # type: ignore[method-assign]
    assert operate("redrive", stack=stage.stack).code == 0
    assert [record for part in stage.played for record in part] == records
    assert len(stage.played) == 2
    assert max(sizes) <= 6 * 1024 * 1024


def test_a_part_that_fails_keeps_those_behind_it_back(operate: Operate) -> None:
    """Order within a product is kept: nothing overtakes."""
    records = [added(f"p{number}", at=number, note="語" * 120_000) for number in range(1, 31)]
    failed = {"batchItemFailures": [{"itemIdentifier": sequence_number(3)}]}
    stage = _Stage(_batch(1, 30), answers=(failed,), shard=Shard([records]))
    assert operate("redrive", stack=stage.stack).code == 1
    assert len(stage.played) == 1
    assert len(stage.queue.messages) == 1


def test_a_lone_surrogate_is_played_too(operate: Operate) -> None:
    """It has no UTF-8: it travels escaped."""
    record = json.loads(json.dumps(RECORDS[0]))
    record["dynamodb"]["NewImage"]["note"] = {"S": "\ud800 é"}
    stage = _Stage(json.dumps({"record": record, "reason": "r"}))
    assert operate("redrive", stack=stage.stack).code == 0
    assert stage.played == [[record]]


def test_a_dry_run_empties_no_file(operate: Operate, tmp_path: Path) -> None:
    """It only says what would be."""
    kept = tmp_path / "kept.jsonl"
    kept.write_text("of yesterday\n", "utf-8")
    stage = _Stage(_parked(1))
    assert operate("redrive", "--dry-run", "--to-file", kept, stack=stage.stack).code == 0
    assert kept.read_text("utf-8") == "of yesterday\n"


def test_a_folder_that_is_missing_is_one_clear_line(operate: Operate, tmp_path: Path) -> None:
    """And nothing is received for it."""
    stage = _Stage(_parked(1))
    done = operate("redrive", "--to-file", tmp_path / "nowhere" / "kept.jsonl", stack=stage.stack)
    assert done.code != 0
    assert "kept.jsonl: cannot be written: No such file or directory" in done.err
    assert stage.queue.hidden == set()
    assert len(stage.queue.messages) == 1


def test_texts_of_other_scripts_are_kept_as_they_are(operate: Operate, tmp_path: Path) -> None:
    """In a file they can be read."""
    kept = tmp_path / "kept.jsonl"
    stage = _Stage(to_bodies(Parked(added("語"), "r", "E"), "1")[0])
    operate("redrive", "--to-file", kept, stack=stage.stack)
    assert "語" in kept.read_text("utf-8")


def test_a_batch_that_an_open_shard_has_not_shown_is_kept(operate: Operate) -> None:
    """Ten empty pages are not its end: `--discard-trimmed` deletes nothing that may still come."""
    stage = _Stage(_batch(2, 4), shard=Shard([RECORDS[:1], *[[]] * 20, RECORDS[1:]]))
    done = operate("redrive", "--discard-trimmed", stack=stage.stack)
    assert "still failing" in done.out
    assert "run it again in a few minutes" in done.out
    assert len(stage.queue.messages) == 1


def test_a_batch_of_which_an_open_shard_has_shown_a_part_is_kept(operate: Operate) -> None:
    """What is there is played."""
    stage = _Stage(_batch(2, 4), shard=Shard([RECORDS[:2]]))
    assert "still failing" in operate("redrive", stack=stage.stack).out
    assert stage.played == [[RECORDS[1]]]
    assert len(stage.queue.messages) == 1
