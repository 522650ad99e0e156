"""The receivers of `npm start`: a server takes what Slack and a webhook would get, and the local SES keeps mails."""

import base64
import json
import queue
import secrets
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.header import decode_header, make_header
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from local.stack.local_aws import HOST, LocalAws
from operations.settings.project import LOCAL_STAGE, SERVICE, stack_name

RECEIVERS = "local/receivers.toml"
WEBHOOK_PATH = "/alerts"
CHATS = {"/buyers": "buyers", "/team": "team"}
MAIL_FROM = "alerts@shop.example"
DIGEST = "team"
WITHIN_SECONDS = 40
FLUSH_SECONDS = 3
QUIET_SECONDS = 2  # nothing new for so long: all have what they asked for


@dataclass(frozen=True)
class Delivered:
    """What arrived at a receiver, in a few words."""

    receiver: str
    kind: str
    text: str
    """The subject of a mail, the text of a message, or what became of a webhook."""
    refused: bool = False
    """Answered with an error."""


class SampleReceivers:
    """Takes what is sent to the sample receivers; the first call of the webhook is answered with 500."""

    def __init__(self, port: int) -> None:
        self.endpoint_url = f"http://{HOST}:{port}"
        self._key = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self._arrived: queue.SimpleQueue[Delivered] = queue.SimpleQueue()
        self._to_fail: str | None = ""
        self._mails = 0

    def fail_once(self, about: str) -> None:
        """Answer the webhook's next call whose title has `about` in it with 500."""
        self._to_fail = about

    def prepare(self, aws: LocalAws) -> None:
        """Store the secrets that the receivers name, and have SES know the sender."""
        ssm = aws.client("ssm")
        values = {f"{name}-slack": f"{self.endpoint_url}{path}" for path, name in CHATS.items()}
        for name, value in {**values, "stock-system-key": self._key}.items():
            ssm.put_parameter(Name=f"/{SERVICE}/{LOCAL_STAGE}/{name}", Value=value, Type="SecureString", Overwrite=True)
        aws.client("ses").verify_email_identity(EmailAddress=MAIL_FROM)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Answer a request; return the status."""
        if path in CHATS:
            self._arrived.put(Delivered(CHATS[path], "slack", _text_of(body)))
            return HTTPStatus.OK
        try:
            Webhook(self._key).verify(body, headers)
        except WebhookVerificationError as error:
            self._arrived.put(
                Delivered("stock-system", "webhook", f"answered 401, signature not verified: {error}", True)
            )
            return HTTPStatus.UNAUTHORIZED
        title = json.loads(body)["data"]["title"]
        if self._to_fail is not None and self._to_fail in title:
            self._to_fail = None
            self._arrived.put(Delivered("stock-system", "webhook", f"answered 500, to show a retry: {title}", True))
            return HTTPStatus.INTERNAL_SERVER_ERROR
        self._arrived.put(Delivered("stock-system", "webhook", f"signature verified: {title}"))
        return HTTPStatus.OK

    def collect(self, aws: LocalAws, about: str = "", within: float = WITHIN_SECONDS) -> list[Delivered]:
        """Wait until every receiver has what it asked for, the digest last, or the time is up; return what arrived.

        `about` leaves out what does not name it, but for answers of the webhook.
        """
        found: list[Delivered] = []
        others = {*CHATS.values(), "merchandising", "stock-system"} - {DIGEST}
        deadline = time.monotonic() + within
        flush_at, arrived_at = 0.0, time.monotonic()
        while time.monotonic() < deadline:
            new = [each for each in (*self._new(), *self._new_mails(aws)) if about in each.text]
            found += new
            arrived_at = time.monotonic() if new else arrived_at
            arrived = {each.receiver for each in found if not each.refused}
            if not others <= arrived or _not_retried(found) or time.monotonic() - arrived_at < QUIET_SECONDS:
                pass
            elif DIGEST in arrived:
                break
            elif time.monotonic() > flush_at:
                _flush(aws)  # once more if what it is to hold was still on its way
                flush_at = time.monotonic() + FLUSH_SECONDS
            time.sleep(0.1)
        return found

    def _new(self) -> Iterator[Delivered]:
        while not self._arrived.empty():
            yield self._arrived.get()

    def _new_mails(self, aws: LocalAws) -> Iterator[Delivered]:
        mails = _mails(aws)
        for mail in mails[self._mails :]:
            subject = str(make_header(decode_header(mail["Subject"])))
            yield Delivered("merchandising", "mail", subject)
        self._mails = len(mails)


MAILS = "/_ministack/ses/messages"


def _mails(aws: LocalAws) -> list[dict[str, Any]]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(aws.endpoint_url + MAILS, timeout=5) as answer:
        by_account: dict[str, list[dict[str, Any]]] = json.load(answer)["messages"]
    return [mail for mails in by_account.values() for mail in mails]


def _not_retried(delivered: list[Delivered]) -> set[str]:
    """Give the titles that the webhook has refused, and not had again."""
    webhooks = [each for each in delivered if each.kind == "webhook"]
    titles = {
        refused: {each.text.partition(": ")[2] for each in webhooks if each.refused is refused}
        for refused in (True, False)
    }
    return titles[True] - titles[False]


def _flush(aws: LocalAws) -> None:
    """Have the digest sent now, not at the full hour."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack_name(LOCAL_STAGE)}-to-{DIGEST}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"flush": DIGEST, "now": True}))


def _text_of(body: bytes) -> str:
    return str(json.loads(body).get("text", ""))


@contextmanager
def sample_receivers() -> Iterator[SampleReceivers]:
    """Serve them on a free port while the context lasts."""
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
        served = SampleReceivers(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
