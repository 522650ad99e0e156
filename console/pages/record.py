"""One record's way: the page that explains."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console.pages.page import console_of, link, page, wants_part
from console.sources.receivers import previews

_LONGEST_NUMBER = 60


def record(request: Request) -> Response:
    """Show the way of a record."""
    console = console_of(request)
    number = request.path_params["number"][:_LONGEST_NUMBER]
    receivers = console.receivers
    way = console.ways.find(number, request.query_params.get("product", ""), receivers)
    if way is None:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            "No record with this sequence number is known. It may have passed before the console began to look, "
            "and raised no alert.",
        )
    logged = "" if way.logged.anything or console.stage.is_local else f"{request.url.path}/logged?{request.url.query}"
    return page(
        request,
        "_way.html" if wants_part(request) else "record.html",
        title=way.title or "A record",
        way=way,
        address=str(request.url.path) + (f"?{request.url.query}" if request.url.query else ""),
        again="" if way.settled else "500ms",
        logged_address=logged,
        logged=way.logged,
        mail=next((each.name for each in previews(receivers) if each.kind == "mail"), ""),
    )


def logged(request: Request) -> Response:
    """Show what the functions logged of a record: a search of its own, which a page need not wait for."""
    console = console_of(request)
    number = request.path_params["number"][:_LONGEST_NUMBER]
    product_id = request.query_params.get("product", "")
    return page(
        request,
        "_logged.html" if wants_part(request) else "logged.html",
        title="What the functions logged",
        logged=console.ways.logged(number, product_id),
        problem=console.logs.problem,
        back=link(f"/records/{quote(number, safe='')}", product=product_id),
    )
