"""Reading a function's log: all of a time, page by page, and never more than a bounded part."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from operations.deployed.stack import Stack
from operations.logs import function_logs
from operations.logs.function_logs import LogReading, read_log
from tests.aws_in_memory import MemorySession, aws_in_memory, new_client
from tests.lambda_log import put
from tests.operations.stage import refusal

FUNCTION = "product-alerts-dev-alerts"


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Give a stage in moto's memory."""
    with aws_in_memory():
        yield Stack("dev", {}, MemorySession(), None)


def lines(count: int, **more: Any) -> list[str]:
    """Make lines."""
    return [json.dumps({"level": "INFO", "message": f"line {number}", **more}) for number in range(count)]


def read(stack: Stack, minutes: float = 5, **given: Any) -> LogReading:
    """Read the last minutes."""
    now = datetime.now(UTC)
    return read_log(stack, FUNCTION, now - timedelta(minutes=minutes), now + timedelta(seconds=5), **given)


def test_a_function_that_has_never_run_has_logged_nothing(stack: Stack) -> None:
    """Its log group may not be there yet."""
    assert read(stack) == LogReading((), whole=True)


def test_lines_come_in_the_order_of_time_those_of_all_instances_together(stack: Stack) -> None:
    """Each of them has a log stream."""
    logs, now = stack.client("logs"), time.time()
    put(logs, FUNCTION, ["third"], now - 10)
    put(logs, FUNCTION, ["first"], now - 30, stream="b")
    put(logs, FUNCTION, ["second"], now - 20)
    put(logs, FUNCTION, ["long ago"], now - 900)
    found = read(stack)
    assert [line.text for line in found.lines] == ["first", "second", "third"]
    assert found.lines[0].at == pytest.approx(now - 30, abs=0.01)
    assert len({line.id for line in found.lines}) == 3
    assert found.whole


def test_all_pages_are_read(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS ends one where it likes."""
    monkeypatch.setattr(function_logs, "_A_PAGE", 7)
    put(stack.client("logs"), FUNCTION, lines(30))
    found = read(stack)
    assert len(found.lines) == 30
    assert found.whole


@pytest.mark.parametrize(
    ("bound", "value", "most"),
    [("MOST_PAGES", 2, 20), ("MOST_LINES", 15, 15), ("MOST_BYTES", 500, 14)],
)
def test_a_reading_is_bounded_and_says_so(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, bound: str, value: int, most: int
) -> None:
    """In pages, lines and bytes."""
    monkeypatch.setattr(function_logs, "_A_PAGE", 10)
    monkeypatch.setattr(function_logs, bound, value)
    put(stack.client("logs"), FUNCTION, lines(40))
    found = read(stack)
    assert 0 < len(found.lines) <= most
    assert not found.whole


def test_a_line_that_is_far_too_long_is_left_out(stack: Stack) -> None:
    """Its neighbours are not; it is counted."""
    put(stack.client("logs"), FUNCTION, ["x" * (function_logs.LONGEST_LINE + 1), "short"])
    found = read(stack)
    assert [line.text for line in found.lines] == ["short"]
    assert len(found.too_long) == 1
    assert found.whole


def test_a_name_is_searched_for(stack: Stack) -> None:
    """By a pattern of one term."""
    put(stack.client("logs"), FUNCTION, [*lines(3), '{"sequenceNumber": "42"}'])
    assert [line.text for line in read(stack, pattern='"42"').lines] == ['{"sequenceNumber": "42"}']


class Throttled:
    """A session whose logs throttle."""

    region_name = "us-east-1"

    def client(self, *_: Any, **__: Any) -> Any:
        """Make a client."""
        client = new_client("logs")
        client.filter_log_events = self._refuse
        return client

    def _refuse(self, **_: Any) -> Any:
        raise refusal("ThrottlingException")


def test_throttling_is_the_callers_to_know(stack: Stack) -> None:
    """It is no empty log."""
    assert stack
    with pytest.raises(ClientError, match="ThrottlingException"):
        read(Stack("dev", {}, Throttled(), None))
