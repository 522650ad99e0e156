"""What every page is made with: templates, forms, the frame around the page."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from console.pages.static import address_of
from console.sources.console import Console
from notifications.delivery.rendering.safe_text import clean, unambiguous
from operations.terminal.moments import as_datetime

MOST_BYTES = 2_000_000
"""Of a form."""
MOST_BYTES_WITH_FILE = 12_100_000
"""Of a form with a file: a million characters of four bytes at the most, each of which is sent as three."""
NAV = (
    ("products", "/", "Products"),
    ("live", "/live", "Live"),
    ("alerts", "/alerts", "Alerts"),
    ("failures", "/failures", "Failures"),
    ("rules", "/rules", "Rules"),
    ("health", "/health", "Health"),
)
_SHORTEST_CUT = 12
_DELIVERED_WITHIN = timedelta(minutes=2)
"""As a rule; later ones are seen when the page is loaded again."""
_LOOK_SECONDS = 0.3
_BEAT_SECONDS = 15.0  # without news: a proxy or a laptop that slept is noticed
_PROD = ("prod", "live", "production")


def console_of(request: Request) -> Console:
    """Return the console that answers a request."""
    console: Console = request.app.state.console
    return console


def page(request: Request, template: str, *, status: int = HTTPStatus.OK, **context: Any) -> HTMLResponse:
    """Fill a template."""
    console = console_of(request)
    counts = console.failures.counts()
    frame = {
        "stage": console.stage.name,
        "region": console.stage.region,
        "is_local": console.stage.is_local,
        "is_prod": console.stage.name.lower() in _PROD,
        "writes": console.launch.writes,
        "trusted": console.launch.knows_cookie(request.headers.get("cookie", "")),
        "nav": NAV,
        "path": request.url.path,
        "waiting": {"failures": counts.failures + counts.undelivered},
    }
    return HTMLResponse(TEMPLATES.get_template(template).render({**frame, **context}), status, {"Vary": "HX-Request"})


def wants_part(request: Request) -> bool:
    """Tell whether a part of a page is asked for, to be put into the page that is there."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


async def form_of(request: Request, most: int = MOST_BYTES) -> dict[str, list[str]]:
    """Read a form as browsers send it. Raises HTTPException for one that is too long or not UTF-8."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is more than the console takes at once.")
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=2000)
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The form is malformed.") from None


async def server_sent(request: Request, name: str, look: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    """Send what `look` returns as events of this name, each time that it is something; until either side ends.

    At most three times a second, however much there is.
    """
    console = console_of(request)
    beat = 0.0
    yield "retry: 1000\n\n"
    while not console.stop.is_set() and not await request.is_disconnected():
        said = await look()
        if said:
            yield f"event: {name}\n" + "".join(f"data: {line}\n" for line in said.splitlines()) + "\n"
            beat = 0.0
        elif beat > _BEAT_SECONDS:
            yield ": beat\n\n"
            beat = 0.0
        await asyncio.sleep(_LOOK_SECONDS)
        beat += _LOOK_SECONDS


def moment(value: float | str | None) -> Markup | str:
    """Write a time as `<time>`, which the reader's browser puts into the reader's zone; UTC without scripts."""
    when = as_datetime(value)
    if when is None:
        return ""
    exact = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{} UTC</time>').format(exact, when.strftime("%Y-%m-%d %H:%M:%S"))


def middle(text: str, length: int = 13) -> Markup:
    """Cut an identifier in the middle; the whole stays to be copied."""
    text = clean(text, 600)
    if len(text) <= max(length, _SHORTEST_CUT):
        return Markup('<code class="id">{}</code>').format(text)
    half = length // 2
    return Markup('<code class="id" title="{}" data-copy="{}">{}…{}</code>').format(
        text, text, text[:half], text[-half:]
    )


def is_fresh(published_at: str) -> bool:
    """Tell whether an alert went out so lately that its deliveries may be under way."""
    when = as_datetime(published_at)
    return when is not None and datetime.now(UTC) - when < _DELIVERED_WITHIN


def as_json(value: Any) -> str:
    """Write JSON to be read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def link(path: str, **query: Any) -> str:
    """Write an address with a query; what is empty is left out."""
    given = [(name, value) for name, value in query.items() if value not in ("", None, (), [])]
    return path + (f"?{urlencode(given, doseq=True)}" if given else "")


def carried(text: str) -> str:
    """Write a text so that a form brings it back as it was: browsers send a line feed as two characters."""
    return quote(text, safe=" ", errors="replace")


def brought_back(text: str) -> str:
    """Read what `carried` wrote. Raises HTTPException for what it cannot have written."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "That is not a form of these pages. Reload the page.") from None


def cell_id(key: tuple[str, ...], role: str) -> str:
    """Name the place of a product's value in the page."""
    return f"kept-{role}-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]}"


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters |= {
    "moment": moment,
    "middle": middle,
    "as_json": as_json,
    "unambiguous": lambda text: unambiguous(text, 600),
    "clean": lambda text: clean(text, 300),
}
TEMPLATES.globals |= {"link": link, "static": address_of, "is_fresh": is_fresh, "carried": carried, "cell_id": cell_id}
