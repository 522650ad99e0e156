"""`redrive`: play again what was given up, from the failures queue through the function."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from local.terminal import Terminal
from operations.failures import Failure, UnknownFailureError, read_failure
from operations.stack import Stack, add_stage_to
from operations.stream import Stream

PLAYED, FAILING, TRIMMED, UNKNOWN, WOULD_PLAY = "played", "still failing", "already trimmed", "unknown", "would play"
_HIDDEN_SECONDS = 3600  # from other readers while this runs; it is given back at the end
_MOST_MESSAGES = 1000


class Message(NamedTuple):
    """A message of the queue, held by this run."""

    receipt: str
    failure: Failure | None
    """None: neither the function nor Lambda wrote it."""
    text: str


class Result(NamedTuple):
    """What became of one message."""

    status: str
    label: str
    records: int
    detail: str


def add_to(commands: Any) -> None:
    """Describe the command to `argparse`."""
    parser = commands.add_parser(
        "redrive",
        help="play again what was given up",
        description=f"{__doc__} A message goes from the queue when all its records went through; what was alerted "
        "already is not alerted again. Exits 1 if anything is left.",
    )
    add_stage_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be played")
    parser.add_argument(
        "--to-file", type=Path, metavar="FILE", help="write the records there, an event a line, instead"
    )
    parser.add_argument(
        "--discard-trimmed", action="store_true", help="delete messages whose records are gone for good"
    )
    parser.add_argument("--max", type=int, default=_MOST_MESSAGES, help=f"messages at the most ({_MOST_MESSAGES})")
    parser.add_argument("--json", action="store_true", help="print one JSON object a message, and one in the end")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play, sum up, and return 0 if nothing is left, else 1."""
    terminal = Terminal()
    stack = arguments.find_stack(arguments.stage, arguments.region)
    redrive = Redrive(stack, dry_run=arguments.dry_run, to_file=arguments.to_file, discard=arguments.discard_trimmed)
    counts: Counter[str] = Counter()
    for number, total, result in redrive.results(arguments.max):
        counts[result.status] += 1
        if arguments.json:
            print(json.dumps(result._asdict()))
        else:
            style = "good" if result.status in {PLAYED, WOULD_PLAY} else "bad"
            status = terminal.style(style, f"{result.status:<15}")
            terminal.line(f"{number}/{total}  {status}  {result.label}: {result.detail}")
    left = redrive.left
    if arguments.json:
        print(json.dumps({"summary": dict(counts), "left": left}))
    else:
        said = ", ".join(f"{count} {status}" for status, count in counts.items())
        terminal.line(f"{said}; {left} left in the queue" if said else "the failures queue is empty")
    return 1 if left and not arguments.dry_run and not arguments.to_file else 0


class Redrive:
    """One run over the queue."""

    def __init__(
        self, stack: Stack, *, dry_run: bool = False, to_file: Path | None = None, discard: bool = False
    ) -> None:
        """Play through the function of `stack`; with `dry_run` or `to_file` not even that."""
        self._queue = stack.client("sqs")
        self._queue_url = stack.outputs["FailuresQueueUrl"]
        self._function = stack.client("lambda")
        self._function_name = stack.outputs["AlertsFunctionName"]
        self._stream = Stream(stack.client("dynamodbstreams"), stack.outputs["ProductsStreamArn"])
        self._dry_run = dry_run
        self._to_file = to_file
        self._discard = discard
        self.left = 0
        """Messages that stay in the queue."""

    def results(self, most: int) -> Iterator[tuple[int, int, Result]]:
        """Yield number, total and result of each message, the oldest record first."""
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
        failure = message.failure
        if failure is None:
            return Result(UNKNOWN, "message", 0, f"neither a parked record nor a batch given up: {message.text[:60]!r}")
        try:
            found = failure.records(self._stream)
            count = len(found.records)
            if not found.records:
                return Result(TRIMMED, failure.label, 0, f"{failure.reason}; the stream no longer holds its records")
            if self._dry_run:
                return Result(WOULD_PLAY, failure.label, count, failure.reason)
            if self._to_file:
                with self._to_file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"Records": found.records}) + "\n")
                return Result(WOULD_PLAY, failure.label, count, f"written to {self._to_file}")
            problem = self._invoke(found.records)
        except (ClientError, BotoCoreError) as error:
            return Result(FAILING, failure.label, 0, str(error))
        if problem:
            return Result(FAILING, failure.label, count, problem)
        if found.trimmed:
            return Result(TRIMMED, failure.label, count, f"only the last {count} could still be played")
        return Result(PLAYED, failure.label, count, "1 record" if count == 1 else f"{count} records")

    def _invoke(self, records: list[dict[str, Any]]) -> str:
        """Send the records through the function; "" if all are done, else what it said."""
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
            return  # it comes back by itself when its hour is over


def _message(found: dict[str, Any]) -> Message:
    try:
        failure = read_failure(found["Body"])
    except UnknownFailureError:
        failure = None
    return Message(found["ReceiptHandle"], failure, found["Body"])


def _order(message: Message) -> int:
    return message.failure.sequence_number if message.failure else 0
