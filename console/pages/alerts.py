"""Alerts: what went out, with filters; one of them as JSON, as a mail, as a chat message."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console.pages.chat import drawn
from console.pages.page import console_of, form_of, link, page, wants_part
from console.sources.alerts import Filters
from console.sources.console import Console
from console.sources.receivers import Shown, in_scheme, indented, message, previews, view
from notifications.alerts.alert import TYPES
from notifications.common.errors import ConfigurationError
from notifications.config.receiver import Receiver
from operations.ledger.deliveries import send_test
from operations.ledger.reading import as_object

PAGE = 50
FILTERS = ("product", "rule", "type", "severity", "span")
SEVERITIES = ("info", "warning", "critical")
SPANS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7)}
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
"""Of a mail in its frame: no script runs in it, and nothing is loaded from anywhere."""
_HREF = re.compile(r'href="[^"]*"')
_MOST = 400  # characters of an alert's id


def alerts(request: Request) -> Response:
    """Show the alerts that the filters admit."""
    console = console_of(request)
    given = {name: request.query_params.get(name, "") for name in FILTERS}
    span = SPANS.get(given["span"])
    since = (datetime.now(UTC) - span).strftime("%Y-%m-%dT%H:%M:%SZ") if span else ""
    found = console.alerts.matching(Filters(given["product"], given["rule"], given["type"], given["severity"], since))
    text = request.query_params.get("page", "1")
    number = max(int(text), 1) if text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004
    pages = max(-(-len(found) // PAGE), 1)
    rules = {rule.name for rule in console.rules.rules} | {alert.rule for alert in found}
    return page(
        request,
        "_alert_rows.html" if wants_part(request) else "alerts.html",
        title="Alerts",
        given=given,
        alerts=found[(number - 1) * PAGE : number * PAGE],
        total=len(found),
        number=number,
        pages=pages,
        choices={"rule": sorted(rules), "type": sorted(TYPES.values()), "severity": SEVERITIES, "span": list(SPANS)},
        whole=console.alerts.whole,
        left_out=console.alerts.left_out.sentence,
    )


def alert(request: Request) -> Response:
    """Show one alert, as its receivers see it."""
    console = console_of(request)
    alert_id, body, deliveries = _alert(request, console)
    receivers = previews(console.receivers)
    named = request.query_params.get("as", "")
    chosen = next((each for each in receivers if each.name == named), None) or _first(receivers)
    scheme = "dark" if request.query_params.get("scheme") == "dark" else "light"
    width = "phone" if request.query_params.get("width") == "phone" else "wide"
    shown, problem = _message(console, body, chosen)
    given = view(body, console.rules, chosen, console.stage.name)
    return page(
        request,
        "alert.html",
        title=(given and given.headline) or "An alert",
        alert_id=alert_id,
        view=given,
        product_id=given.identity[1] if given else "",
        body=indented(body),
        deliveries=deliveries,
        receivers=receivers,
        own=[each.name for each in console.receivers.all],
        chosen=chosen,
        scheme=scheme,
        width=width,
        shown=shown,
        chat=drawn(shown.json) if shown and chosen.kind == "slack" else None,
        problem=problem,
        here=lambda **changed: link(
            request.url.path, **{"as": chosen.name, "scheme": scheme, "width": width, **changed}
        ),
        frame=link(f"{request.url.path}/mail", **{"as": chosen.name, "scheme": scheme}),
    )


def mail(request: Request) -> Response:
    """Give the mail itself, for a frame in which nothing of it runs and from which nothing leads away."""
    console = console_of(request)
    _, body, _ = _alert(request, console)
    named = request.query_params.get("as", "")
    chosen = next((each for each in previews(console.receivers) if each.name == named and each.kind == "mail"), None)
    if chosen is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "No receiver of this name gets mails.")
    shown, problem = _message(console, body, chosen)
    if shown is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, problem)
    html = in_scheme(shown.html, "dark" if request.query_params.get("scheme") == "dark" else "light")
    return HTMLResponse(_HREF.sub("", html), headers={"Content-Security-Policy": MAIL_POLICY})


def deliveries(request: Request) -> Response:
    """Show what became of an alert so far."""
    console = console_of(request)
    alert_id = request.path_params["id"][:_MOST]
    outcome = console.alerts.outcome(alert_id, console.receivers)
    published_at = request.query_params.get("published", "")[:40]
    return page(
        request,
        "_deliveries.html",
        title="",
        alert_id=alert_id,
        deliveries=outcome.deliveries,
        published_at=published_at,
    )


async def test(request: Request) -> Response:
    """Send the alert to one of the stage's receivers, marked as a test."""
    form = await form_of(request)
    console = console_of(request)
    receiver = form.get("receiver", [""])[0]
    if receiver not in {each.name for each in console.receivers.all}:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The stage has no receiver of this name.")

    def send() -> Response:
        _, body, _ = _alert(request, console)
        problem = send_test(console.stage.stack(), receiver, as_object(body))
        return page(request, "_tested.html", receiver=receiver, problem=problem)

    return await run_in_threadpool(send)


def _first(receivers: list[Receiver]) -> Receiver:
    return next((each for each in receivers if each.kind == "mail"), receivers[0])


def _alert(request: Request, console: Console) -> tuple[str, str, list[dict[str, object]]]:
    alert_id = request.path_params["id"][:_MOST]
    outcome = console.alerts.outcome(alert_id, console.receivers)
    if not outcome.body:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            "The whole alert is no longer stored: no receiver was sent it, and the console did not see it pass.",
        )
    return alert_id, outcome.body, outcome.deliveries


def _message(console: Console, body: str, receiver: Receiver) -> tuple[Shown | None, str]:
    given = view(body, console.rules, receiver, console.stage.name)
    if given is None:
        return None, "This is not an alert as the service publishes it."
    try:
        return message(given, receiver), ""
    except ConfigurationError as error:
        return None, str(error)
