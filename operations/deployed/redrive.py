"""Plays again what was given up, from the failures queue through the function."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from operations.deployed.failure_messages import FailureMessage, UnknownMessageError, join_parts, parse_failure_message
from operations.deployed.stack import Stack
from operations.deployed.stream_records import Stream

PLAYED, FAILING, TRIMMED, UNKNOWN, WOULD_PLAY = "played", "still failing", "already trimmed", "unknown", "would play"
_HIDDEN_SECONDS = 3600  # from other readers while this runs; at the end the message is given back


class Received(NamedTuple):
    """A message of the queue, hidden from other readers while this run has it."""

    receipts: tuple[str, ...]
    """Several where the record was too long for one message."""
    message: FailureMessage | None
    """None for a message that neither the function nor Lambda wrote."""
    problem: str = ""
    """Why there is none."""


class Result(NamedTuple):
    """What became of one message."""

    status: str
    """PLAYED, FAILING, TRIMMED, UNKNOWN or WOULD_PLAY."""
    label: str
    records: int
    """How many records were found, in the message or in the stream."""
    detail: str


class Redrive:
    """One run over the queue."""

    def __init__(
        self, stack: Stack, *, dry_run: bool = False, to_file: Path | None = None, discard: bool = False
    ) -> None:
        """Play through the function of `stack`. With `dry_run` or `to_file` nothing is played.

        `discard` deletes the messages whose records the stream no longer holds.
        """
        self._queue = stack.client("sqs")
        self._queue_url = stack.outputs["FailuresQueueUrl"]
        self._function = stack.client("lambda")
        self._function_name = stack.outputs["AlertsFunctionName"]
        self._stream = Stream(stack.client("dynamodbstreams"), stack.outputs["ProductsStreamArn"])
        self._dry_run = dry_run
        self._to_file = to_file
        self._discard = discard
        self.left = 0
        """How many messages stay in the queue; known when `results` has ended."""

    def results(self, most: int) -> Iterator[tuple[int, int, Result]]:
        """Yield number, total and result of each message, the oldest record first; at most `most` messages."""
        queue = sorted(self._receive(most), key=_order)
        kept = list(queue)
        try:
            if self._to_file:
                self._to_file.write_text("", encoding="utf-8")
            for number, received in enumerate(queue, 1):
                result = self._play(received)
                if result.status == PLAYED or (result.status == TRIMMED and self._discard):
                    for receipt in received.receipts:
                        self._queue.delete_message(QueueUrl=self._queue_url, ReceiptHandle=receipt)
                    kept.remove(received)
                yield number, len(queue), result
        finally:
            self.left = sum(len(received.receipts) for received in kept)
            for received in kept:
                self._give_back(received)

    def _receive(self, most: int) -> list[Received]:
        received: list[tuple[str, str]] = []
        while len(received) < most:
            found = self._queue.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=min(10, most - len(received)),
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=1,
            ).get("Messages", [])
            if not found:
                break
            received += [(each["ReceiptHandle"], each["Body"]) for each in found]
        return [
            _received(tuple(received[position][0] for position in positions), text)
            for positions, text in join_parts([text for _, text in received])
        ]

    def _play(self, received: Received) -> Result:
        message = received.message
        if message is None:
            return Result(UNKNOWN, "message", 0, received.problem)
        try:
            found = message.records(self._stream)
            count = len(found.records)
            if not found.records:
                return Result(TRIMMED, message.label, 0, f"{message.reason}; the stream no longer holds its records")
            if self._dry_run:
                return Result(WOULD_PLAY, message.label, count, message.reason)
            if self._to_file:
                with self._to_file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"Records": found.records}) + "\n")
                return Result(WOULD_PLAY, message.label, count, f"written to {self._to_file}")
            problem = self._invoke(found.records)
        except (ClientError, BotoCoreError) as error:
            return Result(FAILING, message.label, 0, str(error))
        if problem:
            return Result(FAILING, message.label, count, problem)
        if found.trimmed:
            return Result(TRIMMED, message.label, count, f"only the last {count} could still be played")
        return Result(PLAYED, message.label, count, "1 record" if count == 1 else f"{count} records")

    def _invoke(self, records: list[dict[str, Any]]) -> str:
        """Invoke the function with the records; return its complaint, or "" if all are done."""
        payload = json.dumps({"redrive": True, "Records": records}).encode()
        answer = self._function.invoke(FunctionName=self._function_name, Payload=payload, LogType="Tail")
        response = json.loads(answer["Payload"].read() or b"null")
        fields = response if isinstance(response, dict) else {}
        if answer.get("FunctionError"):
            return f"the function failed: {fields.get('errorMessage', response)}"
        failed = fields.get("batchItemFailures")
        if failed:
            why = logged_error(answer.get("LogResult", "")) or "its log says why"
            return f"handed back from sequence number {failed[0]['itemIdentifier'] or 'unknown'} on: {why}"
        return ""

    def _give_back(self, received: Received) -> None:
        for receipt in received.receipts:
            try:
                self._queue.change_message_visibility(
                    QueueUrl=self._queue_url, ReceiptHandle=receipt, VisibilityTimeout=0
                )
            except (ClientError, BotoCoreError):
                continue  # it shows up again by itself when its hour is over


def logged_error(tail: str) -> str:
    """Return the last error in the end of a log, as Invoke gives it (base64), without when and where; "" without one.

    Source: AWS Lambda API Reference, "Invoke", LogResult.
    """
    try:
        lines = base64.b64decode(tail, validate=True).decode("utf-8", "replace").splitlines()
    except ValueError:
        return ""
    found = [line for line in lines if line.startswith("[ERROR]")]
    if not found:
        return ""
    # Lambda's handler writes level, time and request id, each followed by a tab; ours is the last field.
    text = found[-1].removeprefix("[ERROR]").rpartition("\t")[2].strip()
    _, before, why = text.partition(" on: ")
    return why if before else text


def _received(receipts: tuple[str, ...], text: str) -> Received:
    try:
        return Received(receipts, parse_failure_message(text))
    except UnknownMessageError as error:
        more = "; the others were not received: a higher --max may find them" if '"part"' in text else ""
        return Received(receipts, None, f"{error}{more}")


def _order(received: Received) -> int:
    return received.message.sequence_number if received.message else 0
