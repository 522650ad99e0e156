"""Health: whether the stage is behind, what waits, and the alerts by rule and hour."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from console.pages.charts import by_hour, hours_until
from console.pages.page import console_of, page
from console.sources.console import Console
from console.sources.records import MOST_RECORDS
from notifications.text.formatting import duration_text

_UNDER_WAY_SECONDS = 10  # since the last attempt: what is older was given up


def health(request: Request) -> Response:
    """Show the figures."""
    console = console_of(request)
    now = datetime.fromtimestamp(console.now(), UTC)
    figures = console.health.figures(now)
    counts = console.failures.counts()
    hours = hours_until(now)
    rows = console.health.by_hour([rule.name for rule in console.rules.rules])
    behind = figures["behindSeconds"]
    return page(
        request,
        "health.html",
        title="Health",
        figures=figures,
        behind=_behind(console, behind),
        counts=counts,
        published=sum(count for by in rows.values() for hour, count in by.items() if hour in hours),
        chart=by_hour(rows, hours),
        rows=[(rule, sum(by.get(hour, 0) for hour in hours), by.get(hours[-1], 0)) for rule, by in rows.items()],
        whole=console.alerts.whole,
        running=[event for event in console.records.events(200) if event.outcome in _TROUBLE][:10],
    )


def _behind(console: Console, seconds: float | None) -> str:
    """Say how old the oldest record is that the function is not done with: the local AWS has no metric of it."""
    if not console.stage.is_local:
        return "unknown" if seconds is None else duration_text(seconds)
    open_ = [each for each in console.records.latest(MOST_RECORDS) if each.attempts[-1].outcome != "done"]
    lately = [each for each in open_ if console.now() - each.attempts[-1].at < _UNDER_WAY_SECONDS]
    return duration_text(console.now() - min(each.at for each in lately)) if lately else "nothing"


_TROUBLE = frozenset(
    {
        "failed",
        "partial",
        "given_up",
        "delivery_failed",
        "dropped",
        "lost",
        "stream_trouble",
        "queue_trouble",
        "warning",
    }
)
