"""Serves the console on a loopback port, until it is told to end or whoever started it is gone."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import uvicorn

from console.app import create_app
from console.safety.launch import HOST
from console.sources.console import Console

PORT_FILE = "console-port"
PREFERRED_PORT = 4600
_END_SECONDS = 1


def open_socket(wanted: int | None, remembered: Path) -> socket.socket:
    """Listen on the port wanted; without one on that in the file `remembered`, or on any if it is taken.

    Raises OSError.
    """
    if wanted is not None:
        return _listen(wanted)
    for port in (_remembered(remembered), PREFERRED_PORT, 0):
        if port is not None:
            with contextlib.suppress(OSError):
                listening = _listen(port)
                _remember(remembered, listening.getsockname()[1])
                return listening
    raise OSError("no port is free")


def serve(console: Console, listening: socket.socket) -> None:
    """Answer until the process is told to end."""
    config = uvicorn.Config(
        create_app(console),
        log_level="critical",  # what fails is said on the page
        access_log=False,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=_END_SECONDS,
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    console.stop.set()


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)
    except (OSError, OverflowError):
        listening.close()
        raise
    return listening


def _remembered(path: Path) -> int | None:
    try:
        port = int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return port if 0 < port < 65536 else None  # noqa: PLR2004


def _remember(path: Path, port: int) -> None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(port), encoding="utf-8")
