"""The local AWS: one loopback port, nobody's credentials, gone in time."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from local.stack.errors import DiedError, PortTakenError
from local.stack.local_aws import local_aws

pytestmark = pytest.mark.end_to_end


def _listening_sockets(group: int) -> set[str]:
    """List the addresses, as in /proc/net, on which any process of a group listens."""
    inodes = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) != group:
                continue
            inodes |= {str(link.readlink()) for link in (process / "fd").iterdir()}
        except OSError:
            continue
    addresses = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            listens = fields[3] == "0A" or table.startswith("udp")
            if listens and f"socket:[{fields[9]}]" in inodes:
                addresses.add(fields[1])
    return addresses


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's list of sockets")
def test_it_listens_on_one_loopback_port_only(tmp_path: Path) -> None:
    """Nobody but this machine can reach it, and only on the port that was said."""
    with local_aws(tmp_path) as aws:
        port = int(aws.endpoint_url.rsplit(":", 1)[1])

        assert _listening_sockets(aws.process.pid) == {f"0100007F:{port:04X}"}


def test_nothing_of_the_users_aws_settings_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither it, nor the tools that are to use it, see the user's profile, keys or endpoints."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://example.com")

    with local_aws(tmp_path) as aws:
        assert aws.client("dynamodb").list_tables()["TableNames"] == []
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB"):
            assert name not in aws.environment
        assert aws.environment["AWS_ENDPOINT_URL"] == aws.endpoint_url


def test_a_proxy_is_not_asked_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user behind a proxy reaches it all the same."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with local_aws(tmp_path) as aws:
        assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
        assert "127.0.0.1" in aws.environment["NO_PROXY"]


def test_a_taken_port_is_said_and_another_is_offered(tmp_path: Path) -> None:
    """Whoever asks for a port that is in use reads its number, and how to give another."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(PortTakenError, match=rf"Port {port} .*--port"), local_aws(tmp_path, port):
            pass


def test_its_death_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    """When it dies, its user learns so and reads its last words."""
    with local_aws(tmp_path) as aws:
        os.killpg(aws.process.pid, signal.SIGKILL)
        aws.process.wait()

        with pytest.raises(DiedError, match=r"ministack\.log") as caught:
            aws.check()

    assert "Running on http://127.0.0.1" in caught.value.details


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    """After its context no process and no file is left but the log."""
    with local_aws(tmp_path) as aws:
        group = aws.process.pid

    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["ministack.log"]


def test_the_port_stays_the_same_where_it_is_free(tmp_path: Path) -> None:
    """The preferred port is taken if it is free, and is left to whoever has it otherwise."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with local_aws(tmp_path, preferred=port) as aws:
            assert aws.port != port

    with local_aws(tmp_path, preferred=port) as aws:
        assert aws.port == port
