"""What the Streams API answers: shards as listed, errors by their codes."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from event_source_mapping.aws.clients import AwsClients
from event_source_mapping.aws.streams import AwsStream
from event_source_mapping.model.errors import (
    EventSourceMappingError,
    ExpiredIteratorError,
    StreamNotFoundError,
    StreamThrottledError,
    StreamUnavailableError,
    TrimmedDataError,
)
from event_source_mapping.model.streams import Position, ShardDescription
from event_source_mapping.testing.builders import STREAM_ARN
from tests.event_source_mapping.aws.stubbed import Stubbed, failing

SHARD = "shardId-00000001700000000000-0a1b2c3d"
CHILD = "shardId-00000001700000000001-0a1b2c3d"


def test_shards_are_listed_with_parent_and_end() -> None:
    """An ending sequence number means closed; pages follow each other [Shards]."""
    stubbed = Stubbed("dynamodbstreams")
    numbers = {"StartingSequenceNumber": "1" * 21}
    page = {
        "StreamStatus": "ENABLED",
        "LastEvaluatedShardId": CHILD,
        "Shards": [
            {
                "ShardId": SHARD,
                "SequenceNumberRange": {**numbers, "EndingSequenceNumber": "2" * 21},
            },
            {"ShardId": CHILD, "ParentShardId": SHARD, "SequenceNumberRange": numbers},
        ],
    }
    stubbed.stubber.add_response("describe_stream", {"StreamDescription": page}, {"StreamArn": STREAM_ARN})
    stubbed.stubber.add_response(
        "describe_stream",
        {"StreamDescription": {"StreamStatus": "DISABLED", "Shards": []}},
        {"StreamArn": STREAM_ARN, "ExclusiveStartShardId": CHILD},
    )
    stream = AwsStream(stubbed)
    first = stream.describe(STREAM_ARN, None)
    assert first.shards == (
        ShardDescription(SHARD, None, closed=True),
        ShardDescription(CHILD, SHARD, closed=False),
    )
    assert first.last_shard_id == CHILD
    second = stream.describe(STREAM_ARN, first.last_shard_id)
    assert (second.shards, second.status, second.last_shard_id) == ((), "DISABLED", None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredIteratorException", ExpiredIteratorError),
        ("TrimmedDataAccessException", TrimmedDataError),
        ("ResourceNotFoundException", StreamNotFoundError),
        ("LimitExceededException", StreamThrottledError),
        ("ThrottlingException", StreamThrottledError),
        ("ProvisionedThroughputExceededException", StreamThrottledError),
        ("InternalServerError", StreamUnavailableError),
        ("AccessDeniedException", StreamUnavailableError),
    ],
)
def test_stream_errors_by_code(code: str, kind: type[EventSourceMappingError]) -> None:
    """Both spellings of a throttle, and the codes that change a position [Reading a shard]."""
    stream = AwsStream(failing("dynamodbstreams", "get_records", code))
    with pytest.raises(kind, match=f"{code}: words"):
        stream.get_records(STREAM_ARN, "iterator", 1000)


class _Answers(BaseHTTPRequestHandler):
    """Answers every request with the server's `answer`: a status and a body, or None to drop the connection."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        answer: tuple[int, bytes] | None = self.server.answer  # type: ignore[attr-defined]
        if answer is None:
            self.close_connection = True
            return
        status, body = answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + (50 if body.startswith(b"cut") else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.mark.parametrize("call", ["describe", "shard_iterator", "get_records"])
@pytest.mark.parametrize(
    "answer",
    [
        None,
        (500, b"{}"),
        (503, b"<html>away</html>"),
        (200, b"<html>a proxy's page</html>"),
        (200, b"{}"),
        (200, b""),
        (200, b"cut short"),
    ],
    ids=["dropped", "500", "503", "html", "empty object", "nothing", "cut short"],
)
def test_an_endpoint_that_fails_is_asked_again(answer: tuple[int, bytes] | None, call: str) -> None:
    """However it fails: neither the end of a shard nor a fault of this command [Reading a shard]."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        server.answer = answer  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        stream = AwsStream(AwsClients(f"http://127.0.0.1:{server.server_port}", "eu-west-1"))
        calls: dict[str, Callable[[], object]] = {
            "describe": lambda: stream.describe(STREAM_ARN, None),
            "shard_iterator": lambda: stream.shard_iterator(STREAM_ARN, SHARD, Position("TRIM_HORIZON")),
            "get_records": lambda: stream.get_records(STREAM_ARN, "iterator", 1000),
        }
        try:
            with pytest.raises(StreamUnavailableError):
                calls[call]()
        finally:
            server.shutdown()
