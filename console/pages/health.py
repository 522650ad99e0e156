"""Health: whether the stage is behind, what waits, the alerts by rule and hour, and what is muted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.pages.charts import by_hour, hours_until
from console.pages.page import brought_back, console_of, form_of, page, wants_part
from console.sources.console import Console
from console.sources.records import MOST_RECORDS
from notifications.common.errors import ConfigurationError
from notifications.delivery.rendering.safe_text import clean, unambiguous
from notifications.text.formatting import duration_text
from operations.evaluation.verdicts import named_rules
from operations.ledger.mutes import describe

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
        left_out=console.alerts.left_out.sentence,
        **_mutes(console, request.query_params.get("rule", "")[:200], request.query_params.get("product", "")),
        running=[event for event in console.records.events(200) if event.outcome in _TROUBLE][:10],
    )


async def mute(request: Request) -> Response:
    """Mute a rule, a product or both for a time."""
    form = await form_of(request)
    console = console_of(request)
    rule, until = (form.get(name, [""])[0].strip() for name in ("rule", "until"))
    product = _product_in(form)

    def work() -> str:
        if rule:
            named_rules([rule], console.rules)
        end = console.mutes.mute(rule, product, until, datetime.fromtimestamp(console.now(), UTC))
        return f"{_describe(rule, product)} is muted until {end}: from the next batch on."

    return await run_in_threadpool(_muted, request, work)


async def unmute(request: Request) -> Response:
    """Take a mute back."""
    form = await form_of(request)
    console = console_of(request)
    rule, product = form.get("rule", [""])[0], _product_in(form)

    def work() -> str:
        if console.mutes.unmute(rule, product, datetime.fromtimestamp(console.now(), UTC)):
            return f"{_describe(rule, product)} is not muted any more."
        return f"{_describe(rule, product)} was not muted any more."

    return await run_in_threadpool(_muted, request, work)


def _product_in(form: dict[str, list[str]]) -> str:
    """Return the product that a form names, with every blank of it: `exact` is from the page, `product` was typed."""
    return brought_back(form["exact"][0]) if "exact" in form else form.get("product", [""])[0]


def _describe(rule: str | None, product: str | None) -> str:
    return describe(rule, unambiguous(product, 200) if product else product)


def _muted(request: Request, work: Callable[[], str]) -> Response:
    said = problem = ""
    try:
        said = work()
    except ConfigurationError as error:
        problem = str(error)
    if wants_part(request):
        return page(request, "_mutes.html", **_mutes(console_of(request), said=said, problem=problem))
    if problem:
        raise HTTPException(HTTPStatus.BAD_REQUEST, problem)
    return RedirectResponse("/health#mutes", HTTPStatus.SEE_OTHER)


def _mutes(console: Console, rule: str = "", product: str = "", said: str = "", problem: str = "") -> dict[str, Any]:
    """Give what the part about mutes shows; rule and product are those that the form begins with."""
    stack = console.stage.stack()
    # A field may lose a part of it.
    exact = unambiguous(product, 200) if clean(product, len(product)) != product else ""
    return {
        "mutes": [
            {**each, "named": clean(_describe(each["rule"], each["product"]), 300)}
            for each in console.mutes.listed(datetime.fromtimestamp(console.now(), UTC))
        ],
        "muting": {
            "rule": rule,
            "product": product,
            "exact": exact,
            "rules": [each.name for each in console.rules.rules],
        },
        "ledger": stack.outputs["LedgerTableName"],
        "said": clean(said, 600),
        "mute_problem": problem,
    }


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
