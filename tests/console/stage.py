"""A console over a stage in memory, asked over HTTP as a browser asks."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import uvicorn

from console.app import create_app
from console.aws.stage import Stage
from console.safety.launch import Launch
from console.server import open_socket
from console.sources.console import Console
from notifications.delivery.handling.progress import DELIVERED, Delivery
from notifications.delivery.handling.progress_table import DynamoDbProgress
from notifications.publishing.failures import Parked, to_bodies
from notifications.publishing.ledger import SentAlert
from notifications.publishing.ledger_table import DynamoDbLedger
from notifications.publishing.messages import to_message
from operations.activity.activity_log import ActivityLog
from operations.deployed.running import Running
from operations.deployed.stack import Stack
from tests.aws_in_memory import LEDGER, MemorySession, client_of, make_ledger, make_products
from tests.builders import STREAM, rules
from tests.lambda_log import put as put_into_log
from tests.rules.scenario import Shop
from tests.service import Service

TOKEN = "the-token-of-this-launch"  # noqa: S105 - of a test
TABLE_NAME = "products"
PUBLISHED_AT = 1_795_280_000
RULES = """
[product]
id = "productId"
name = "name"
price = "price"
currency = { value = "USD" }
stock = "stock"

[[rules]]
name = "price-drop"
when = "price_drop"
at_least = "10%"

[[rules]]
name = "sold-out"
when = "out_of_stock"
severity = "critical"
"""


class Answer(NamedTuple):
    """What the console answered."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def text(self) -> str:
        """The body."""
        return self.body.decode()


class Browser:
    """Asks as a browser does: with the cookie, and with its origin where it changes something."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.cookie = f"console-{port}={TOKEN}"

    def get(self, path: str, **headers: str) -> Answer:
        """Look."""
        return self.ask("GET", path, None, {"cookie": self.cookie, **headers})

    def part(self, path: str) -> Answer:
        """Ask for a part of a page, as htmx does."""
        return self.get(path, **{"HX-Request": "true"})

    def post(self, path: str, form: Mapping[str, Any], **headers: str) -> Answer:
        """Change something, by htmx."""
        own = {"cookie": self.cookie, "origin": self.origin, "sec-fetch-site": "same-origin", "HX-Request": "true"}
        return self.ask("POST", path, urlencode(form, doseq=True), {**own, **headers})

    def ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        """Send what is given and nothing more."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            given = {"content-type": "application/x-www-form-urlencoded"} if body is not None else {}
            connection.request(method, path, body, {**given, **{name: text for name, text in headers.items() if text}})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()


class FakeFunction:
    """A lambda client: notes what the function is invoked with, and answers that all is done, or as a test says."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.answers: list[Any] = []

    def invoke(self, *, FunctionName: str, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Run it."""
        assert FunctionName in {"product-alerts-dev-alerts", "product-alerts-dev-delivery"}
        self.events.append(json.loads(Payload))
        answer = self.answers.pop(0) if self.answers else {"batchItemFailures": []}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def get_function(self, **_: Any) -> dict[str, Any]:
        """Describe it; its package cannot be read."""
        return {"Configuration": self.get_function_configuration(), "Code": {"Location": "http://127.0.0.1:9/"}}

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        """Describe it."""
        return {"LastModified": "2026-11-21T09:00:00Z", "Environment": {"Variables": {"CODE_VERSION": "0.1.0"}}}

    def list_event_source_mappings(self, **_: Any) -> dict[str, Any]:
        """Describe its mapping."""
        return {"EventSourceMappings": [{"UUID": "u-1", "State": "Enabled", "LastProcessingResult": "OK"}]}


class MemoryStage:
    """The clients of a stage that is in moto's memory: a products table, a ledger, and what a test puts in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.dynamodb = make_ledger()
        make_products(TABLE_NAME)
        self.sqs, self.s3, sns = (client_of(name) for name in ("sqs", "s3", "sns"))
        self.function = FakeFunction()
        self.s3.create_bucket(Bucket="given-up")
        self.receiver_queue = self.sqs.create_queue(QueueName="product-alerts-local-to-shop")["QueueUrl"]
        self.outputs = {
            "ProductsTableName": TABLE_NAME,
            "ProductsStreamArn": STREAM,
            "LedgerTableName": LEDGER,
            "FailuresQueueUrl": self.sqs.create_queue(QueueName="failures")["QueueUrl"],
            "UndeliveredQueueUrl": self.sqs.create_queue(QueueName="undelivered")["QueueUrl"],
            "GivenUpBucketName": "given-up",
            "AlertsFunctionName": "product-alerts-dev-alerts",
            "DeliveryFunctionName": "product-alerts-dev-delivery",
            "AlertsTopicArn": sns.create_topic(Name="alerts")["TopicArn"],
        }
        self.looked_up = 0
        self.running = Running("http://127.0.0.1:9", TABLE_NAME, directory=directory)
        self.activity = ActivityLog(directory)
        self.activity.rules(RULES)

    def find(self, stage: str, region: str | None, running: object) -> Stack:
        """Look the stage up."""
        del region, running
        self.looked_up += 1
        return Stack(stage, dict(self.outputs), MemorySession(**{"lambda": self.function}), self.running.endpoint_url)

    def logged(self, lines: list[str], *, delivery: bool = False, at: float | None = None) -> None:
        """Put lines into the log of the stream function, or of the delivery function."""
        name = self.outputs["DeliveryFunctionName" if delivery else "AlertsFunctionName"]
        put_into_log(client_of("logs"), name, lines, at)

    def put(self, product_id: str, **attributes: Any) -> None:
        """Put a product; numbers are numbers, all else are texts."""
        typed = {
            name: {"N": str(value)} if isinstance(value, int | float) else {"S": str(value)}
            for name, value in attributes.items()
        }
        self.dynamodb.put_item(TableName=TABLE_NAME, Item={"productId": {"S": product_id}, **typed})

    def park(self, record: dict[str, Any], reason: str) -> None:
        """Put a record into the failures queue, as the function does."""
        for body in to_bodies(Parked(record, reason, "MalformedRecordError"), "0.1.0"):
            self.sqs.send_message(QueueUrl=self.outputs["FailuresQueueUrl"], MessageBody=body)

    def play(self, shop: Shop, *, delivered_to: str = "") -> list[Any]:
        """Let a shop's records pass: through the mapping, the function and, where one is named, to a receiver."""
        service = Service(rules(RULES))
        self.activity.invoking(shop.records)
        service.handle(*shop.records)
        numbers = [record["dynamodb"]["SequenceNumber"] for record in shop.records]
        ledger = DynamoDbLedger(self.dynamodb, LEDGER, 90, now=lambda: PUBLISHED_AT)
        if service.alerts:
            ledger.write([SentAlert(f"{alert.source}#{alert.subject}", alert) for alert in service.alerts])
        progress = DynamoDbProgress(self.dynamodb, LEDGER, 90, "1", now=lambda: PUBLISHED_AT + 1)
        for alert in service.alerts if delivered_to else ():
            body = to_message(alert).body.encode()
            progress.write(Delivery(delivered_to, alert.id, DELIVERED, 1, body, alert.title))
        self.activity.invoked(numbers, (), "")
        return list(service.alerts)


@contextmanager
def console_of(stage: MemoryStage, name: str = "local", *, writes: bool = True) -> Iterator[tuple[Console, Browser]]:
    """Serve a console of the stage on a free port."""
    looked_at = Stage(name, "us-east-1", running=lambda: stage.running, find=stage.find)
    with serving(looked_at, stage.directory, writes=writes) as (console, browser):
        if name == "local":
            until(lambda: console.records.ruleset.rules and console.records.ruleset.rules[0].name == "price-drop")
        yield console, browser


@contextmanager
def serving(stage: Stage, directory: Path, *, writes: bool = True) -> Iterator[tuple[Console, Browser]]:
    """Serve a console of any stage on a free port, remembered in the directory."""
    with open_socket(None, directory / "port") as listening:
        launch = Launch(listening.getsockname()[1], TOKEN, private=not stage.is_local, writes=writes)
        console = Console.of(stage, launch)
        config = uvicorn.Config(create_app(console), log_level="critical", ws="none", timeout_graceful_shutdown=1)
        server = _Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            assert server.answers.wait(10), "it does not answer in time"
            yield console, Browser(launch.port)
        finally:
            console.stop.set()
            server.end()
            thread.join(10)


class _Server(uvicorn.Server):
    """Ends as soon as it is told to: its base asks ten times a second whether to end, and then waits for a tenth."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = threading.Event()

    async def main_loop(self) -> None:
        """Wait to be told."""
        await self.on_tick(0)  # sets the headers of every answer
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        self.answers.set()
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for connections only where there are some."""
        if self.server_state.connections:
            await super().shutdown(sockets)
        else:
            for each in (*self.servers, *(sockets or ())):
                each.close()
            await self.lifespan.shutdown()

    def end(self) -> None:
        """End, from another thread."""
        self._loop.call_soon_threadsafe(self._told.set)


def until(what: Any, seconds: float = 10) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)
    return found


def as_json(text: str) -> Any:
    """Read JSON."""
    return json.loads(text)
