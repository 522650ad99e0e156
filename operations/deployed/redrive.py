"""Plays again what was given up, from the failures queue through the function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from operations.deployed.given_up import GivenUp, UnknownMessageError, parse_given_up
from operations.deployed.stack import Stack
from operations.deployed.stream_records import Stream

PLAYED, FAILING, TRIMMED, UNKNOWN, WOULD_PLAY = "played", "still failing", "already trimmed", "unknown", "would play"
_HIDDEN_SECONDS = 3600  # from other readers while this runs; at the end the message is given back


class Message(NamedTuple):
    """A message of the queue, hidden from other readers while this run has it."""

    receipt: str
    given_up: GivenUp | None
    """None for a message that neither the function nor Lambda wrote."""
    text: str


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
        messages = sorted(self._receive(most), key=_order)
        kept = list(messages)
        try:
            if self._to_file:
                self._to_file.write_text("", encoding="utf-8")
            for number, message in enumerate(messages, 1):
                result = self._play(message)
                if result.status == PLAYED or (result.status == TRIMMED and self._discard):
                    self._queue.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message.receipt)
                    kept.remove(message)
                yield number, len(messages), result
        finally:
            self.left = len(kept)
            for message in kept:
                self._give_back(message)

    def _receive(self, most: int) -> list[Message]:
        messages: list[Message] = []
        while len(messages) < most:
            found = self._queue.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=min(10, most - len(messages)),
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=1,
            ).get("Messages", [])
            if not found:
                break
            messages += [_message(each) for each in found]
        return messages

    def _play(self, message: Message) -> Result:
        given_up = message.given_up
        if given_up is None:
            return Result(UNKNOWN, "message", 0, f"neither a parked record nor a batch given up: {message.text[:60]!r}")
        try:
            found = given_up.records(self._stream)
            count = len(found.records)
            if not found.records:
                return Result(TRIMMED, given_up.label, 0, f"{given_up.reason}; the stream no longer holds its records")
            if self._dry_run:
                return Result(WOULD_PLAY, given_up.label, count, given_up.reason)
            if self._to_file:
                with self._to_file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"Records": found.records}) + "\n")
                return Result(WOULD_PLAY, given_up.label, count, f"written to {self._to_file}")
            problem = self._invoke(found.records)
        except (ClientError, BotoCoreError) as error:
            return Result(FAILING, given_up.label, 0, str(error))
        if problem:
            return Result(FAILING, given_up.label, count, problem)
        if found.trimmed:
            return Result(TRIMMED, given_up.label, count, f"only the last {count} could still be played")
        return Result(PLAYED, given_up.label, count, "1 record" if count == 1 else f"{count} records")

    def _invoke(self, records: list[dict[str, Any]]) -> str:
        """Invoke the function with the records; return its complaint, or "" if all are done."""
        payload = json.dumps({"redrive": True, "Records": records}).encode()
        answer = self._function.invoke(FunctionName=self._function_name, Payload=payload)
        said = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            return f"the function failed: {said.get('errorMessage', said) if isinstance(said, dict) else said}"
        failed = said.get("batchItemFailures") if isinstance(said, dict) else None
        if failed:
            return f"handed back from sequence number {failed[0]['itemIdentifier'] or 'unknown'} on; its log says why"
        return ""

    def _give_back(self, message: Message) -> None:
        try:
            self._queue.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=message.receipt, VisibilityTimeout=0
            )
        except (ClientError, BotoCoreError):
            return  # it shows up again by itself when its hour is over


def _message(found: dict[str, Any]) -> Message:
    try:
        given_up = parse_given_up(found["Body"])
    except UnknownMessageError:
        given_up = None
    return Message(found["ReceiptHandle"], given_up, found["Body"])


def _order(message: Message) -> int:
    return message.given_up.sequence_number if message.given_up else 0
