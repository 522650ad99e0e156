"""What `redrive` makes of the bucket of whole batches."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from operations.deployed.given_up import MOST_BYTES
from operations.health.failures import list_waiting
from tests.builders import added, sequence_number
from tests.operations.stage import (
    KEY,
    SHARD,
    FakeBucket,
    FakeFunction,
    FakeQueue,
    FakeStack,
    FakeStreams,
    Operate,
    Shard,
    refusal,
)

RECORDS = [added(f"p{number}", at=number) for number in range(1, 6)]


def whole(first: int, last: int, payload: Any = None) -> str:
    """Write what Lambda puts into a bucket; the event is JSON in a string unless it is given."""
    records = RECORDS[first - 1 : last]
    return json.dumps(
        {
            "requestContext": {"condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {
                "shardId": SHARD,
                "startSequenceNumber": sequence_number(first),
                "endSequenceNumber": sequence_number(last),
                "batchSize": len(records),
            },
            "payload": json.dumps({"Records": records}) if payload is None else payload,
        }
    )


class Stage:
    """A stack whose stream has forgotten everything."""

    def __init__(self, *messages: str, answers: tuple[Any, ...] = (), **objects: Any) -> None:
        self.bucket, self.queue, self.function = FakeBucket(**objects), FakeQueue(*messages), FakeFunction(*answers)
        streams = FakeStreams(Shard([], gone=True))
        clients = {"sqs": self.queue, "lambda": self.function, "dynamodbstreams": streams, "s3": self.bucket}
        self.stack = FakeStack(**clients)
        self.stack.outputs = {**FakeStack.outputs, "GivenUpBucketName": "bucket"}  # type: ignore[misc]

    @property
    def played(self) -> list[list[Any]]:
        """The records of each invocation."""
        return [given["Records"] for given in self.function.events]


@pytest.mark.parametrize("payload", [None, {"Records": RECORDS[:2]}], ids=["text", "object"])
def test_a_whole_batch_is_played_without_the_stream_and_deleted(payload: Any, operate: Operate) -> None:
    """The event may be JSON in a string, as AWS documents it, or an object."""
    stage = Stage(a=whole(1, 2, payload))
    done = operate("redrive", stack=stage.stack)
    assert (done.code, done.err) == (0, "")
    assert done.lines == [
        f"1/1  played           batch of 2 in {SHARD}, from {sequence_number(1)}: 2 records",
        "1 played; 0 left in the queue and bucket",
    ]
    assert stage.function.events == [{"redrive": True, "Records": RECORDS[:2]}]
    assert stage.bucket.objects == {}


def test_queue_and_bucket_are_played_in_the_order_of_their_records(operate: Operate) -> None:
    """Whatever lies where."""
    stage = Stage(json.dumps({"kind": "record", "reason": "r", "record": RECORDS[1]}), z=whole(1, 1), a=whole(3, 5))
    assert operate("redrive", stack=stage.stack).code == 0
    assert stage.played == [RECORDS[:1], RECORDS[1:2], RECORDS[2:]]


def test_what_still_fails_stays_in_the_bucket(operate: Operate) -> None:
    """With exit code 1."""
    stage = Stage(a=whole(1, 2), answers=({"batchItemFailures": [{"itemIdentifier": sequence_number(2)}]},))
    done = operate("redrive", stack=stage.stack)
    assert done.code == 1
    assert list(stage.bucket.objects) == [f"{KEY}a"]


@pytest.mark.parametrize("option", ["--dry-run", "--to-file"])
def test_looking_deletes_nothing(option: str, operate: Operate, tmp_path: Any) -> None:
    """Neither a dry run nor a file plays anything."""
    stage = Stage(a=whole(1, 2))
    done = operate("redrive", option, *([tmp_path / "f"] if option == "--to-file" else []), stack=stage.stack)
    assert (done.code, stage.played, len(stage.bucket.objects)) == (0, [], 1)


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[" * 100_000,
        whole(1, 2, "not JSON"),
        whole(1, 2, "[" * 100_000),
        whole(1, 2, {}),
        whole(1, 2, {"Records": "many"}),
        whole(1, 2, 5),
        '{"payload": "{}"}',
    ],
    ids=lambda text: text[-30:],
)
def test_an_object_of_another_kind_is_said_and_stays(text: str, operate: Operate) -> None:
    """Somebody may put anything into a bucket."""
    stage = Stage(a=text, b=whole(3, 3))
    done = operate("redrive", stack=stage.stack)
    assert done.code == 1
    assert "unknown" in done.lines[0]
    assert stage.played == [RECORDS[2:3]]
    assert list(stage.bucket.objects) == [f"{KEY}a"]


def test_an_object_that_is_too_large_is_not_read(operate: Operate) -> None:
    """Lambda writes none of that size."""
    stage = Stage(a=whole(1, 2))
    stage.bucket.size = MOST_BYTES + 1
    assert operate("redrive", stack=stage.stack).code == 1
    assert stage.played == []


def test_an_object_that_may_not_be_read_is_said_and_the_rest_is_played(operate: Operate) -> None:
    """Its key may be disabled: it stays, with the reason."""
    stage = Stage(a=refusal("AccessDenied"), b=whole(3, 3))
    for option, word in (("--dry-run", "would"), ("--max=1000", "played")):
        done = operate("redrive", option, stack=stage.stack)
        assert [line.split()[1] for line in done.lines[:2]] == ["unknown", word]
        assert f"'{KEY}a' cannot be read: " in done.lines[0]
        assert "AccessDenied" in done.lines[0]
        assert done.err == ""
    assert done.code == 1
    assert stage.played == [RECORDS[2:3]]
    assert list(stage.bucket.objects) == [f"{KEY}a"]


def test_an_object_that_is_gone_since_the_listing_is_said_and_not_left(operate: Operate) -> None:
    """It has expired, or somebody else has played it."""
    stage = Stage(a=refusal("NoSuchKey"), b=whole(3, 3))
    done = operate("redrive", stack=stage.stack)
    assert (done.code, done.err) == (0, "")
    assert f"'{KEY}a' is gone since the bucket was listed" in done.lines[0]
    assert stage.played == [RECORDS[2:3]]
    assert done.lines[-1] == "1 unknown, 1 played; 0 left in the queue and bucket"


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey"])
def test_what_waits_is_listed_around_an_object_that_cannot_be_read(code: str) -> None:
    """With the reason in its place."""
    stage = Stage(a=refusal(code), b=whole(3, 3))
    unread, readable = list_waiting(cast("Any", stage.stack), 10)
    assert f"{KEY}a" in unread.problem
    assert (readable.problem, readable.records) == ("", 1)


def test_what_cannot_be_deleted_is_said_and_the_rest_is_played(operate: Operate) -> None:
    """It is played again at the next run, and alerts no second time."""
    stage = Stage(a=whole(1, 2), b=whole(3, 3))
    delete = stage.bucket.delete_object

    def refuse(**arguments: Any) -> None:
        if arguments["Key"].endswith("a"):
            raise refusal("AccessDenied")
        delete(**arguments)

    stage.bucket.delete_object = refuse  # type: ignore[method-assign]
    done = operate("redrive", stack=stage.stack)
    assert (done.code, done.err) == (1, "")
    assert "still failing" in done.lines[0]
    assert "2 records; cannot be deleted: " in done.lines[0]
    assert stage.played == [RECORDS[:2], RECORDS[2:3]]
    assert list(stage.bucket.objects) == [f"{KEY}a"]


def test_a_bucket_that_may_not_be_listed_gives_the_messages_back(operate: Operate) -> None:
    """One clear line, and nothing stays hidden."""
    stage = Stage(json.dumps({"kind": "record", "reason": "r", "record": RECORDS[1]}))

    def refuse(**_: Any) -> Any:
        raise refusal("AccessDenied")

    stage.bucket.paginate = refuse  # type: ignore[method-assign]
    done = operate("redrive", stack=stage.stack)
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert stage.queue.hidden == set()


def test_at_most_so_many_are_played(operate: Operate) -> None:
    """`--max` counts queue and bucket together."""
    stage = Stage(json.dumps({"kind": "record", "reason": "r", "record": RECORDS[1]}), a=whole(1, 1), b=whole(3, 3))
    operate("redrive", "--max", 2, stack=stage.stack)
    assert len(stage.played) == 2


def test_a_batch_that_has_grown_beyond_an_invocation_is_played_in_parts(
    operate: Operate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order; what fails in the first part keeps the second from overtaking it."""
    monkeypatch.setattr("operations.deployed.redrive._MOST_PAYLOAD", 2000)
    stage = Stage(a=whole(1, 5))
    assert operate("redrive", stack=stage.stack).code == 0
    assert len(stage.played) > 1
    assert [record for part in stage.played for record in part] == RECORDS
    stage = Stage(a=whole(1, 5), answers=({"batchItemFailures": [{"itemIdentifier": "1"}]},))
    assert operate("redrive", stack=stage.stack).code == 1
    assert len(stage.played) == 1
