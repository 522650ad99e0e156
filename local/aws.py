"""The local AWS: ministack as one process on one loopback port, gone when its user is.

    with local_aws(directory) as aws:
        aws.client("dynamodb").list_tables()

Nothing of the user's AWS settings reaches it, and nothing that it holds is kept: each starts empty.
"""

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

import boto3
import botocore.session
from botocore.config import Config

from local import lifeline
from local.errors import DiedError, PortTakenError, UnhealthyError

HOST = "127.0.0.1"
REGION = "us-east-1"
HEALTHY_WITHIN_SECONDS = 60
LOG_LINES = 15
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}
# Profiles, single sign-on and the instance's own role: a user has them, and none may be used here.
NO_OTHER_CREDENTIALS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class LocalAws:
    """A local AWS that is up: where it is, and how to talk to it."""

    endpoint_url: str
    log: Path
    process: subprocess.Popen[bytes]

    def client(self, service: str) -> Any:
        """Make a boto3 client that can reach this local AWS only."""
        return local_client(service, self.endpoint_url)

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a tool that is to use it: the user's own, but no other AWS."""
        theirs = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        not_proxied = ",".join(filter(None, [theirs.get("NO_PROXY"), HOST, "localhost"]))
        return {
            **theirs,
            **NO_OTHER_CREDENTIALS,
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "NO_PROXY": not_proxied,
            "no_proxy": not_proxied,
        }

    def check(self) -> None:
        """Raise DiedError, with the end of its log, if it is no longer running."""
        if self.process.poll() is not None:
            raise DiedError(
                f"The local AWS ended unexpectedly; its log is {self.log}. Start again with `npm start`.",
                tail(self.log),
            )


@contextmanager
def local_aws(directory: Path, port: int | None = None) -> Iterator[LocalAws]:
    """Run a local AWS on a free port unless one is given, with its log and files in `directory`.

    Raises PortTakenError, UnhealthyError or DiedError.
    """
    port = _usable_port(port)
    log = directory / "ministack.log"
    scratch = directory / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    with log.open("wb") as output:
        process = lifeline.start(
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
        lifeline.stop(process)
        shutil.rmtree(scratch, ignore_errors=True)


def local_client(service: str, endpoint_url: str) -> Any:
    """Make a boto3 client for a local AWS that takes nothing from the user's profiles and settings."""
    unset = (None, None, None, None)
    nowhere = (None, None, os.devnull, None)
    session = botocore.session.Session(
        session_vars={"profile": unset, "config_file": nowhere, "credentials_file": nowhere}
    )
    return boto3.Session(
        botocore_session=session,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    ).client(
        service,
        endpoint_url=endpoint_url,
        config=Config(proxies={}, connect_timeout=5, retries={"max_attempts": 1}),
    )


def tail(log: Path, lines: int = LOG_LINES) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _usable_port(wanted: int | None) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except OSError as error:
            raise PortTakenError(
                f"Port {wanted} on {HOST} cannot be used: {error.strerror}. "
                "Give another with `npm start -- --port N`, or none for a free one."
            ) from None
        port: int = probe.getsockname()[1]
        return port


def _server_environment(port: int, scratch: Path) -> Mapping[str, str]:
    # The functions inherit it, so it holds nothing of the user's that they would not find on AWS.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        **NO_OTHER_CREDENTIALS,
        **CREDENTIALS,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "TMPDIR": str(scratch),
        # One loopback port is all: no MQTT, no SFTP, and no look at the user's containers.
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
        "Close what keeps the machine busy, and start again with `npm start`.",
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
