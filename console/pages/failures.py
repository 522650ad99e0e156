"""Failures: what was given up or could not be delivered, why, and the way back."""

from __future__ import annotations

from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.pages.page import console_of, form_of, page, wants_part
from console.sources.failures import MOST
from console.sources.jobs import Job
from notifications.text.formatting import duration_text

_LONGEST_ID = 15  # digits of a job's


def failures(request: Request) -> Response:
    """List what waits."""
    console = console_of(request)
    stack = console.stage.stack()
    return page(
        request,
        "failures.html",
        title="Failures",
        waiting_records=console.failures.waiting(),
        undelivered=console.failures.undelivered(),
        job=console.jobs.under_way,
        function=stack.outputs.get("AlertsFunctionName", ""),
        most=MOST,
        left=lambda until: _left(until, console.now()),
        ago=lambda since: _ago(since, console.now()),
    )


async def redrive(request: Request) -> Response:
    """Play again what was chosen, or all."""
    form = await form_of(request)
    only = None if form.get("all") else form.get("id", [])
    if only == []:
        return _nothing(request)
    return await run_in_threadpool(_started, request, console_of(request).failures.redrive(only))


async def send(request: Request) -> Response:
    """Send again what was chosen, or all."""
    form = await form_of(request)
    chosen = {(receiver, alert) for receiver, _, alert in (each.partition("/") for each in form.get("id", []))}
    only = None if form.get("all") else chosen
    if only == set():
        return _nothing(request)
    return await run_in_threadpool(_started, request, console_of(request).failures.send_again(only))


def job(request: Request) -> Response:
    """Show how far a job has come."""
    number = request.path_params["id"]
    known = number.isdecimal() and len(number) <= _LONGEST_ID
    found = console_of(request).jobs.job(int(number)) if known else None
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This job is not known any more.")
    return _job(request, found)


def _started(request: Request, started: Job | None) -> Response:
    if started is None:
        raise HTTPException(HTTPStatus.CONFLICT, "Something is being played or sent already. Wait until it is done.")
    if not wants_part(request):
        return RedirectResponse(f"/jobs/{started.id}", HTTPStatus.SEE_OTHER)
    return _job(request, started)


def _job(request: Request, found: Job) -> Response:
    return page(request, "_job.html" if wants_part(request) else "job.html", title=found.title, job=found)


def _nothing(request: Request) -> Response:
    message = "Nothing was chosen. Tick what is to be played again."
    if wants_part(request):
        return page(request, "_nothing.html", message=message)
    raise HTTPException(HTTPStatus.BAD_REQUEST, message)


def _left(until: float | None, now: float) -> str:
    if until is None:
        return "unknown"
    seconds = until - now
    return duration_text(seconds) if seconds > 0 else "gone"


def _ago(since: float | None, now: float) -> str:
    return "unknown" if since is None else duration_text(max(now - since, 1))
