"""One POST request: to a checked address, without redirects, within a time, and with a short look at the answer."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from notifications.common.errors import DeliveryFailedError, RefusedDeliveryError
from notifications.delivery.sending.addresses import Resolve, address_of

SECONDS = 15
"""For a request, from the look-up of the name to the last byte that is read."""
MOST_READ = 2048
"""Bytes of the answer: enough to say what went wrong."""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PORTS = {"https": 443, "http": 80}
_TARGET = re.compile(r"/[!-~]*")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said."""

    status: int
    retry_after: str
    """As it stands in the header; empty without one."""
    text: str
    """The beginning of the body, on one line, for the log and the ledger."""


@cache
def _public_authorities() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Http:
    """Posts to public addresses over TLS; with `allow_private` to any address, also without TLS."""

    allow_private: bool = False
    endpoint_url: str = ""
    """A test server that every request goes to, with path and query as they are; empty: to the URL's own host.

    A URL on the machine itself is left as it is: nothing leaves the machine.
    """
    seconds: float = SECONDS
    resolve: Resolve = socket.getaddrinfo
    tls: Callable[[], ssl.SSLContext] = field(default=_public_authorities)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post and return the answer, whatever its status. Raises DeliveryFailedError or RefusedDeliveryError."""
        end = time.monotonic() + self.seconds
        parts, host, port = self._checked(self._redirected(url))
        address = self._address(host, port)
        left = max(end - time.monotonic(), 0.001)
        connection = self._connection(parts.scheme, address, host, port, left)
        overrun = threading.Event()

        def cut() -> None:  # a receiver that sends a byte now and then would outlast every timeout of a socket
            overrun.set()
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(left, cut)
        timer.daemon = True
        timer.start()
        try:
            answer = _exchange(connection, parts, body, {"Host": _host_header(parts), **headers})
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            late = overrun.is_set() or isinstance(error, TimeoutError)
            said = f"did not answer within {self.seconds:g} s" if late else f"cannot be reached: {_cause(error)}"
            raise DeliveryFailedError(f"{host} {said}") from error
        finally:
            timer.cancel()
            connection.close()
        if overrun.is_set():
            raise DeliveryFailedError(f"{host} did not answer within {self.seconds:g} s")
        return answer

    def _redirected(self, url: str) -> str:
        if not self.endpoint_url:
            return url
        found = urlsplit(url.strip())
        if found.scheme == "http" and found.hostname in _LOOPBACK:
            return url
        return f"{self.endpoint_url.rstrip('/')}{found.path}" + (f"?{found.query}" if found.query else "")

    def _checked(self, url: str) -> tuple[SplitResult, str, int]:
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname, parts.port
        except ValueError:
            raise RefusedDeliveryError("the receiver's URL cannot be read; expected https://…") from None
        if not host or parts.scheme not in _PORTS or parts.username is not None:
            raise RefusedDeliveryError("the receiver's URL cannot be used; expected https://host/path")
        if not _TARGET.fullmatch(_target(parts)):  # what refuses it later would repeat it, and it may be a secret
            raise RefusedDeliveryError(f"the path of {host} has characters that have to be written as %20 and the like")
        if parts.scheme != "https" and not self.allow_private:
            raise RefusedDeliveryError(f"the URL of {host} is not https: alerts leave encrypted, or not at all")
        return parts, host, port or _PORTS[parts.scheme]

    def _address(self, host: str, port: int) -> str:
        """Resolve in a thread of its own: the system's resolver knows no deadline."""
        executor = ThreadPoolExecutor(max_workers=1)
        try:
            found = executor.submit(address_of, host, port, allow_private=self.allow_private, resolve=self.resolve)
            return found.result(self.seconds)
        except FutureTimeoutError:
            raise DeliveryFailedError(f"{host} was not resolved within {self.seconds:g} s") from None
        finally:
            executor.shutdown(wait=False)

    def _connection(self, scheme: str, address: str, host: str, port: int, seconds: float) -> HTTPConnection:
        if scheme == "http":
            return HTTPConnection(address, port, timeout=seconds)
        return HTTPSConnection(address, port, timeout=seconds, ssl_context=self.tls(), server_hostname=host)


def _exchange(connection: HTTPConnection, parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answer:
    connection.request("POST", _target(parts), body=body, headers=headers, preload_content=False)
    response: BaseHTTPResponse = connection.getresponse()
    begun = response.read(MOST_READ, decode_content=False)
    return Answer(response.status, response.headers.get("Retry-After", ""), _on_a_line(begun))


def _target(parts: SplitResult) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _host_header(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    return f"{host}:{parts.port}" if parts.port and parts.port != _PORTS[parts.scheme] else host


def _on_a_line(body: bytes) -> str:
    text = body.decode(errors="replace")
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _cause(error: Any) -> str:
    return str(error.__cause__ or error)[:200]
