"""The console's pages as they are drawn: served by the console itself, from a stage that exists on paper."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from html import escape
from typing import Any
from urllib.parse import quote

from console.app import create_app
from console.aws.stage import Stage
from console.pages.static import content_of
from console.safety.launch import Launch
from console.sources.console import Console
from notifications.delivery.handling.progress import DELIVERED, FAILING, HELD
from notifications.delivery.handling.progress_table import deliveries_of
from notifications.publishing.failures import Parked, to_bodies
from notifications.publishing.ledger_items import LedgerKey
from notifications.publishing.messages import to_message
from operations.activity import activity_log
from operations.deployed.stack import Stack
from operations.evaluation.recorded_events import records_in
from operations.settings.editing import version_of
from operations.settings.project import PROJECT
from scripts.pictures.paper_aws import PaperAws

PORT = 4600
TOKEN = "drawn"  # noqa: S105 - it opens nothing
_PLAYED = ("new-product", "price-drop", "low-stock", "sold-out", "back-in-stock", "details-changed", "no-rule")
_PRODUCTS = (
    ("prod-123", "Wireless Mouse", "19.99", "12"),
    ("prod-456", "Desk Lamp", "49.90", "7"),
    ("prod-777", "Advent Mug", "12.50", "40"),
)
_MISTAKE = ('at_least = "10%"', 'at_least = "a lot"')
_LINK = re.compile(r'<link rel="stylesheet"[^>]*>')
_SCRIPT = re.compile(r"<(script|link)[^>]*>(</script>)?")
_FRAME = re.compile(r'(<iframe[^>]*) src="([^"]+)"')


def console_pages() -> dict[str, str]:
    """Return the pages by name, as HTML that needs nothing else."""
    records = [record for name in _PLAYED for record in records_in(PROJECT / "events" / f"{name}.json")]
    arn = str(records[0]["eventSourceARN"])
    aws = PaperAws(arn.partition("/stream/")[0])
    outputs = {
        "ProductsTableName": "products",
        "ProductsStreamArn": arn,
        "LedgerTableName": "ledger",
        "FailuresQueueUrl": "failures",
        "AlertsFunctionName": "product-alerts-local-alerts",
        "AlertsTopicArn": "alerts",
    }
    stage = Stage("local", running=lambda: None, find=lambda *_: Stack("local", outputs, aws, None))
    console = Console.of(stage, Launch(PORT, TOKEN))
    number = _play(console, aws, records)
    at = max(each.raw["dynamodb"]["ApproximateCreationDateTime"] for each in console.records.latest(1000)) + 90
    console.now = lambda: at
    console.failures.count()
    version = version_of((PROJECT / "alerts.toml").read_bytes())
    deployed = {"file": activity_log.RULES, "version": version, "state": activity_log.DEPLOYED}
    console.records.take({"kind": "deployment", "at": at - 60, **deployed})
    rules = (PROJECT / "alerts.toml").read_text("utf-8").replace(*_MISTAKE, 1)
    pages = {
        "console-products": _get(console, "/"),
        "console-record": _get(console, f"/records/{number}"),
        "console-live": _get(console, "/live"),
        "console-alerts": _get(console, "/alerts"),
        "console-failures": _get(console, "/failures"),
        "console-rules": _with_mistake(console, rules),
        "console-health": _get(console, "/health"),
    }
    pages["console-products"] = _with_followed(console, pages["console-products"])
    return {name: _whole(console, html) for name, html in pages.items()}


def _play(console: Console, aws: PaperAws, records: list[dict[str, Any]]) -> str:
    """Let the records pass; return the sequence number of the price drop."""
    receivers = ("everyone", "merchandising", "team")
    drop = ""
    for record in records:
        change = record["dynamodb"]
        at, number = change["ApproximateCreationDateTime"] + 1, change["SequenceNumber"]
        console.records.take({"kind": "invoking", "at": at, "records": [record]})
        console.records.take({"kind": "invoked", "numbers": [number], "handedBack": [], "error": ""})
        seen = console.records.record(number)
        for alert in seen.alerts if seen else ():
            drop = number if alert.rule == "price-drop" and not drop else drop
            key = LedgerKey.of_alert(f"{aws.table_arn}#{alert.subject}", number, alert.id)
            aws.ledger.append(
                {
                    **{name: {"S": text} for name, text in zip(("product", "alert"), key, strict=True)},
                    **{name: {"S": getattr(alert, name)} for name in ("id", "type", "rule", "severity", "title")},
                    "productId": {"S": alert.subject},
                    "time": {"S": alert.time or ""},
                    "publishedAt": {"N": str(int(at))},
                }
            )
            for receiver, status in zip(receivers, (DELIVERED, FAILING, HELD), strict=True):
                aws.ledger.append(
                    {
                        "product": {"S": deliveries_of(receiver)},
                        "alert": {"S": alert.id},
                        "status": {"S": DELIVERED if status == FAILING and alert.rule != "sold-out" else status},
                        "attempts": {"N": "1"},
                        "at": {"N": str(int(at) + 1)},
                        "title": {"S": alert.title},
                        "event": {"B": _packed(to_message(alert).body)},
                    }
                )
    aws.products = [
        {"productId": {"S": product}, "name": {"S": name}, "price": {"N": price}, "stock": {"N": stock}}
        for product, name, price, stock in _PRODUCTS
    ]
    for number, record in enumerate(records[:2]):
        (body,) = to_bodies(Parked(record, "the ledger refused its key", "RefusedAlertError"), "0.1.0")
        sent = {"SentTimestamp": str(int(record["dynamodb"]["ApproximateCreationDateTime"] * 1000))}
        aws.messages.append({"MessageId": str(number), "ReceiptHandle": str(number), "Body": body, "Attributes": sent})
    return drop


def _packed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


def _with_followed(console: Console, html: str) -> str:
    """Show beside the table what followed from the price drop."""
    asked = quote("prod-123")
    followed = _get(console, f"/product/after?k={asked}&position=1&at=0", part=True)
    return re.sub(r'<div id="followed".*?</div>', lambda _: followed, html, count=1, flags=re.DOTALL)


def _with_mistake(console: Console, text: str) -> str:
    """Show the editor while somebody types."""
    html = _get(console, "/rules")
    checked = console.settings.check("rules", text)
    lines = {problem.line for problem in checked.problems}
    said = _get(console, "/rules/check", body=f"file=rules&text={quote(text)}", part=True)
    html = re.sub(
        r'(<div id="checked"[^>]*>).*?(</aside>)', lambda m: f"{m[1]}{said}</div>{m[2]}", html, flags=re.DOTALL
    )
    for line in lines:
        html = html.replace(f"<li>{line}</li>", f'<li class="wrong">{line}</li>')
    return re.sub(
        r"(<textarea[^>]*>).*?(</textarea>)", lambda m: f"{m[1]}\n{escape(text)}{m[2]}", html, flags=re.DOTALL
    )


def _whole(console: Console, html: str) -> str:
    """Put style and frames into the page itself, and leave scripts out: the times are then in UTC."""
    css = content_of("console.css").decode()
    html = _LINK.sub(lambda _: f"<style>{css}</style>", html)
    html = _SCRIPT.sub("", html).replace('<html lang="en">', '<html lang="en" class="js">')
    html = html.replace(' loading="lazy"', "").replace(
        " sandbox ", " "
    )  # a browser draws no foreign frame out of sight

    def framed(found: re.Match[str]) -> str:
        mail = _get(console, found[2].replace("&amp;", "&"))
        return f'{found[1]} srcdoc="{escape(mail)}"'

    return _FRAME.sub(framed, html)


def _get(console: Console, path: str, *, body: str = "", part: bool = False) -> str:
    """Ask the application itself, without a network."""
    path, _, query = path.partition("?")
    headers = {
        "host": f"127.0.0.1:{PORT}",
        "cookie": f"console-{PORT}={TOKEN}",
        "origin": f"http://127.0.0.1:{PORT}",
        **({"hx-request": "true"} if part else {}),
    }
    scope = {
        "type": "http",
        "method": "POST" if body else "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("127.0.0.1", PORT),
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
    }
    return asyncio.run(_asked(console, scope, body.encode()))


async def _asked(console: Console, scope: dict[str, Any], body: bytes) -> str:
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await create_app(console)(scope, receive, send)
    status = sent[0]["status"]
    if status != 200:  # noqa: PLR2004
        raise AssertionError(json.dumps([scope["path"], status, sent[1]["body"].decode()[-600:]]))
    return b"".join(message.get("body", b"") for message in sent).decode()
