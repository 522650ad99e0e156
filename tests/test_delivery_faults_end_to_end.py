"""What goes wrong between the topic and the receivers, on the local AWS: by the real queues and the real function."""

from __future__ import annotations

import json
import queue
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from statistics import median
from typing import Any

import pytest
from standardwebhooks import Webhook

from local.samples import sample_receivers
from notifications.common.sns_limits import MOST_BYTES
from notifications.delivery.handling.progress import HELD, Delivery
from notifications.delivery.handling.progress_table import DynamoDbProgress, outbox_of
from notifications.publishing.messages import cloud_event
from operations.settings.project import LOCAL_STAGE, stack_name
from tests import soak
from tests.builders import alert
from tests.conftest import DeployedService
from tests.notifications.delivery.rendering.examples import HOSTILE
from tests.notifications.delivery.rendering.test_mail import Page

pytestmark = pytest.mark.end_to_end
WITHIN_SECONDS = 120  # a bound for a test that fails, not a promise
QUIET_SECONDS = 3
DEAD_SECONDS = 10  # that the dead receiver takes to say nothing: the function waits 15 at the most
DYING = 6
MAILS, SLACK, WEBHOOK, DIGEST = "merchandising", "buyers", "stock-system", "team"
PATHS = {"/buyers": SLACK, "/team": DIGEST, "/alerts": WEBHOOK}


@dataclass(frozen=True)
class Request:
    """What a receiver was sent."""

    at: float
    receiver: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    """That it was answered with."""

    @property
    def json(self) -> Any:
        """Its body, read."""
        return json.loads(self.body)


@dataclass
class Endpoints:
    """The receivers that are reached over HTTP: they keep what they get, and answer as they are told to."""

    service: DeployedService
    answer: Callable[[Request], int] = lambda _: HTTPStatus.OK
    arrived: queue.SimpleQueue[Request] = field(default_factory=queue.SimpleQueue)
    seen: list[Request] = field(default_factory=list)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Answer a request."""
        request = Request(time.monotonic(), PATHS[path], headers, body)
        status = self.answer(request)
        self.arrived.put(replace(request, status=status))
        return status

    def flush(self, **more: bool) -> None:
        """Have the digest sent, of all that is held if it is `now`."""
        self.send(DIGEST, json.dumps({"flush": DIGEST, **more}))

    def about(self, text: str, receiver: str) -> list[Request]:
        """List what a receiver was sent about something so far."""
        while not self.arrived.empty():
            self.seen.append(self.arrived.get())
        return [each for each in self.seen if each.receiver == receiver and text in each.body.decode()]

    def one_about(self, text: str, receiver: str) -> Request:
        """Wait for the first that a receiver is sent about something."""
        found: list[Request] = self.until(lambda: self.about(text, receiver))
        return found[0]

    def until(self, what: Callable[[], Any], within: float = WITHIN_SECONDS) -> Any:
        """Wait until something is there, and return it."""
        deadline = time.monotonic() + within
        while not (found := what()):
            assert time.monotonic() < deadline, [(each.receiver, each.body[:200]) for each in self.seen]
            time.sleep(0.1)
        return found

    def stays(self, count: int, text: str, receiver: str) -> None:
        """See that nothing more comes."""
        time.sleep(QUIET_SECONDS)
        assert len(self.about(text, receiver)) == count

    def publish(self, body: str, **attributes: str) -> None:
        """Publish an alert as the stream's function does."""
        self.service.aws.client("sns").publish(
            TopicArn=self.service.outputs.alerts_topic_arn,
            Message=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def send(self, receiver: str, *bodies: str) -> None:
        """Put alerts into a receiver's queue, at once."""
        sqs = self.service.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=f"{stack_name(LOCAL_STAGE)}-to-{receiver}")["QueueUrl"]
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")

    def undelivered(self, text: str) -> list[str]:
        """Take what is kept about something in the queue `undelivered`."""
        sqs = self.service.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=f"{stack_name(LOCAL_STAGE)}-undelivered")["QueueUrl"]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1).get("Messages", [])
        return [each["Body"] for each in found if text in each["Body"]]

    def mails(self, text: str) -> list[dict[str, Any]]:
        """List the mails whose text names something, as the local SES has parsed them."""
        return [mail for mail in sample_receivers._mails(self.service.aws) if text in mail["BodyText"]]


@pytest.fixture
def endpoints(deployed_service: DeployedService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoints]:
    """Take the place of the sample receivers' own server."""
    made = Endpoints(deployed_service)
    assert deployed_service.receivers
    monkeypatch.setattr(deployed_service.receivers, "take", made.take)
    yield made
    made.answer = lambda _: HTTPStatus.OK


def a_name() -> str:
    """Make a word that no other test uses."""
    return f"Lamp {uuid.uuid4().hex[:8]}"


def body_of(name: str, number: int = 1, **data: Any) -> str:
    """Write an alert about a product called `name`."""
    made = cloud_event(alert(f"prod-{uuid.uuid4()}", number, title=f"{name} is new"))
    made["id"] = str(uuid.uuid4())
    made["data"] |= {"product": {"name": name, "price": "10"}, **data}
    return json.dumps(made, ensure_ascii=False)


def _outbox(endpoints: Endpoints) -> dict[str, Any]:
    """Ask what is held for the digest."""
    return {
        "TableName": endpoints.service.outputs.ledger_table_name,
        "KeyConditionExpression": "product = :outbox",
        "ExpressionAttributeValues": {":outbox": {"S": outbox_of(DIGEST)}},
        "Select": "COUNT",
        "ConsistentRead": True,
    }


def _empty_outbox(endpoints: Endpoints) -> None:
    """Have sent what other tests left, of which a digest may name no more, and wait until no flush is under way."""
    endpoints.flush(now=True)
    dynamodb, sqs = endpoints.service.aws.client("dynamodb"), endpoints.service.aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack_name(LOCAL_STAGE)}-to-{DIGEST}")["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def is_done() -> bool:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return not any(int(found[name]) for name in names) and not dynamodb.query(**_outbox(endpoints))["Count"]

    endpoints.until(is_done)


def test_a_dead_receiver_does_not_slow_a_healthy_one(endpoints: Endpoints) -> None:
    """While each call of the webhook hangs, every message to Slack arrives as if it did not."""

    def latencies(name: str, count: int = 6) -> list[float]:
        taken = []
        for number in range(count):
            started = time.monotonic()
            word = f"{name} {number}"
            body = body_of(word, number + 1, severity="warning")
            endpoints.publish(body, type="product.added", severity="warning")
            taken.append(endpoints.one_about(word, SLACK).at - started)
        return taken

    latencies(a_name(), 2)  # processes start
    usual = latencies(a_name())
    over = threading.Event()

    def hangs(request: Request) -> int:
        if request.receiver == WEBHOOK:
            over.wait(DEAD_SECONDS)
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    endpoints.answer = hangs
    dying, name = a_name(), a_name()
    for number in range(DYING):  # more than the calls that its concurrency allows
        endpoints.publish(body_of(f"{dying} {number}", number + 1), type="product.added", severity="info")
    time.sleep(1)
    beside = latencies(name)
    over.set()
    assert median(beside) < median(usual) + DEAD_SECONDS / 3, (usual, beside)
    endpoints.answer = lambda _: HTTPStatus.OK

    def delivered() -> bool:
        return [each.status for each in endpoints.about(dying, WEBHOOK)].count(HTTPStatus.OK) == DYING

    endpoints.until(delivered)


def test_of_a_batch_only_what_failed_comes_again(endpoints: Endpoints) -> None:
    """The answer of the function is partial: the others are delivered once, and that one after its retry."""
    name = a_name()
    bodies = [body_of(f"{name} {number}", number) for number in range(1, 6)]
    failing = json.loads(bodies[2])["id"]
    failed: list[str] = []

    def fails_once(request: Request) -> int:
        if request.json["id"] == failing and not failed:
            failed.append(failing)
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    endpoints.answer = fails_once
    endpoints.send(WEBHOOK, *bodies)
    endpoints.until(lambda: len(endpoints.about(name, WEBHOOK)) == len(bodies) + 1)
    endpoints.stays(len(bodies) + 1, name, WEBHOOK)
    tries = [each.json["id"] for each in endpoints.about(name, WEBHOOK)]
    assert sorted(tries) == sorted([failing, *(json.loads(body)["id"] for body in bodies)])


def test_a_receiver_that_answers_410_gets_nothing_until_the_next_deploy(endpoints: Endpoints) -> None:
    """What it was to get is kept; another deployment's id in the function's environment is what a deploy changes."""
    service, name = endpoints.service, a_name()
    endpoints.answer = lambda _: HTTPStatus.GONE
    endpoints.send(SLACK, body_of(f"{name} 1"))
    assert endpoints.until(lambda: endpoints.undelivered(f"{name} 1"))
    endpoints.answer = lambda _: HTTPStatus.OK
    endpoints.send(SLACK, body_of(f"{name} 2"))
    assert endpoints.until(lambda: endpoints.undelivered(f"{name} 2"))
    assert [each.status for each in endpoints.about(name, SLACK)] == [HTTPStatus.GONE]
    functions, function = service.aws.client("lambda"), f"{stack_name(LOCAL_STAGE)}-delivery"
    found = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=function, Environment={"Variables": {**found, "DEPLOYMENT": uuid.uuid4().hex}}
    )
    endpoints.send(SLACK, body_of(f"{name} 3"))
    endpoints.until(lambda: endpoints.about(f"{name} 3", SLACK))


def test_what_sqs_hands_out_twice_is_delivered_once(endpoints: Endpoints) -> None:
    """Copies in the queue, as of a message that was not deleted in time; another receiver has its own."""
    name = a_name()
    body = body_of(name)
    endpoints.send(SLACK, body)
    endpoints.until(lambda: endpoints.about(name, SLACK))
    time.sleep(1)  # the ledger is written after the answer
    last = a_name()
    endpoints.send(SLACK, *[body] * 9, body_of(last, 2))
    endpoints.until(lambda: endpoints.about(last, SLACK))
    endpoints.stays(1, name, SLACK)
    endpoints.send(WEBHOOK, body)
    endpoints.until(lambda: endpoints.about(name, WEBHOOK))


def test_what_is_no_alert_is_kept_whole_and_its_neighbours_go_on(endpoints: Endpoints) -> None:
    """A message that nobody could read, among ones that are."""
    name = a_name()
    strange = f'{{"not": "an alert", "about": "{name} spoilt", "x": "\u202e"}}'
    endpoints.send(SLACK, body_of(f"{name} 1"), strange, body_of(f"{name} 2", 2))
    endpoints.until(lambda: len(endpoints.about(name, SLACK)) == 2)
    assert endpoints.until(lambda: endpoints.undelivered(f"{name} spoilt")) == [strange]


def test_an_alert_of_256_kb_arrives(endpoints: Endpoints) -> None:
    """As long as SNS takes it: byte for byte at the webhook, and in what mail and Slack have room for."""
    name = a_name()
    _empty_outbox(endpoints)
    attributes = {"type": "product.added", "severity": "warning"}
    room = MOST_BYTES - len("".join([*attributes, *attributes.values()])) - 2 * len("String")
    short = body_of(name, severity="warning", product={"name": name, "description": ""})
    # Letters that no packing makes shorter by much, of two bytes each
    description = "".join(chr(0x100 + uuid.uuid4().int % 0x200) for _ in range((room - len(short.encode())) // 2))
    body = short.replace('"description": ""', f'"description": "{description}"')
    assert room - 2 <= len(body.encode()) <= room
    endpoints.publish(body, **attributes)
    at_webhook = endpoints.one_about(name, WEBHOOK)
    assert at_webhook.body == body.encode()
    assert endpoints.service.receivers
    Webhook(endpoints.service.receivers.keys[WEBHOOK]).verify(at_webhook.body, at_webhook.headers)
    at_slack = endpoints.one_about(name, SLACK)
    assert len(at_slack.body) < 10_000
    endpoints.send(MAILS, body)
    (mail,) = endpoints.until(lambda: endpoints.mails(name))
    assert len(json.dumps(mail)) < 100_000
    # Digests keep the whole alert until they are sent
    held: dict[str, Any] = {**_outbox(endpoints), "FilterExpression": "size(event) > :size"}
    held["ExpressionAttributeValues"] |= {":size": {"N": "10000"}}
    endpoints.until(lambda: endpoints.service.aws.client("dynamodb").query(**held)["Count"])
    endpoints.flush(now=True)
    endpoints.until(lambda: endpoints.about(name, DIGEST))


def test_a_products_name_stays_text_on_its_whole_way(endpoints: Endpoints) -> None:
    """Written to the table, in whatever script and markup: it adds no header, no element and no block."""
    service = endpoints.service
    # A table holds no half of a character
    names = {uuid.uuid4().hex[:8]: text.encode(errors="ignore").decode()[:2000] for text in HOSTILE.values()}
    for word, text in names.items():
        names[word] = f"{word} {text}"
        key = {"productId": {"S": f"prod-{word}"}}
        item = {"name": {"S": names[word]}, "price": {"N": "50"}, "category": {"S": "Home"}, "stock": {"N": "9"}}
        service.put_then_set(key, item, price="40", stock="0")
    for word, name in names.items():
        (mail,) = endpoints.until(partial(endpoints.mails, word))
        assert (mail["To"], mail["CC"], mail["BCC"]) == (["merch@shop.example"], [], [])
        assert len(mail["Subject"].splitlines()) == 1
        tags = {tag for tag, _ in Page(mail["BodyHtml"]).elements}
        assert not tags & {"script", "img"}, name
        at_webhook = endpoints.one_about(word, WEBHOOK)
        assert at_webhook.json["data"]["product"]["name"] == name
        at_slack = endpoints.one_about(word, SLACK)
        assert set(at_slack.json) == {"text", "blocks", "attachments", "unfurl_links", "unfurl_media"}
        (attachment,) = at_slack.json["attachments"]
        assert attachment["color"].startswith("#")
        assert not {"<!channel>", "<@U123>", "<https://evil"} & set(re.findall(r"<[^|>]*>?", at_slack.body.decode()))


@pytest.mark.soak
def test_ten_thousand_alerts_become_one_digest(endpoints: Endpoints) -> None:
    """Out of the outbox in DynamoDB, as one message that names twenty products; the outbox is empty then."""
    count = soak.length(10_000)
    service, name = endpoints.service, a_name()
    _empty_outbox(endpoints)
    dynamodb, table = service.aws.client("dynamodb"), service.outputs.ledger_table_name
    progress = DynamoDbProgress(dynamodb, table, 16, "test")
    due = datetime.now(UTC)

    def hold(number: int) -> None:
        made = cloud_event(alert(f"p{number % (count // 4)}", number + 1, title=name))
        made["id"] = str(uuid.uuid4())
        made["data"]["product"] = {"name": f"{name} {number % (count // 4)}"}
        progress.hold(Delivery(DIGEST, made["id"], HELD, 0, json.dumps(made).encode(), name), due)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, range(count)))
    endpoints.flush()
    digest = endpoints.one_about(name, DIGEST)
    assert f"{count} alerts" in digest.json["text"].replace(",", "")
    assert f"{count // 4 - 20} other products" in digest.body.decode().replace(",", "")
    endpoints.until(lambda: dynamodb.query(**_outbox(endpoints))["Count"] == 0, 4 * WITHIN_SECONDS)
    endpoints.stays(1, name, DIGEST)
