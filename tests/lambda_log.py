"""What a function's log has on Lambda: the lines of Lambda's JSON log format, made from what really logs here."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

_OWN = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})


class LambdaLog(logging.Handler):
    """Writes each record as Lambda does: its fields beside message, level, logger and request id.

    Source: AWS Lambda Developer Guide, "Using Lambda advanced logging controls with Python".
    """

    def __init__(self, request_id: str) -> None:
        """Log for one invocation."""
        super().__init__()
        self.request_id = request_id
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": self.request_id,
            **{name: value for name, value in vars(record).items() if name not in _OWN},
        }
        self.lines.append(json.dumps(line, ensure_ascii=False))


@contextmanager
def lambda_log(request_id: str = "r-1", level: int = logging.INFO) -> Iterator[list[str]]:
    """Give the lines that are logged from `level` on while the context lasts."""
    handler = LambdaLog(request_id)
    logger = logging.getLogger("notifications")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def report(status: str, request_id: str = "r-1", milliseconds: float = 30_000.0, **more: Any) -> str:
    """Write Lambda's own report of an invocation."""
    metrics = {"durationMs": milliseconds, "billedDurationMs": 30000, "memorySizeMB": 256, "maxMemoryUsedMB": 90}
    record = {"requestId": request_id, "status": status, "metrics": metrics, **more}
    return json.dumps({"time": "2026-11-21T09:00:00.000Z", "type": "platform.report", "record": record})


def put(logs: Any, function: str, lines: list[str], at: float | None = None, stream: str = "2026/11/21/[1]a") -> None:
    """Put lines into the log of a function, by default as if they were logged now."""
    group = f"/aws/lambda/{function}"
    for make, given in (
        (logs.create_log_group, {"logGroupName": group}),
        (logs.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
    ):
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            make(**given)
    when = round((at or time.time()) * 1000)
    events = [{"timestamp": when, "message": line} for line in lines]
    for start in range(0, len(events), 1000):
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events[start : start + 1000])
