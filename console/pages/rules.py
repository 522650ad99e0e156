"""Rules: the two files in an editor, with their mistakes while one types and what would change."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from console.pages.page import MOST_BYTES_WITH_FILE, TEMPLATES, console_of, form_of, link, page, server_sent, wants_part
from console.sources.console import Console
from console.sources.settings import HISTORY, HISTORY_DAYS, MOST_LISTED, PASSED, RECORDED, Checked
from notifications.common.errors import ConfigurationError, SettingsFileError
from operations.activity.activity_log import DEPLOYING, RECEIVERS, RULES

_FILES = (RULES, RECEIVERS)
MOST_MISTAKES = 200
"""That are shown: a file may have ten thousands, and nobody reads them."""
_LONGEST_DEPLOY = 180.0  # seconds: `npm start` was ended in the middle of one that seems to take longer


def rules(request: Request) -> Response:
    """Show a file in the editor."""
    console = console_of(request)
    which = _which(request.query_params.get("file", RULES))
    file = console.settings.read(which)
    text = file.text.replace("\r\n", "\n")
    return page(
        request,
        "rules.html",
        title="Rules" if which == RULES else "Receivers",
        files=[(each, console.settings.path(each).name) for each in _FILES],
        name=console.settings.path(which).name,
        text=text,
        can_save=console.stage.is_local,
        **{**_deployment(console, which), "version": file.version},
        lines=text.count("\n") + 1,
        **_context(request, which, text, _source(request.query_params.get("on", ""), request)),
    )


async def check(request: Request) -> Response:
    """Say what is wrong with the text, and what would change."""
    form = await form_of(request, MOST_BYTES_WITH_FILE)
    which = _which(form.get("file", [""])[0])
    text = form.get("text", [""])[0].replace("\r\n", "\n")
    source = _source(form.get("on", [""])[0], request)

    def answer() -> Response:
        return page(request, "_checked.html", which=which, **_context(request, which, text, source))

    return await run_in_threadpool(answer)


async def save(request: Request) -> Response:
    """Write the file; `npm start` takes it up."""
    form = await form_of(request, MOST_BYTES_WITH_FILE)
    console = console_of(request)
    if not console.stage.is_local:
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            "The files of a deployed stage are saved in your editor, and deployed with `npx sls deploy`.",
        )
    which = _which(form.get("file", [""])[0])
    text = form.get("text", [""])[0].replace("\r\n", "\n")

    def answer() -> Response:
        problem = ""
        try:
            console.settings.save(which, text, form.get("version", [""])[0])
        except SettingsFileError as error:
            count = len(error.problems)
            problem = f"Not saved: there {'is 1 mistake' if count == 1 else f'are {count} mistakes'} in it."
        except ConfigurationError as error:
            problem = str(error)
        if not wants_part(request):
            if problem:
                raise HTTPException(HTTPStatus.CONFLICT, problem)
            return RedirectResponse(link("/rules", file=which), HTTPStatus.SEE_OTHER)
        return page(request, "_saved.html", problem=problem, **_deployment(console, which))

    return await run_in_threadpool(answer)


def stream(request: Request) -> Response:
    """Tell a page, as server-sent events, how far the deployment of what was saved has come."""
    console = console_of(request)
    which = _which(request.query_params.get("file", ""))
    told = ""

    async def news() -> str:
        nonlocal told
        state = await run_in_threadpool(_deployment, console, which)
        said = TEMPLATES.get_template("_deployment.html").render(is_local=True, **state)
        said, told = (said if said != told else ""), said
        return said

    return StreamingResponse(server_sent(request, "deployment", news), media_type="text/event-stream")


def _deployment(console: Console, which: str) -> dict[str, Any]:
    """Say whether the file as it is now is deployed to the local stage."""
    try:
        version = console.settings.read(which).version
    except ConfigurationError:
        version = ""
    latest = console.records.deployments.get(which)
    under_way = latest and latest.state == DEPLOYING and console.now() - latest.at < _LONGEST_DEPLOY
    state = latest.state if latest and (under_way or latest.version == version) else "waiting"
    return {"which": which, "version": version, "deployment": latest, "state": state}


def _context(request: Request, which: str, text: str, source: str) -> dict[str, Any]:
    console = console_of(request)
    checked: Checked = console.settings.check(which, text)
    difference, past, whole, problem = None, None, True, ""
    if checked.ruleset:
        try:
            if source == HISTORY:
                past, whole = console.settings.history(checked.ruleset, console.receivers)
            else:
                difference = console.settings.difference(checked.ruleset, source)
        except ConfigurationError as error:
            problem = str(error)
        except (ClientError, BotoCoreError) as error:
            problem = f"The history could not be read: {error}"
    return {
        "checked": checked,
        "difference": difference,
        "past": past,
        "whole": whole,
        "days": HISTORY_DAYS,
        "difference_problem": problem,
        "most": MOST_LISTED,
        "most_mistakes": MOST_MISTAKES,
        "source": source,
        "sources": [(each, _SOURCES[each]) for each in _sources(request)],
    }


_SOURCES = {
    PASSED: "what has passed here",
    HISTORY: f"the alerts of the last {HISTORY_DAYS} days",
    RECORDED: "the recorded events",
}


def _sources(request: Request) -> tuple[str, ...]:
    return (PASSED, RECORDED) if console_of(request).stage.is_local else (RECORDED, HISTORY)


def _which(text: str) -> str:
    return text if text in _FILES else RULES


def _source(text: str, request: Request) -> str:
    sources = _sources(request)
    return text if text in sources else sources[0]
