"""The local AWS: ministack, as one process on one loopback port, which ends with the process that started it.

    with local_aws(directory) as aws:
        aws.client("dynamodb").list_tables()

It sees nothing of the user's AWS settings, and starts empty each time.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stack import supervised_process
from local.stack.errors import DiedError, PortTakenError, UnhealthyError
from operations.deployed.local_endpoint import CREDENTIALS, NO_OTHER_CREDENTIALS, environment, local_client

HOST = "127.0.0.1"
HEALTHY_WITHIN_SECONDS = 60
LOG_LINES = 15


@dataclass(frozen=True)
class LocalAws:
    """A local AWS that runs."""

    endpoint_url: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.endpoint_url.rpartition(":")[2])

    def client(self, service: str) -> Any:
        """Make a boto3 client that reaches this local AWS and nothing else."""
        return local_client(service, self.endpoint_url)

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a tool that uses it: the user's, without any other AWS settings."""
        users = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        not_proxied = ",".join(filter(None, [users.get("NO_PROXY"), HOST, "localhost"]))
        return {
            **users,
            **environment(self.endpoint_url),
            "NO_PROXY": not_proxied,
            "no_proxy": not_proxied,
        }

    def check(self) -> None:
        """Raise DiedError, with the end of the log, if the local AWS has ended."""
        if self.process.poll() is not None:
            raise DiedError(
                f"The local AWS ended unexpectedly; its log is {self.log}. Start again with `npm start`.",
                tail(self.log),
            )


@contextmanager
def local_aws(directory: Path, port: int | None = None, *, preferred: int | None = None) -> Iterator[LocalAws]:
    """Run a local AWS on `port`; without one on the one preferred, if it is free, or else on any free one.

    Its log and files are in `directory`.

    Raises PortTakenError, UnhealthyError or DiedError.
    """
    port = _usable_port(port, preferred)
    log = directory / "ministack.log"
    scratch = directory / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    with log.open("wb") as output:
        process = supervised_process.start(
            [sys.executable, "-I", "-m", "ministack"],
            env=_server_environment(port, scratch),
            cwd=scratch,
            output=output,
        )
    aws = LocalAws(f"http://{HOST}:{port}", log, process)
    try:
        _wait_until_healthy(aws, port)
        yield aws
    finally:
        supervised_process.stop(process)
        shutil.rmtree(scratch, ignore_errors=True)


def tail(log: Path, lines: int = LOG_LINES) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _usable_port(wanted: int | None, preferred: int | None) -> int:
    if not wanted and preferred:
        with contextlib.suppress(PortTakenError):
            return _usable_port(preferred, None)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except (OSError, OverflowError) as error:
            raise PortTakenError(
                f"Port {wanted} on {HOST} cannot be used: {getattr(error, 'strerror', error)}. "
                "Give another with `npm start -- --port N`, or leave --port out for a free one."
            ) from None
        port: int = probe.getsockname()[1]
        return port


def _server_environment(port: int, scratch: Path) -> Mapping[str, str]:
    # The functions inherit it: on AWS they would find nothing of the user's either.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        **NO_OTHER_CREDENTIALS,
        **CREDENTIALS,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "TMPDIR": str(scratch),
        # It listens on one loopback port: MQTT and SFTP are off, and the user's containers are out of reach.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{scratch / 'no-docker.sock'}",
    }


def _wait_until_healthy(aws: LocalAws, port: int) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        aws.check()
        if _is_healthy(port):
            return
        time.sleep(0.05)
    raise UnhealthyError(
        f"The local AWS did not answer within {HEALTHY_WITHIN_SECONDS} s; its log is {aws.log}. "
        "If other programs keep the machine busy, close them; then start again with `npm start`.",
        tail(aws.log),
    )


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
