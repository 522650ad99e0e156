"""One request: its address, its time, its answer."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from notifications.common.errors import DeliveryFailedError, RefusedDeliveryError
from notifications.delivery.sending.http import MOST_READ, Http
from tests.notifications.delivery.sending.servers import Authority, Reply, Server, dripping
from tests.notifications.delivery.sending.test_addresses import resolving_to

HEADERS = {"Content-Type": "application/json"}
LOCAL = Http(allow_private=True)


def test_it_posts_and_gives_the_answer() -> None:
    """Path, query, headers and body arrive as they are."""
    with Server() as server:
        server.replies = [Reply(503, (("Retry-After", "7"),), b"nicht\r\n jetzt\x00")]
        answer = LOCAL.post(f"http://127.0.0.1:{server.port}/a/b?c=d%20e#f", b'{"x": 1}', HEADERS)
        (request,) = server.requests
    assert (answer.status, answer.retry_after, answer.text) == (503, "7", "nicht jetzt")
    assert (request.path, request.body) == ("/a/b?c=d%20e", b'{"x": 1}')
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["content-type"] == "application/json"


def test_a_test_server_takes_what_would_leave_the_machine() -> None:
    """A receiver of the user's own on the machine is reached itself."""
    with Server() as own, Server() as test_server:
        http = Http(allow_private=True, endpoint_url=f"http://127.0.0.1:{test_server.port}")
        for url in ("https://erp.shop.example/hook", f"http://127.0.0.1:{own.port}/mine", "https://localhost/x"):
            http.post(url, b"{}", HEADERS)
        assert [request.path for request in own.requests] == ["/mine"]
        assert [request.path for request in test_server.requests] == ["/hook", "/x"]


def test_over_tls_the_certificate_is_that_of_the_name_and_the_connection_goes_to_the_checked_address(
    tmp_path: Path,
) -> None:
    """Name and host header are the receiver's, though the address was looked up before."""
    authority = Authority(tmp_path, "hooks.shop.example")
    with Server(authority.server_context()) as server:
        http = Http(allow_private=True, resolve=resolving_to("127.0.0.1"), tls=authority.client_context)
        assert http.post(f"https://hooks.shop.example:{server.port}/", b"{}", HEADERS).status == 200
        assert server.requests[0].headers["host"] == f"hooks.shop.example:{server.port}"


def test_a_certificate_of_another_name_is_not_accepted(tmp_path: Path) -> None:
    """Whoever answers at the address has to be the one that the URL names."""
    authority = Authority(tmp_path, "other.example")
    with Server(authority.server_context()) as server:
        http = Http(allow_private=True, resolve=resolving_to("127.0.0.1"), tls=authority.client_context)
        with pytest.raises(DeliveryFailedError, match="cannot be reached"):
            http.post(f"https://hooks.shop.example:{server.port}/", b"{}", HEADERS)
        assert server.requests == []


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    """The default is the system's authorities."""
    authority = Authority(tmp_path, "hooks.shop.example")
    with Server(authority.server_context()) as server:
        http = Http(allow_private=True, resolve=resolving_to("127.0.0.1"))
        with pytest.raises(DeliveryFailedError, match="cannot be reached"):
            http.post(f"https://hooks.shop.example:{server.port}/", b"{}", HEADERS)
        assert server.requests == []


def test_a_name_is_resolved_once() -> None:
    """A second look-up could give another address than the one that was checked."""
    asked = []

    def resolve(*arguments: object, **_: object) -> list[tuple[object, ...]]:
        asked.append(arguments)
        return [(None, None, None, "", ("127.0.0.1", 0))]

    with Server() as server:
        Http(allow_private=True, resolve=resolve).post(f"http://rebind.example:{server.port}/", b"", HEADERS)
        assert len(server.requests) == 1
    assert len(asked) == 1


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/"])
def test_nothing_is_sent_to_an_address_that_is_not_public(url: str) -> None:
    """The default of the deployed function."""
    with pytest.raises(RefusedDeliveryError, match="not public"):
        Http().post(url, b"", HEADERS)


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "ftp://shop.example/", "shop.example", "https://", "https://u:p@shop.example/",
            "https://shop.example:99999/", "https://[::1/", "", "file:///etc/passwd", "https://1.1.1.1/u: p",
            "https://1.1.1.1/u:pä", "https://1.1.1.1/?u:p\x00", "https://1.1.1.1/\x7fu:p", "https://1.1.1.1?u:p q"]
)  # fmt: skip
def test_a_url_that_is_not_https_to_a_host_is_refused(url: str) -> None:
    """A secret in SSM may hold anything; its value is not repeated."""
    with pytest.raises(RefusedDeliveryError) as refused:
        Http().post(url, b"", HEADERS)
    assert "u:" not in str(refused.value)


def test_redirects_are_not_followed() -> None:
    """An answer may not send an alert, and its signature, somewhere else."""
    with Server() as elsewhere, Server() as server:
        server.replies = [Reply(307, (("Location", f"http://127.0.0.1:{elsewhere.port}/"),))]
        assert LOCAL.post(f"http://127.0.0.1:{server.port}/", b"{}", HEADERS).status == 307
        assert elsewhere.requests == []


def test_only_the_beginning_of_a_long_answer_is_read() -> None:
    """Ten megabytes of it would cost time and memory."""
    with Server() as server:
        server.replies = [Reply(500, (), b"x" * 10_000_000)]
        answer = LOCAL.post(f"http://127.0.0.1:{server.port}/", b"{}", HEADERS)
    assert answer.text == "x" * MOST_READ


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 ", b"2"),
        (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
    ],
    ids=["silent", "status", "headers", "body"],
)
def test_a_receiver_that_drips_is_cut_off_in_time(first: bytes, drop: bytes) -> None:
    """The time is for all of it, not for each byte."""
    http = Http(allow_private=True, seconds=0.5)
    with dripping(first, drop, 0.05) as port:
        started = time.monotonic()
        with pytest.raises(DeliveryFailedError, match=r"did not answer within 0.5 s"):
            http.post(f"http://127.0.0.1:{port}/", b"{}", HEADERS)
        assert time.monotonic() - started < 10  # seconds; it would drip for 50


def test_a_resolver_that_hangs_is_given_up() -> None:
    """The system's resolver knows no deadline."""
    released = threading.Event()

    def hangs(*_: object, **__: object) -> list[tuple[object, ...]]:
        released.wait(10)
        return []

    try:
        with pytest.raises(DeliveryFailedError, match=r"not resolved within 0.2 s"):
            Http(seconds=0.2, resolve=hangs).post("https://shop.example/", b"", HEADERS)
    finally:
        released.set()


def test_a_port_where_nobody_listens_is_tried_again() -> None:
    """A receiver that restarts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DeliveryFailedError, match=r"127.0.0.1 cannot be reached"):
        LOCAL.post(f"http://127.0.0.1:{port}/", b"{}", HEADERS)


def test_an_answer_that_is_not_http_is_a_failure() -> None:
    """Whatever listens there."""
    with dripping(b"SSH-2.0-OpenSSH_9.9\r\n", b"\r\n", 0.05) as port, pytest.raises(DeliveryFailedError):
        Http(allow_private=True, seconds=2).post(f"http://127.0.0.1:{port}/", b"{}", HEADERS)
