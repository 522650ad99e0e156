"""Plays again what was given up, from the failures queue and the bucket of whole batches, through the function."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Generator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from notifications.common.errors import ConfigurationError
from notifications.text.formatting import one_line
from operations.deployed.failure_messages import FailureMessage, UnknownMessageError
from operations.deployed.given_up import GivenUp, places_of, receive
from operations.deployed.stack import Stack
from operations.deployed.stream_records import Range, Stream
from operations.terminal.words import how_many

PLAYED, FAILING, TRIMMED, UNKNOWN, WOULD_PLAY = "played", "still failing", "already trimmed", "unknown", "would play"
_UNFINISHED = "the stream returned only empty pages before its last record: run it again in a few minutes"
_NO_ANSWER = (
    "the function's answer is not a partial batch response, so nothing says that its records are done. "
    "Is the stage's function this project's, and current?"
)
_MOST_PAYLOAD = 6 * 1024 * 1024  # bytes of an invocation


class Result(NamedTuple):
    """What became of one message."""

    status: str
    """PLAYED, FAILING, TRIMMED, UNKNOWN or WOULD_PLAY."""
    label: str
    records: int
    """How many records were found, in the message or in the stream."""
    detail: str


class Redrive:
    """One run over all that waits."""

    def __init__(
        self,
        stack: Stack,
        *,
        dry_run: bool = False,
        to_file: Path | None = None,
        discard: bool = False,
        only: Collection[str] | None = None,
    ) -> None:
        """Play through the function of `stack`. With `dry_run` or `to_file` nothing is played.

        `discard` deletes the messages whose records the stream no longer holds. `only` names what is played by its id
        (see `GivenUp`); None plays all.
        """
        self._places = places_of(stack)
        self._only = only
        self.places = "queue and bucket" if len(self._places) > 1 else "queue"
        """Where it looks, in words."""
        self._function = stack.client("lambda")
        self._function_name = stack.outputs["AlertsFunctionName"]
        self._stream = Stream(stack.client("dynamodbstreams"), stack.outputs["ProductsStreamArn"])
        self._dry_run = dry_run
        self._to_file = to_file
        self._discard = discard
        self.left = 0
        """How much stays where it is; known when `results` has ended."""

    def results(self, most: int) -> Generator[tuple[int, int, Result]]:
        """Yield number, total and result of each message, the oldest record first; at most `most` messages."""
        if self._to_file and not self._dry_run:
            _write(self._to_file, "wb", b"")  # before anything is received: it may not be writable
        kept: list[GivenUp] = []
        try:
            receive(self._places, most, kept)
            waiting = sorted(kept, key=lambda found: found.sequence_number)
            if self._only is not None:
                waiting = [found for found in waiting if found.id in self._only]
            for number, found in enumerate(waiting, 1):
                result = self._play(found)
                if result.status == PLAYED or (result.status == TRIMMED and self._discard):
                    try:
                        found.delete()
                        kept.remove(found)
                    except (ClientError, BotoCoreError) as error:
                        result = result._replace(status=FAILING, detail=f"{result.detail}; cannot be deleted: {error}")
                yield number, len(waiting), result
        finally:
            self.left = sum(found.count for found in kept)
            for found in kept:
                found.give_back()

    def _play(self, waiting: GivenUp) -> Result:
        try:
            message = waiting.message()
        except UnknownMessageError as error:
            return Result(UNKNOWN, "message", 0, str(error))
        return self._play_message(message)

    def _play_message(self, message: FailureMessage) -> Result:
        try:
            return self._play_records(message, message.records(self._stream))
        except (ClientError, BotoCoreError) as error:
            return Result(FAILING, message.label, 0, str(error))
        except RecursionError:
            return Result(UNKNOWN, message.label, 0, "nested too deep to be written again")

    def _play_records(self, message: FailureMessage, found: Range) -> Result:
        count = len(found.records)
        if not found.records and found.unfinished:
            return Result(FAILING, message.label, 0, _UNFINISHED)
        if not found.records:
            return Result(TRIMMED, message.label, 0, f"{message.reason}; the stream no longer holds its records")
        if self._dry_run:
            return Result(WOULD_PLAY, message.label, count, message.reason)
        if self._to_file:
            _write(self._to_file, "ab", _json({"Records": found.records}) + b"\n")
            return Result(WOULD_PLAY, message.label, count, f"written to {self._to_file}")
        problem = self._invoke(found.records) or (found.unfinished and f"{_UNFINISHED}; those before it are played")
        if problem:
            return Result(FAILING, message.label, count, problem)
        if found.trimmed:
            return Result(TRIMMED, message.label, count, f"only the last {count} could still be played")
        return Result(PLAYED, message.label, count, how_many(count, "record"))

    def _invoke(self, records: list[dict[str, Any]]) -> str:
        """Invoke the function with the records; return its complaint, or "" if all are done."""
        payload = _json({"redrive": True, "Records": records})
        if len(payload) > _MOST_PAYLOAD and len(records) > 1:  # written anew, a full batch may have grown
            middle = len(records) // 2
            return self._invoke(records[:middle]) or self._invoke(records[middle:])
        answer = self._function.invoke(FunctionName=self._function_name, Payload=payload, LogType="Tail")
        return _complaint_in(answer)


def _complaint_in(answer: Mapping[str, Any]) -> str:
    """Return what the answer of an invocation complains of, or "" if it says that all records are done.

    Only a partial batch response without failures says so: what comes from another function, or from one that was cut
    off, must not delete anything.
    """
    try:
        response = json.loads(answer["Payload"].read())
    except (ValueError, RecursionError):
        response = None
    if answer.get("FunctionError"):
        said = response.get("errorMessage") if isinstance(response, dict) else None
        return f"the function failed: {one_line(said or response or 'its log says why')}"
    failed = response.get("batchItemFailures") if isinstance(response, dict) else None
    if not isinstance(failed, list):
        return _NO_ANSWER
    named = [each.get("itemIdentifier") if isinstance(each, dict) else None for each in failed]
    if not all(isinstance(each, str) for each in named):
        return _NO_ANSWER
    if not named:
        return ""
    why = logged_error(answer.get("LogResult", "")) or "its log says why"
    return f"handed back from sequence number {named[0] or 'unknown'} on: {why}"


def _json(event: dict[str, Any]) -> bytes:
    """Write an event as short as UTF-8 makes it; a lone surrogate has no UTF-8 and stays escaped, with all the rest."""
    try:
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(event, separators=(",", ":")).encode()


def _write(path: Path, mode: str, content: bytes) -> None:
    """Write to a file. Raises ConfigurationError, in one line that names it."""
    try:
        with path.open(mode) as file:
            file.write(content)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror or error}") from None


def logged_error(tail: str) -> str:
    """Return the last error in the end of a log, as Invoke gives it (base64), without when and where; "" without one.

    A line is JSON, or text where the log's format was not set. Source: AWS Lambda API Reference, "Invoke", LogResult;
    AWS Lambda Developer Guide, "Using Lambda advanced logging controls with Python".
    """
    try:
        lines = base64.b64decode(tail, validate=True).decode("utf-8", "replace").splitlines()
    except ValueError:
        return ""
    found = [text for line in lines if (text := _error_in(line))]
    if not found:
        return ""
    _, before, why = found[-1].partition(" on: ")
    return why if before else found[-1]


def _error_in(line: str) -> str:
    """Return the message of a line of level ERROR; "" for any other line."""
    if line.startswith("[ERROR]"):
        # Lambda's handler writes level, time and request id, each followed by a tab; ours is the last field.
        return line.removeprefix("[ERROR]").rpartition("\t")[2].strip()
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return str(entry.get("message", "")) if isinstance(entry, dict) and entry.get("level") == "ERROR" else ""
