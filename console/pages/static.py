"""The files that pages load: the console's own, and those of the Node packages that package-lock.json pins."""

from __future__ import annotations

import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from operations.settings.project import PROJECT

_OWN = Path(__file__).parent.parent / "static"
_PACKAGES = PROJECT / "node_modules"
FILES = {
    "console.css": (_OWN / "console.css", "text/css; charset=utf-8"),
    "console.js": (_OWN / "console.js", "text/javascript; charset=utf-8"),
    "icon.svg": (_OWN / "icon.svg", "image/svg+xml"),
    "htmx.js": (_PACKAGES / "htmx.org" / "dist" / "htmx.min.js", "text/javascript; charset=utf-8"),
    "sse.js": (_PACKAGES / "htmx-ext-sse" / "dist" / "sse.min.js", "text/javascript; charset=utf-8"),
}
"""All that there are: no path is ever made of what a request says."""
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def content_of(name: str) -> bytes:
    """Read a file. Raises OSError where a Node package is not installed: pages then work as without scripts."""
    return FILES[name][0].read_bytes()


@cache
def address_of(name: str) -> str:
    """Return the address of a file, which changes with its content."""
    try:
        return f"/static/{name}?{hashlib.sha256(content_of(name)).hexdigest()[:12]}"
    except OSError:
        return f"/static/{name}"


def static(request: Request) -> Response:
    """Give a file."""
    name = request.path_params["name"]
    if name not in FILES:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.")
    try:
        return Response(content_of(name), media_type=FILES[name][1], headers={"Cache-Control": _FOR_EVER})
    except OSError:
        raise HTTPException(HTTPStatus.NOT_FOUND, "Run `npm run setup`: the file's Node package is missing.") from None
