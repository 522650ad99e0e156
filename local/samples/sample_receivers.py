"""The receivers of `npm start`: a server takes what chats and webhooks would get, and the local SES keeps mails.

Whatever stands in local/receivers.toml is served: a receiver that is added there needs no more than its entry.
"""

from __future__ import annotations

import base64
import json
import queue
import secrets
import threading
import time
import urllib.request
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.header import decode_header, make_header
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from local.samples.people_topics import PeopleTopics
from local.stack.local_aws import HOST, LocalAws
from notifications.common.errors import ReceiversError
from notifications.config import receivers_file
from notifications.config.receiver import Receiver
from operations.settings.project import LOCAL_STAGE, PROJECT, SERVICE, stack_name

RECEIVERS = "local/receivers.toml"
CHATS = ("slack", "teams", "discord")
WITHIN_SECONDS = 40
QUIET_SECONDS = 2  # nothing new and nothing in the queues for so long: all have what they asked for
LOOK_SECONDS = 0.2
DEAD_SECONDS = 15  # longer than the first retry waits: a receiver that does not answer yet keeps its alert in the queue


@dataclass(frozen=True)
class Delivered:
    """What arrived at a receiver, in a few words."""

    receiver: str
    kind: str
    text: str
    """The subject of a mail, the text of a message, or what became of a webhook."""
    refused: bool = False
    """Answered with an error."""
    again: bool = False
    """Answered so on purpose: it is sent again."""


class SampleReceivers:
    """Takes what is sent to the sample receivers; the first call of a webhook is answered with 500."""

    def __init__(self, port: int, receivers: Iterable[Receiver]) -> None:
        self.endpoint_url = f"http://{HOST}:{port}"
        self.keys: dict[str, str] = {}
        """By receiver, what its webhook is signed with."""
        self._topics = PeopleTopics()
        self._receivers: tuple[Receiver, ...] = ()
        self._chats: dict[str, Receiver] = {}
        self._know(receivers)
        self._arrived: queue.SimpleQueue[Delivered] = queue.SimpleQueue()
        self._to_fail: str | None = ""
        self._mails = 0

    def serve(self, receivers: Iterable[Receiver], aws: LocalAws) -> None:
        """Take what other receivers are sent, from now on; a key that is there stays."""
        self._know(receivers)
        self.prepare(aws)

    def _know(self, receivers: Iterable[Receiver]) -> None:
        self._receivers = tuple(receivers)
        self._chats = {f"/{each.name}": each for each in self._receivers if each.kind in CHATS}
        webhooks = [each.name for each in self._receivers if each.kind == "webhook"]
        self.keys = {name: self.keys.get(name) or _new_key() for name in webhooks}

    def fail_once(self, about: str) -> None:
        """Answer the next call of a webhook whose title has `about` in it with 500."""
        self._to_fail = about

    def prepare(self, aws: LocalAws) -> None:
        """Store the secrets that the receivers name, and have SES know the senders."""
        ssm, ses = aws.client("ssm"), aws.client("ses")
        for each in self._receivers:
            if each.secret:
                value = self.keys.get(each.name) or f"{self.endpoint_url}/{each.name}"
                path = f"/{SERVICE}/{LOCAL_STAGE}/{each.secret}"
                ssm.put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)
            if each.sender:
                ses.verify_email_identity(EmailAddress=each.sender)

    def listen(self, aws: LocalAws) -> None:
        """Hear what is published for people and for chats, once the topics are there."""
        self._topics.listen(aws)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Answer a request; return the status."""
        chat = self._chats.get(path)
        if chat:
            self._arrived.put(Delivered(chat.name, chat.kind, _text_of(body)))
            return HTTPStatus.OK
        name = next((name for name, key in self.keys.items() if _is_signed(key, body, headers)), "")
        if not name:
            self._arrived.put(
                Delivered(path, "webhook", "answered 401: no receiver's key verifies its signature", True)
            )
            return HTTPStatus.UNAUTHORIZED
        title = json.loads(body)["data"]["title"]
        if self._to_fail is not None and self._to_fail in title:
            self._to_fail = None
            self._arrived.put(Delivered(name, "webhook", f"answered 500, to show a retry: {title}", True, True))
            return HTTPStatus.INTERNAL_SERVER_ERROR
        self._arrived.put(Delivered(name, "webhook", f"signature verified: {title}"))
        return HTTPStatus.OK

    def collect(
        self, aws: LocalAws, about: str = "", within: float = WITHIN_SECONDS, waited_for: Collection[str] = ()
    ) -> list[Delivered]:
        """Wait until no receiver's queue holds anything, have the digests sent, and return what arrived.

        `about` leaves out what does not name it, but for answers of the webhook; without something for each of
        `waited_for` the digests are not asked for.
        """
        found: list[Delivered] = []
        flushed = False
        deadline = time.monotonic() + within
        arrived_at = time.monotonic()
        while time.monotonic() < deadline:
            new = [each for each in self.arrived(aws) if about in each.text]
            found += new
            arrived_at = time.monotonic() if new else arrived_at
            quiet = time.monotonic() - arrived_at
            arrived = {each.receiver for each in found if not each.refused}
            if set(waited_for) <= arrived and quiet > QUIET_SECONDS and (quiet > DEAD_SECONDS or self._all_sent(aws)):
                if flushed or not self._flush(aws):
                    break
                flushed, arrived_at = True, time.monotonic()
            time.sleep(LOOK_SECONDS)
        return found

    def arrived(self, aws: LocalAws) -> list[Delivered]:
        """Return what arrived since this was last asked."""
        published = [Delivered(*each) for each in self._topics.arrived()]
        return [*self._new(), *self._new_mails(aws), *published]

    def without(self, delivered: Iterable[Delivered]) -> list[str]:
        """Name the receivers that nothing of this went to."""
        sent = {each.receiver for each in delivered}
        return [each.name for each in self._receivers if each.name not in sent]

    def _all_sent(self, aws: LocalAws) -> bool:
        """Tell whether the receivers' queues are empty."""
        sqs = aws.client("sqs")
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        for each in self._receivers:
            found = sqs.get_queue_attributes(QueueUrl=_queue_of(sqs, each.name), AttributeNames=counts)
            if any(int(count) for count in found["Attributes"].values()):
                return False
        return True

    def _flush(self, aws: LocalAws) -> bool:
        """Have the digests sent now, not at the full hour; tell whether there are any."""
        sqs = aws.client("sqs")
        digests = [each.name for each in self._receivers if each.digest]
        for name in digests:
            sqs.send_message(QueueUrl=_queue_of(sqs, name), MessageBody=json.dumps({"flush": name, "now": True}))
        return bool(digests)

    def _new(self) -> Iterator[Delivered]:
        while not self._arrived.empty():
            yield self._arrived.get()

    def _new_mails(self, aws: LocalAws) -> Iterator[Delivered]:
        mails = _mails(aws)
        for mail in mails[self._mails :]:
            subject = str(make_header(decode_header(mail["Subject"])))
            yield Delivered(self._mailed(mail["To"]), "mail", subject)
        self._mails = len(mails)

    def _mailed(self, addresses: list[str]) -> str:
        """Name the receiver that has these addresses."""
        return next((each.name for each in self._receivers if list(each.to) == addresses), ", ".join(addresses))


MAILS = "/_ministack/ses/messages"


def _mails(aws: LocalAws) -> list[dict[str, Any]]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(aws.endpoint_url + MAILS, timeout=5) as answer:
        by_account: dict[str, list[dict[str, Any]]] = json.load(answer)["messages"]
    return [mail for mails in by_account.values() for mail in mails]


def _queue_of(sqs: Any, receiver: str) -> str:
    return str(sqs.get_queue_url(QueueName=f"{stack_name(LOCAL_STAGE)}-to-{receiver}")["QueueUrl"])


def _new_key() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _is_signed(key: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(key).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def _text_of(body: bytes) -> str:
    """Give the line of a message that a chat shows first: of Slack, Teams or Discord."""
    message = json.loads(body)
    return str(message.get("text") or message.get("summary") or message["embeds"][0]["title"])


@contextmanager
def sample_receivers() -> Iterator[SampleReceivers]:
    """Serve them on a free port while the context lasts. A file with a mistake has no receivers: the deploy says so."""
    try:
        receivers = receivers_file.load(PROJECT / RECEIVERS, plain_http=True).all
    except ReceiversError:
        receivers = ()
    served: SampleReceivers

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = served.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base has it
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        served = SampleReceivers(server.server_address[1], receivers)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
