"""Rules: the two files in an editor, with their mistakes while one types and what would change."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console.pages.page import console_of, form_of, page, wants_part
from console.sources.settings import MOST_LISTED, PASSED, RECEIVERS, RECORDED, RULES, Checked
from notifications.common.errors import ConfigurationError, SettingsFileError

_FILES = (RULES, RECEIVERS)


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
        which=which,
        files=[(each, console.settings.path(each).name) for each in _FILES],
        name=console.settings.path(which).name,
        text=text,
        version=file.version,
        can_save=console.stage.is_local,
        lines=text.count("\n") + 1,
        **_context(request, which, text, _source(request.query_params.get("on", ""), request)),
    )


async def check(request: Request) -> Response:
    """Say what is wrong with the text, and what would change."""
    form = await form_of(request)
    which = _which(form.get("file", [""])[0])
    text = form.get("text", [""])[0].replace("\r\n", "\n")
    source = _source(form.get("on", [""])[0], request)

    def answer() -> Response:
        return page(request, "_checked.html", which=which, **_context(request, which, text, source))

    return await run_in_threadpool(answer)


async def save(request: Request) -> Response:
    """Write the file; `npm start` takes it up."""
    form = await form_of(request)
    console = console_of(request)
    if not console.stage.is_local:
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            "The files of a deployed stage are saved in your editor, and deployed with `npx sls deploy`.",
        )
    which = _which(form.get("file", [""])[0])
    text = form.get("text", [""])[0].replace("\r\n", "\n")
    since = console.records.rules_taken

    def answer() -> Response:
        try:
            file = console.settings.save(which, text, form.get("version", [""])[0])
        except SettingsFileError as error:
            count = len(error.problems)
            message = f"Not saved: there {'is 1 mistake' if count == 1 else f'are {count} mistakes'} in it."
            return page(request, "_saved.html", problem=message, version="", which=which, since=since, state="")
        except ConfigurationError as error:
            return page(request, "_saved.html", problem=str(error), version="", which=which, since=since, state="")
        return page(request, "_saved.html", problem="", version=file.version, which=which, since=since, state="waiting")

    saved = await run_in_threadpool(answer)
    if not wants_part(request) and saved.status_code == HTTPStatus.OK:
        return await run_in_threadpool(rules, request)
    return saved


def deployed(request: Request) -> Response:
    """Say whether the saved rules run already."""
    console = console_of(request)
    given = request.query_params.get("since", "0")
    since = int(given) if given.isdecimal() and len(given) < 15 else 0  # noqa: PLR2004
    state = "deployed" if console.records.rules_taken > since else "waiting"
    return page(request, "_saved.html", problem="", version="", which=RULES, since=since, state=state)


def _context(request: Request, which: str, text: str, source: str) -> dict[str, Any]:
    console = console_of(request)
    checked: Checked = console.settings.check(which, text)
    difference, problem = None, ""
    if checked.ruleset:
        try:
            difference = console.settings.difference(checked.ruleset, source)
        except ConfigurationError as error:
            problem = str(error)
    return {
        "checked": checked,
        "difference": difference,
        "difference_problem": problem,
        "most": MOST_LISTED,
        "source": source,
        "sources": [(PASSED, "what has passed here"), (RECORDED, "the recorded events")]
        if console.stage.is_local
        else [(RECORDED, "the recorded events")],
    }


def _which(text: str) -> str:
    return text if text in _FILES else RULES


def _source(text: str, request: Request) -> str:
    local = console_of(request).stage.is_local
    return PASSED if local and text != RECORDED else RECORDED
