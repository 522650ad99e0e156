"""The web application: every address, and what is answered when something fails."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator
from http import HTTPStatus

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.pages import alerts, failures, health, live, products, record, rules
from console.pages.page import page
from console.pages.static import static
from console.safety.guard import Guard
from console.sources.console import Console
from notifications.common.errors import ConfigurationError

ROUTES = (
    Route("/", products.products),
    Route("/product", products.product),
    Route("/product/after", products.after),
    Route("/product/set", products.set_value, methods=["POST"]),
    Route("/records/{number}", record.record),
    Route("/records/{number}/logged", record.logged),
    Route("/live", live.live),
    Route("/live/stream", live.stream),
    Route("/alerts", alerts.alerts),
    Route("/alerts/{id}", alerts.alert),
    Route("/alerts/{id}/mail", alerts.mail),
    Route("/alerts/{id}/deliveries", alerts.deliveries),
    Route("/alerts/{id}/test", alerts.test, methods=["POST"]),
    Route("/failures", failures.failures),
    Route("/failures/redrive", failures.redrive, methods=["POST"]),
    Route("/failures/send", failures.send, methods=["POST"]),
    Route("/jobs/{id}", failures.job),
    Route("/rules", rules.rules),
    Route("/rules/check", rules.check, methods=["POST"]),
    Route("/rules/save", rules.save, methods=["POST"]),
    Route("/rules/stream", rules.stream),
    Route("/health", health.health),
    Route("/health/mute", health.mute, methods=["POST"]),
    Route("/health/unmute", health.unmute, methods=["POST"]),
    Route("/static/{name}", static),
)


def create_app(console: Console) -> Guard:
    """Make the application, guarded; while it runs, it follows what happens on the laptop."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        follower = threading.Thread(target=console.records.follow, args=(console.stop,), daemon=True)
        if console.stage.is_local:
            follower.start()
        yield
        console.stop.set()

    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        middleware=[Middleware(GZipMiddleware)],
        exception_handlers={
            HTTPException: _http_problem,
            ConfigurationError: _no_stage,
            ClientError: _aws_problem,
            BotoCoreError: _aws_problem,
            Exception: _fault,
        },
    )
    app.state.console = console
    return Guard(app, console.launch)


def _http_problem(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    said = error.detail if isinstance(error, HTTPException) else ""
    if status == HTTPStatus.NOT_FOUND and said == HTTPStatus.NOT_FOUND.phrase:
        said = "There is no such page. The pages are named on the left."
    return page(request, "problem.html", title=HTTPStatus(status).phrase, message=said, details="", status=status)


def _no_stage(request: Request, error: Exception) -> Response:
    return page(
        request,
        "problem.html",
        title="The stage is out of reach",
        message=str(error),
        details="",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    )


def _aws_problem(request: Request, error: Exception) -> Response:
    console: Console = request.app.state.console
    console.stage.forget()  # it may have been deployed anew
    local = "Does `npm start` still run? Reload the page when it does."
    away = "Check the credentials and the network, and reload the page."
    return page(
        request,
        "problem.html",
        title="AWS refused or did not answer",
        message=local if console.stage.is_local else away,
        details=str(error),
        status=HTTPStatus.BAD_GATEWAY,
    )


def _fault(request: Request, error: Exception) -> Response:
    return page(
        request,
        "problem.html",
        title="The console failed",
        message="This is a fault of the console. Please report it with what was said.",
        details=f"{type(error).__name__}: {error}",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
