"""Live: records as they pass, alerts as they go out, and what the mapping does."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from console.aws.logs import Logs
from console.pages import live_deployed
from console.pages.page import TEMPLATES, console_of, page, server_sent, wants_part
from console.sources.console import Console
from console.sources.records import Records
from console.sources.seen import MappingEvent, SeenRecord
from console.sources.ways import what_changed

MOST_ROWS = 60
_PATIENCE_SECONDS = 1.0  # for the logs of a deployed stage; the page asks again
SHOWS = ("all", "records", "alerts")


def live(request: Request) -> Response:
    """Show what has passed last, or only the rows."""
    console = console_of(request)
    show = request.query_params.get("show", "all")
    if not console.stage.is_local:
        return _live_deployed(request, console, show if show in live_deployed.SHOWS else "all")
    show = show if show in SHOWS else "all"
    position = console.records.position
    return page(
        request,
        "_live_rows.html" if wants_part(request) else "live.html",
        title="Live",
        show=show,
        shows=SHOWS,
        rows=_rows(console, show),
        position=position,
    )


def _live_deployed(request: Request, console: Console, show: str) -> Response:
    wanted = live_deployed.wanted(show)
    console.logs.refresh_for(_PATIENCE_SECONDS, wanted)
    position = console.logs.position
    return page(
        request,
        "_live_deployed.html" if wants_part(request) else "live.html",
        title="Live",
        show=show,
        shows=live_deployed.SHOWS,
        rows=live_deployed.rows(console, show),
        position=position,
        logs=console.logs,
        reading=console.logs.read_until is None or not console.logs.has_enough(wanted),
        reached=live_deployed.reached(console),
        whole=console.alerts.whole,
    )


def _rows(console: Console, show: str) -> list[dict[str, object]]:
    records = console.records.latest(MOST_ROWS if show != "alerts" else 1000)
    if show == "alerts":
        records = [each for each in records if each.alerts][:MOST_ROWS]
    rows = [_record_row(console, each) for each in records]
    if show == "all":
        rows += [_event_row(each) for each in console.records.events(MOST_ROWS) if each.outcome not in _COVERED]
        rows.sort(key=lambda row: row["position"], reverse=True)  # type: ignore[arg-type, return-value]
    return rows[:MOST_ROWS]


_COVERED = frozenset({"read", "succeeded", "filtered"})
"""What the rows of the records say already."""


def _record_row(console: Console, seen: SeenRecord) -> dict[str, object]:
    change = next((verdict.change for verdict in seen.verdicts if verdict.change), None)
    way = console.ways.outline(seen)
    return {
        "kind": "record",
        "position": seen.position,
        "at": seen.at,
        "number": seen.number,
        "product": way.title or "a malformed record",
        "event": change.event_name.lower() if change else "malformed",
        "what": what_changed(way, console.rules.product),
        "alerts": [(alert.severity, alert.rule) for alert in seen.alerts],
        "state": seen.attempts[-1].outcome if seen.attempts else "",
        "attempts": len(seen.attempts),
    }


def _event_row(event: MappingEvent) -> dict[str, object]:
    return {"kind": "event", "position": event.position, "at": event.at, "text": event.text, "outcome": event.outcome}


def stream(request: Request) -> Response:
    """Tell a page, as server-sent events, how much is new."""
    console = console_of(request)
    feed: Logs | Records = console.records if console.stage.is_local else console.logs
    after = request.query_params.get("after", "0")
    position = told = int(after) if after.isdecimal() and len(after) < 15 else 0  # noqa: PLR2004

    async def news() -> str:
        nonlocal position, told
        if feed is console.logs:
            await run_in_threadpool(console.logs.refresh)
        latest = feed.position
        if latest < told:  # another `npm start`
            told = position = 0
        if latest <= told:
            return ""
        told = latest
        return TEMPLATES.get_template("_news.html").render(count=feed.count_since(position))

    return StreamingResponse(server_sent(request, "news", news), media_type="text/event-stream")
