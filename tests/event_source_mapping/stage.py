"""What an end-to-end test deploys and asks: tables, functions, queues, the command itself."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import boto3

ACCOUNT, REGION = "000000000000", "us-east-1"
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "event_source_mapping"]
_LIMIT = 120.0  # seconds: a command that hangs fails its test

# Each function writes what it is invoked with to a file, a line of JSON an invocation.
_PROLOGUE = """
import json, time

def remember(event, **more):
    with open({path!r}, "a") as file:
        file.write(json.dumps({{"event": event, **more}}) + "\\n")

def ids(event):
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
"""


@dataclass
class Run:
    """A finished command."""

    code: int
    events: list[dict[str, Any]]  # of the JSON log
    errors: str

    def logged(self, *wanted: str) -> list[dict[str, Any]]:
        """Return the events with one of these outcomes."""
        return [event for event in self.events if event["outcome"] in wanted]


class Stage:
    """Deploys to one local AWS; every name it makes is new."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._numbers = count(1)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Give a boto3 client."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 - the local AWS checks none
            )
        return self._clients[service]

    def name(self, kind: str) -> str:
        """Make a name."""
        return f"{kind}-{next(self._numbers)}"

    def table(self) -> tuple[str, str]:
        """Make a table with a stream; return its name and the stream's ARN."""
        name = self.name("table")
        answer = self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        return name, answer["TableDescription"]["LatestStreamArn"]

    def put(self, table: str, *ids: str, **attributes: Any) -> None:
        """Write items; each write is one record."""
        for number, item in enumerate(ids):
            self.client("dynamodb").put_item(
                TableName=table,
                Item={"id": {"S": item}, "n": {"N": f"{time.time_ns() + number}"}, **attributes},
            )

    def function(self, source: str, path: Path, *, timeout: int = 10) -> str:
        """Deploy a function that defines `handler(event, context)`; return its name."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("main.py", _PROLOGUE.format(path=str(path)) + source)
        name = self.name("function")
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="main.handler",
            Role=f"arn:aws:iam::{ACCOUNT}:role/any",
            Code={"ZipFile": package.getvalue()},
            Timeout=timeout,
        )
        return name

    def mapping(self, source_arn: str, function: str, **settings: Any) -> str:
        """Deploy a mapping, disabled unless said otherwise; return its UUID."""
        position = {} if ":sqs:" in source_arn else {"StartingPosition": "TRIM_HORIZON"}
        answer = self.client("lambda").create_event_source_mapping(
            EventSourceArn=source_arn,
            FunctionName=function,
            **{**position, "Enabled": False, **settings},
        )
        return str(answer["UUID"])

    def queue(
        self, *, fifo: bool = False, visibility: int = 30, dead_letters: str = "", receives: int = 2
    ) -> tuple[str, str]:
        """Make a queue, with a dead-letter queue (an ARN) if one is given; return its URL and ARN."""
        name = self.name("queue") + (".fifo" if fifo else "")
        attributes = {"VisibilityTimeout": str(visibility)}
        if fifo:
            attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        if dead_letters:
            policy = {"deadLetterTargetArn": dead_letters, "maxReceiveCount": receives}
            attributes["RedrivePolicy"] = json.dumps(policy)
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def send(self, url: str, *bodies: str, **more: Any) -> None:
        """Send messages, in their order."""
        for body in bodies:
            self.client("sqs").send_message(QueueUrl=url, MessageBody=body, **more)

    def left(self, url: str) -> int:
        """Count the messages of a queue, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def messages(self, url: str) -> list[Any]:
        """Take every message of a queue, as JSON."""
        taken: list[Any] = []
        while True:
            answer = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            messages = answer.get("Messages", [])
            if not messages:
                return taken
            for message in messages:
                taken.append(json.loads(message["Body"]))
                self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def arguments(self, *mappings: str, idle: float = 1.0) -> list[str]:
        """Give the command line that serves mappings until they are idle."""
        chosen = [part for uuid in mappings for part in ("--mapping", uuid)]
        return [
            *COMMAND,
            "--endpoint-url",
            self.endpoint,
            *chosen,
            "--retry-delay",
            "0.05",
            "--exit-when-idle",
            str(idle),
            "--log-format",
            "json",
        ]

    def serve(self, *mappings: str, more: Sequence[str] = (), idle: float = 1.0) -> Run:
        """Run the command to its end."""
        done = subprocess.run(
            [*self.arguments(*mappings, idle=idle), *more],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        return Run(done.returncode, parse(done.stdout), done.stderr)

    def start(self, *mappings: str, more: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start the command; the test ends it."""
        return subprocess.Popen(
            [*self.arguments(*mappings, idle=_LIMIT), *more],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def environment() -> dict[str, str]:
    """Give an environment without AWS settings: the command needs none for a local endpoint."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def parse(output: str) -> list[dict[str, Any]]:
    """Read the JSON log."""
    return [json.loads(line) for line in output.splitlines()]


def invocations(path: Path) -> list[dict[str, Any]]:
    """Read what a function remembered, oldest first."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def received(path: Path) -> list[list[str]]:
    """Return the item ids of each invocation."""
    return [
        [record["dynamodb"]["Keys"]["id"]["S"] for record in invocation["event"]["Records"]]
        for invocation in invocations(path)
    ]


def bodies(path: Path) -> list[list[str]]:
    """Return the message bodies of each invocation."""
    return [[record["body"] for record in invocation["event"]["Records"]] for invocation in invocations(path)]


def finish(process: subprocess.Popen[str]) -> Run:
    """Wait for a started command's end."""
    output, errors = process.communicate(timeout=_LIMIT)
    return Run(process.returncode, parse(output), errors)


def read_until(process: subprocess.Popen[str], outcome: str) -> None:
    """Read a started command's JSON log up to an event with this outcome."""
    assert process.stdout is not None
    while line := process.stdout.readline():
        if json.loads(line)["outcome"] == outcome:
            return
    raise AssertionError(f"the command ended before {outcome!r}")


def wait_until(condition: Any, what: str) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + _LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.05)
