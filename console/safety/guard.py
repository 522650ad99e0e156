"""The guard before every page. It is ASGI middleware, so no page can forget it.

- A `Host` that is not this machine's loopback is refused: a page of somebody else may have had its name lead here.
- A change needs the page's own origin and the launch's token, in a cookie that no other site's request carries.
- Where nothing may be changed, every change is refused here, whatever a page offers.
"""

from __future__ import annotations

import html
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.safety.launch import Launch

LOOKS = frozenset({"GET", "HEAD"})
CHANGES_NOTHING = frozenset({"/rules/check"})
"""What is posted there is looked at, and nothing comes of it."""
OPEN = "/static/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer, a form's own Origin would be null
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Guard:
    """Answers what may not pass, and puts the headers of `HEADERS` on every answer that has none of its own."""

    def __init__(self, app: ASGIApp, launch: Launch) -> None:
        """Guard `app`."""
        self._app = app
        self._launch = launch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._answer(scope) or self._app)(scope, receive, send_with_headers)

    def _answer(self, scope: Scope) -> Response | None:
        """Return the answer to what may not pass; None for what may."""
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self._launch.hosts:
            return _refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                "Unknown host name",
                f"The console is only at http://127.0.0.1:{self._launch.port}/, on the machine that runs it.",
            )
        trusted = self._launch.knows_cookie(headers.get("cookie", ""))
        if scope["method"] in LOOKS:
            return self._answer_to_look(scope, trusted=trusted)
        return self._answer_to_change(scope, headers, trusted=trusted)

    def _answer_to_look(self, scope: Scope, *, trusted: bool) -> Response | None:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        brought = [value for name, value in query if name == "launch"]
        if brought:
            rest = urlencode([(name, value) for name, value in query if name != "launch"])
            here = "/" + quote(scope["path"].lstrip("/"))  # two slashes in front would lead to another host
            answer = RedirectResponse(here + (f"?{rest}" if rest else ""), HTTPStatus.SEE_OTHER)
            if self._launch.knows(brought[0]):
                answer.headers["Set-Cookie"] = self._launch.cookie
            return answer
        if self._launch.private and not trusted and not scope["path"].startswith(OPEN):
            return _refusal(HTTPStatus.FORBIDDEN, "Open the address that was printed", _OPEN_PRINTED)
        return None

    def _answer_to_change(self, scope: Scope, headers: Headers, *, trusted: bool) -> Response | None:
        own = {f"http://{host}" for host in self._launch.hosts}
        if headers.get("origin") not in own or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return _refusal(
                HTTPStatus.FORBIDDEN,
                "Not asked for by the console's own page",
                "Another page asked for a change. Nothing was changed.",
            )
        if not trusted:
            return _refusal(HTTPStatus.FORBIDDEN, "Open the address that was printed", _OPEN_PRINTED)
        if not self._launch.writes and scope["path"] not in CHANGES_NOTHING:
            return _refusal(
                HTTPStatus.FORBIDDEN,
                "Read-only",
                "This console is read-only. Start it with --write to make changes.",
            )
        return None


_OPEN_PRINTED = (
    "This needs the token of this launch, which is in the address that the console printed when it started. "
    "Open that address once, and then come back to this one."
)


def _refusal(status: HTTPStatus, title: str, text: str) -> Response:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/console.css">'
        f'<title>{title}</title></head><body class="alone"><main><h1>{html.escape(title)}</h1>'
        f"<p>{html.escape(text)}</p></main></body></html>"
    )
    return HTMLResponse(page, status)
